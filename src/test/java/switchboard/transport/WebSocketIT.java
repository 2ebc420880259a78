package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.channel.Transport;
import switchboard.testing.Metrics;
import switchboard.testing.RawFrames;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.WebSocketReader;

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
  void writesFramesByTheFastestWayThatTheServerHas() {
    try (WebSocketReader reader = connect(newChannel(), "now")) {
      awaitReady(reader);
      String metric = "switchboard_websocket_writer{writer=\"" + fastestWriter() + "\"}";
      assertEquals(1, Metrics.read(http, metric));
    }
  }

  private static String fastestWriter() {
    if ("false".equals(System.getenv("SWITCHBOARD_WEBSOCKET_FAST_PATH"))) {
      return "standard";
    }
    return switch (System.getProperty("arquillian.launch", "")) {
      case "openliberty" -> "standard";
      case "wildfly" -> "undertow";
      default -> "tyrus"; // Payara and GlassFish
    };
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

  private static final String X43 =
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; // a third of a name too long

  @ParameterizedTest
  @CsvSource({
    "nowhere-to-be-found, now,  4404, unknown-channel",
    X43 + X43 + X43 + ",  now,  4400, bad-name",
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

  private static final String KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  private static final String VERSION = "Sec-WebSocket-Version: 13\r\n";
  private static final String UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

  // The last column: what the answer quotes.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "HEAD    |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V | 400 | -",
        "DELETE  |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V | 400 | DELETE",
        "OPTIONS |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V | 400 | OPTIONS",
        "PUT     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V | 400 | PUT",
        "POST    |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V | 400 | POST",
        "FOO     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V | 400 | FOO",
        "DELETE  |        | HTTP/1.1 | K;V                                        | 400 | DELETE",
        "GET     |        | HTTP/1.0 | Connection: Upgrade;Upgrade: websocket;K;V | 400 | HTTP/1.0",
        "GET     |        | HTTP/1.1 | Upgrade: websocket;K;V                     | 400 |"
            + " Connection",
        "GET     |        | HTTP/1.1 | Connection: keep-alive;Upgrade: websocket;K;V | 400 |"
            + " keep-alive",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;K;V                    | 400 | Upgrade",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: foo;K;V       | 400 | foo",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;V   | 400 |"
            + " Sec-WebSocket-Key",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;K;V | 400 |"
            + " Sec-WebSocket-Key",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;Sec-WebSocket-Key:"
            + " abc=;V | 400 | abc=",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;Sec-WebSocket-Key:;V"
            + " | 400 | Sec-WebSocket-Key",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;Sec-WebSocket-Key:"
            + " AAAAAAAAAAAAAAAAAAAAAAAA;V | 400 | AAAA",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K   | 400 |"
            + " Sec-WebSocket-Version",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V;V | 400 |"
            + " Sec-WebSocket-Version",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade:"
            + " websocket;K;Sec-WebSocket-Version: 12 | 426 | 12",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V;Content-Length: 3"
            + " | 400 | body",
        "GET     |        | HTTP/1.1 | Connection: Upgrade;Upgrade:"
            + " websocket;K;V;Transfer-Encoding: chunked | 400 | body",
        "GET     | /presence | HTTP/1.1 | Connection: Upgrade;Upgrade: websocket;K;V | 400 |"
            + " /presence"
      })
  void refusesWhatIsNoHandshakeInOneWay(
      String method, String beneath, String version, String headers, int status, String quoted)
      throws Exception {
    String lines =
        Arrays.stream(headers.split(";"))
            .map(line -> line.equals("K") ? KEY : line.equals("V") ? VERSION : line + "\r\n")
            .collect(Collectors.joining());
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.send(
          "%s %schannels/%s%s %s\r\nHost: localhost\r\n%s\r\n%s"
              .formatted(
                  method,
                  http.root().getPath(),
                  newChannel(),
                  beneath == null ? "" : beneath,
                  version,
                  lines,
                  lines.contains("chunked") ? "0\r\n\r\n" : lines.contains("Length") ? "abc" : ""));
      List<String> answer = socket.readLines(); // to the end: no frame is read as a request
      assertTrue(answer.get(0).contains(" " + status + " "), answer.toString());
      assertEquals(status == 426, answer.contains("Sec-WebSocket-Version: 13"), answer.toString());
      if (quoted != null) {
        String body = answer.get(answer.size() - 1);
        String ending = status == 426 ? "upgrade-version" : "bad-upgrade";
        assertTrue(body.contains("urn:switchboard:problem:" + ending + "\""), body);
        assertTrue(body.contains(quoted), body);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "Connection: keep-alive, upgrade;Upgrade: WebSocket          | mqtt, switchboard.v1,foo   "
            + " | switchboard.v1",
        "Connection: keep-alive;Connection: Upgrade;Upgrade: websocket | mqtt;switchboard.v1;foo  "
            + " | switchboard.v1",
        "Connection: Upgrade;Upgrade: h2c, websocket                 | switchboard.v1             "
            + " | switchboard.v1",
        "Connection: Upgrade;Upgrade: foo/1;Upgrade: websocket       | SWITCHBOARD.V1             "
            + " | -",
        "Connection: Upgrade;Upgrade: websocket;Content-Length: 0    | -                          "
            + " | -"
      })
  void takesAHandshakeAsTheStandardLetsItBeWritten(String headers, String protocols, String agreed)
      throws Exception {
    String offered =
        protocols == null
            ? ""
            : "Sec-WebSocket-Protocol: "
                + protocols.replace(";", "\r\nSec-WebSocket-Protocol: ")
                + "\r\n";
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.send(
          handshake(newChannel(), headers.replace(";", "\r\n") + "\r\n" + offered + KEY + VERSION));
      List<String> head = head(socket);
      assertTrue(head.get(0).contains(" 101 "), head.toString());
      assertEquals(
          agreed == null ? List.of() : List.of("Sec-WebSocket-Protocol: " + agreed),
          head.stream().filter(line -> line.startsWith("Sec-WebSocket-Protocol")).toList());
      assertTrue(socket.readText('}').contains("next"));
    }
  }

  // RFC 6455 §4.1 forbids it to clients; a hostile one does it, and a hasty one.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a frame",
        "a part of a frame",
        "a close frame",
        "no frame",
        "many frames",
        "a request",
        "a frame in a second packet"
      })
  void whatComesWithTheHandshakeIsReadBehindItAndHoldsUpNobody(String what) throws Exception {
    String channel = newChannel();
    String handshake = handshake(channel, UPGRADE + KEY + VERSION);
    String command = "{\"id\":1,\"append\":1}";
    String frame = "\u0081" + (char) (0x80 | command.length()) + "\0\0\0\0" + command;
    boolean isBroken = List.of("a close frame", "no frame", "a request").contains(what);
    // Open Liberty does not see what comes before its own agreement is out.
    boolean isDropped = "openliberty".equals(System.getProperty("arquillian.launch"));
    boolean isInTwo = what.endsWith("packet");
    String early =
        switch (what) {
          case "a part of a frame" -> frame.substring(0, 9);
          case "a close frame" -> "\u0088\u0082\0\0\0\0\u0003\u00e8";
          case "no frame" -> "\u00ff".repeat(300);
          case "many frames" -> frame.repeat(20);
          case "a request" -> handshake;
          default -> frame;
        };
    List<RawSocket> sockets = new ArrayList<>();
    try {
      // More than a server has threads for requests, by default: Payara Server and GlassFish 5.
      for (int i = 0; i < 40; i++) {
        RawSocket socket = RawSocket.connect(http.root());
        sockets.add(socket);
        socket.sendBytes(isInTwo ? handshake : handshake + early);
        if (isInTwo) {
          socket.sendBytes(early);
        }
        if (i % 2 == 0) {
          socket.close();
        }
      }
      assertEquals(200, http.get("health/live").status());
      for (int i = 1; i < 40; i += 2) {
        List<String> head = head(sockets.get(i));
        assertTrue(head.get(0).contains(" 101 "), head.toString());
        if (!isBroken) {
          String said = sockets.get(i).readText('}');
          assertTrue(said.contains("next"), said);
        }
        // What the others append comes too.
        boolean isAnswered = isDropped || !early.startsWith(frame);
        for (int n = 0; n < 1_000 && !isAnswered; n++) {
          isAnswered = sockets.get(i).readText('}').contains("\"id\":1");
        }
        assertTrue(isAnswered, "the command is answered");
      }
      if (isBroken && !isDropped) {
        await("all are ended", () -> open(Transport.WEBSOCKET) == 0);
      } else {
        assertTrue(open(Transport.WEBSOCKET) >= 20, "those that are open are counted");
      }
    } finally {
      for (RawSocket socket : sockets) {
        socket.close();
      }
    }
    await("nobody is left", () -> open(Transport.WEBSOCKET) == 0);
  }

  private String handshake(String channel, String headers) {
    return "GET %schannels/%s?offset=now HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
        .formatted(http.root().getPath(), channel, headers);
  }

  private static List<String> head(RawSocket socket) throws Exception {
    List<String> head = new ArrayList<>();
    for (String line; !(line = socket.readLine()).isEmpty(); head.add(line)) {
      // until the frames
    }
    return head;
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
