package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import switchboard.channel.Transport;

class WebSocketIT extends TransportContract {

  @Override
  Transport transport() {
    return Transport.WEBSOCKET;
  }

  @Override
  Reader open(URI channel, String offset) {
    return new WebSocketReader(channel, offset);
  }

  private WebSocketReader connect(String channel, String offset) {
    return new WebSocketReader(http.channel(channel, ""), offset);
  }

  private static JsonObject answer(WebSocketReader reader, int index) {
    await("an answer", () -> reader.answers().size() > index);
    return reader.answers().get(index);
  }

  private static void say(WebSocketReader reader, String frame) {
    reader.socket().sendText(frame, true).join();
  }

  private static int closeCode(WebSocketReader reader) throws Exception {
    return reader.closeCode().get(BOUND.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void saysHelloFirstWithTheOffsetFromWhichItReads() {
    String channel = newChannel();
    String end = http.appendNumbers(channel, 1, 3);
    try (WebSocketReader reader = connect(channel, "now")) {
      awaitReady(reader);
      assertEquals(end, reader.offset());
      assertEquals(List.of(), reader.heard());
    }
  }

  @Test
  void agreesOnTheSubprotocolAndDoesWithoutOne() {
    String channel = newChannel();
    try (WebSocketReader with = connect(channel, "now")) {
      assertEquals("switchboard.v1", with.socket().getSubprotocol());
    }
    try (WebSocketReader without = new WebSocketReader(http.channel(channel, ""), "now", null)) {
      assertEquals("", without.socket().getSubprotocol());
      awaitReady(without);
      http.append(channel, "1");
      awaitHeard(without, List.of("1"));
    }
  }

  @Test
  void appendsAndAnswersWithTheOffsetBehindTheMessage() {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1")) {
      say(reader, "{\"id\":7,\"append\":{\"a\":1}}");
      JsonObject answer = answer(reader, 0);
      assertEquals(7, answer.getInt("id"));
      awaitHeard(reader, List.of("{\"a\":1}"));
      assertEquals(reader.offset(), answer.getString("next"));
      assertEquals("[{\"a\":1}]", http.get("channels/" + channel + "?offset=-1").body());
    }
  }

  @Test
  void appendsWithoutAnAnswerWhereNoIdWasGiven() {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1")) {
      say(reader, "{\"append\":[1,2]}");
      say(reader, "{\"id\":\"x\",\"append\":3}");
      assertEquals("x", answer(reader, 0).getString("id"));
      assertEquals(1, reader.answers().size());
      awaitHeard(reader, List.of("1", "2", "3"));
    }
  }

  @Test
  void aFrameInManyPartsIsOneCommand() {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1")) {
      for (char c : "{\"id\":1,\"append\":\"hé".toCharArray()) {
        reader.socket().sendText(Character.toString(c), false).join();
      }
      say(reader, "\"}");
      awaitHeard(reader, List.of("\"hé\""));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"id\":1,\"shout\":2}      | 1 | bad-command",
        "{\"id\":1,\"append\":[]}    | 1 | empty-body",
        "{\"id\":1                   |   | bad-command",
        "[1,2]                       |   | bad-command",
        "hello                       |   | bad-command"
      })
  void answersACommandItDoesNotUnderstandAndGoesOn(String frame, Integer id, String problem) {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1")) {
      say(reader, frame);
      JsonObject answer = answer(reader, 0);
      assertEquals(id, answer.containsKey("id") ? (Integer) answer.getInt("id") : null);
      JsonObject error = answer.getJsonObject("error");
      assertEquals("urn:switchboard:problem:" + problem, error.getString("type"));
      assertEquals(400, error.getInt("status"));
      http.append(channel, "1");
      awaitHeard(reader, List.of("1"));
    }
  }

  @Test
  void tellsAClosedChannelToWhoeverAppends() {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1")) {
      awaitReady(reader);
      http.send(
          http.request("channels/" + channel)
              .header("Stream-Closed", "true")
              .POST(java.net.http.HttpRequest.BodyPublishers.noBody()));
      await("the end is told", () -> reader.heard().contains("closed"));
      assertEquals(1000, reader.closeCode().join());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "nowhere-to-be-found, now,  4404, unknown-channel",
    "a%20b,               now,  4400, bad-name",
    "ticker,              what, 4400, bad-offset",
    "ticker,              '',   4400, bad-offset"
  })
  void explainsItselfBeforeItClosesWhatCannotBeOpened(
      String channel, String offset, int code, String problem) throws Exception {
    try (WebSocketReader reader = connect(channel, offset)) {
      JsonObject error = answer(reader, 0).getJsonObject("error");
      assertEquals("urn:switchboard:problem:" + problem, error.getString("type"));
      assertEquals(code, closeCode(reader));
      assertEquals(problem, reader.reason());
    }
  }

  @Test
  void closesOnABinaryFrame() throws Exception {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1");
        WebSocketReader other = connect(channel, "-1")) {
      reader.socket().sendBinary(ByteBuffer.wrap(new byte[] {1, 2}), true).join();
      assertEquals(1003, closeCode(reader));
      http.append(channel, "1");
      awaitHeard(other, List.of("1"));
    }
  }

  @Test
  void closesOnAFrameOverTheLimitAndKeepsNothingOfIt() throws Exception {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1")) {
      // Bytes count, not characters: these are two each.
      String tooLong = "{\"append\":\"" + "é".repeat(1 << 19) + "\"}";
      reader.socket().sendText(tooLong, true).exceptionally(e -> null).join();
      assertEquals(1009, closeCode(reader));
      assertEquals("[]", http.get("channels/" + channel + "?offset=-1").body());
    }
  }

  @Test
  void answersTheClientsCloseFrame() throws Exception {
    WebSocketReader reader = connect(newChannel(), "-1");
    reader.socket().sendClose(4001, "bye").join();
    assertEquals(4001, closeCode(reader));
  }

  @Test
  void pingsAfterSilenceAndKeepsAClientThatAnswers() {
    String channel = newChannel();
    try (WebSocketReader reader = connect(channel, "-1")) {
      awaitReady(reader);
      long start = System.nanoTime();
      // Past the ping (3 s) and the time for the pong (2 s); heartbeat frames alone prove nothing.
      await("seven seconds", () -> System.nanoTime() - start > TimeUnit.SECONDS.toNanos(7));
      http.append(channel, "1");
      awaitHeard(reader, List.of("1"));
    }
  }

  @Test
  void givesUpAClientThatAnswersNoPing() throws Exception {
    String channel = newChannel();
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.upgrade(http.root().getPath() + "channels/" + channel + "?offset=now");
      await("it is open", () -> open(Transport.WEBSOCKET) == 1);
      // Messages keep going out, which must not count as a sign of life.
      await(
          "it is given up",
          () -> {
            http.append(channel, "1");
            return open(Transport.WEBSOCKET) == 0;
          });
      // Open Liberty sends a close frame and then waits for the client's for as long as TCP lets
      // it.
      if (!"openliberty".equals(System.getProperty("arquillian.launch"))) {
        assertTrue(socket.readsUntilEnd(), "the connection is closed, not only forgotten");
      }
    }
  }

  @Test
  void sendsAHeartbeatFrameAfterSilence() {
    String channel = newChannel();
    try (RawFrames frames = RawFrames.connect(http.channel(channel, "?offset=now"))) {
      await("hello and a heartbeat", () -> frames.heard().size() >= 2);
      assertEquals(frames.heard().get(0), frames.heard().get(1));
    }
  }

  @Test
  void refusesAnUpgradeWithoutAKey() throws Exception {
    List<String> head = upgradeBy("Sec-WebSocket-Version: 13\r\n");
    assertTrue(head.get(0).contains(" 400 "), head.toString());
  }

  @Test
  void refusesAnUpgradeOfAnotherVersionAndNamesItsOwn() throws Exception {
    List<String> head =
        upgradeBy("Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n");
    assertTrue(head.get(0).contains(" 426 "), head.toString());
    assertTrue(head.contains("Sec-WebSocket-Version: 13"), head.toString());
  }

  /** The head of the answer to a handshake that has these headers beside those that all have. */
  private List<String> upgradeBy(String headers) throws Exception {
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.send(
          "GET %schannels/%s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%s\r\n"
              .formatted(http.root().getPath(), newChannel(), headers));
      List<String> head = new ArrayList<>();
      for (String line; !(line = socket.readLine()).isEmpty(); head.add(line)) {
        // until the body
      }
      return head;
    }
  }

  @Test
  void textAndBytesTravelAsJsonStrings() {
    String text = "text-" + System.nanoTime();
    http.put(text, "text/plain");
    try (RawFrames frames = RawFrames.connect(http.channel(text, "?offset=-1"))) {
      frames.send("{\"id\":1,\"append\":\"grüß \\\"dich\\\"\"}");
      await(
          "text", () -> frames.heard().stream().anyMatch(f -> f.contains("\"text\":\"grüß \\\"")));
    }
    String bytes = "bytes-" + System.nanoTime();
    http.put(bytes, "application/octet-stream");
    try (RawFrames frames = RawFrames.connect(http.channel(bytes, "?offset=-1"))) {
      frames.send("{\"id\":1,\"append\":\"AAEC/w==\"}");
      await(
          "bytes",
          () -> frames.heard().stream().anyMatch(f -> f.contains("\"data\":\"AAEC/w==\"")));
      frames.send("{\"id\":2,\"append\":\"not base64!\"}");
      await("refused", () -> frames.heard().stream().anyMatch(f -> f.contains("bad-message")));
    }
  }
}
