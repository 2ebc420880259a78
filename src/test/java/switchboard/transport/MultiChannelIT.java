package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import switchboard.testing.Http;
import switchboard.testing.RawFrames;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** Several channels over one connection, at {@code /channels}. */
@Tag("adapters")
class MultiChannelIT extends ServerTest {

  private final Map<String, List<String>> heard = new HashMap<>();

  private static String query(List<String> channels, String offset) {
    return channels.stream()
        .map(channel -> "channel=" + channel + (offset == null ? "" : "@" + offset))
        .collect(Collectors.joining("&", "channels?", ""));
  }

  private synchronized void hear(JsonObject frame) {
    List<String> ofChannel =
        heard.computeIfAbsent(frame.getString("channel"), c -> new CopyOnWriteArrayList<>());
    if (frame.containsKey("messages")) {
      frame.getJsonArray("messages").forEach(message -> ofChannel.add(message.toString()));
    } else if (frame.containsKey("reset")) {
      ofChannel.add("reset:" + frame.getJsonObject("reset").getString("reason"));
    } else if (frame.containsKey("closed")) {
      ofChannel.add("closed");
    } else if (frame.containsKey("error")) {
      ofChannel.add(frame.getJsonObject("error").getString("type"));
    }
  }

  private synchronized int countHeard() {
    return heard.values().stream().mapToInt(List::size).sum();
  }

  private List<String> newChannels(int count) {
    return IntStream.range(0, count).mapToObj(i -> newChannel()).toList();
  }

  private CompletableFuture<Void> publish(List<String> channels, int count) {
    return CompletableFuture.runAsync(
        () -> {
          for (int i = 1; i <= count; i++) {
            for (String channel : channels) {
              http.append(channel, Integer.toString(i));
            }
          }
        });
  }

  private void assertAllHeard(List<String> channels, int count) {
    for (String channel : channels) {
      assertEquals(TransportContract.numbers(1, count), heard.get(channel));
    }
  }

  private void close(String channel) {
    http.send(
        http.request("channels/" + channel)
            .header("Stream-Closed", "true")
            .POST(BodyPublishers.noBody()));
  }

  @ParameterizedTest
  @CsvSource({"12, 40, 20000", "100, 5, 20000"})
  void aWebSocketThatResumesManyChannelsAtOnceHearsAllThatTheyHave(
      int count, int messages, int letters) {
    List<String> channels = newChannels(count);
    String page =
        IntStream.range(0, messages)
            .mapToObj(i -> "\"" + "x".repeat(letters) + "\"")
            .collect(Collectors.joining(",", "[", "]"));
    channels.forEach(channel -> http.append(channel, page));
    try (RawFrames hub = RawFrames.connect(http.root().resolve("channels"))) {
      channels.forEach(
          channel -> hub.send("{\"subscribe\":\"" + channel + "\",\"offset\":\"-1\"}"));
      await(
          "all is heard",
          () ->
              hub.heard().stream().mapToLong(String::length).sum()
                  > (long) count * messages * letters);
      assertFalse(hub.isClosed());
    }
  }

  @Test
  void longPollsHearAllOfThemAndResumeWithOneOffset() {
    List<String> channels = newChannels(3);
    CompletableFuture<Void> publisher = publish(channels, 50);
    String offset = null;
    while (countHeard() < 150) {
      String resume = offset == null ? "" : "&offset=" + offset;
      Http.Answer answer = http.get(query(channels, null) + "&live=long-poll" + resume);
      assertEquals(200, answer.status(), answer.body());
      answer.messages().forEach(frame -> hear(frame.asJsonObject()));
      offset = answer.next();
    }
    publisher.join();
    assertAllHeard(channels, 50);
    Http.Answer end = http.get(query(channels, null) + "&live=long-poll&offset=" + offset);
    assertEquals(204, end.status());
    assertEquals(offset, end.next());
    assertEquals("[]", http.get(query(channels, null) + "&offset=" + offset).body());
  }

  @Test
  void eventStreamsHearAllOfThemAndResumeWithTheLastEventId() throws Exception {
    List<String> channels = newChannels(3);
    CompletableFuture<Void> publisher = publish(channels, 50);
    String lastEventId = null;
    while (countHeard() < 150) {
      HttpRequest.Builder request =
          http.request(query(channels, null)).header("Accept", "text/event-stream");
      if (lastEventId != null) {
        request.header("Last-Event-ID", lastEventId);
      }
      lastEventId = readSomeEvents(request, 20, lastEventId);
    }
    publisher.join();
    assertAllHeard(channels, 50);
  }

  // Reads some and breaks off, as a connection does that is cut.
  private String readSomeEvents(HttpRequest.Builder request, int count, String lastEventId)
      throws Exception {
    var client = Http.newClient();
    var response =
        client.send(request.build(), java.net.http.HttpResponse.BodyHandlers.ofInputStream());
    assertEquals(200, response.statusCode());
    try (var lines =
        new java.io.BufferedReader(
            new java.io.InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      String data = null;
      String event = null;
      int events = 0;
      while (events < count && countHeard() < 150) {
        String line = lines.readLine();
        if (line.startsWith("event:")) {
          event = line.substring(6).strip();
        } else if (line.startsWith("data:")) {
          data = line.substring(5);
        } else if (line.startsWith("id:")) {
          lastEventId = line.substring(3).strip();
        } else if (line.isEmpty() && data != null) {
          if (!event.equals("control")) {
            hear(Reader.object(data));
            events++;
          }
          data = null;
        }
      }
    }
    return lastEventId;
  }

  @Test
  void aWebSocketSubscribesAppendsAndUnsubscribes() {
    List<String> channels = newChannels(2);
    String a = channels.get(0);
    String b = channels.get(1);
    http.append(a, "1");
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      frames.send("{\"id\":1,\"subscribe\":\"%s\",\"offset\":\"-1\"}".formatted(a));
      frames.send("{\"id\":2,\"subscribe\":\"%s\",\"offset\":\"now\"}".formatted(b));
      await("both are answered", () -> answers(frames, 2).isPresent());
      assertEquals("{\"hello\":\"switchboard.v1\"}", frames.heard().get(0));
      assertEquals(a, answers(frames, 1).get().getString("channel"));

      frames.send("{\"id\":3,\"channel\":\"%s\",\"append\":[2,3]}".formatted(b));
      await("the append is answered", () -> answers(frames, 3).isPresent());
      String next = answers(frames, 3).get().getString("next");
      assertEquals(next, http.get("channels/" + b + "?offset=now").next());
      await("all is heard", () -> hearFrames(frames) == 3);
      assertEquals(List.of("1"), heard.get(a));
      assertEquals(List.of("2", "3"), heard.get(b));

      frames.send("{\"id\":4,\"unsubscribe\":\"%s\"}".formatted(b));
      await("it is answered", () -> answers(frames, 4).isPresent());
      assertEquals(next, answers(frames, 4).get().getString("next"));
      http.append(b, "4");
      http.append(a, "5");
      await("the other goes on", () -> hearFrames(frames) == 4);
      assertEquals(List.of("1", "5"), heard.get(a));
      assertEquals(List.of("2", "3"), heard.get(b));
    }
  }

  private static java.util.Optional<JsonObject> answers(RawFrames frames, int id) {
    return frames.heard().stream()
        .map(Reader::object)
        .filter(frame -> frame.getInt("id", 0) == id)
        .findFirst();
  }

  private synchronized int hearFrames(RawFrames frames) {
    heard.clear();
    frames.heard().stream()
        .map(Reader::object)
        .filter(frame -> frame.containsKey("channel") && !frame.containsKey("id"))
        .forEach(this::hear);
    return countHeard();
  }

  @Test
  void aWebSocketHearsManyChannelsInOrderUnderLoad() {
    List<String> channels = newChannels(10);
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      for (String channel : channels) {
        frames.send("{\"subscribe\":\"%s\"}".formatted(channel));
      }
      publish(channels, 20).join();
      await("all is heard", () -> hearFrames(frames) >= 200);
    }
    assertAllHeard(channels, 20);
  }

  @Test
  void aGapOfOneIsToldAndTheOthersGoOn() {
    List<String> channels = newChannels(2);
    String start = http.get(query(channels, "now")).next();
    http.appendNumbers(channels.get(0), 1, 1_100);
    http.append(channels.get(1), "1");
    Http.Answer answer = http.get(query(channels, null) + "&offset=" + start);
    assertEquals(200, answer.status(), answer.body());
    JsonObject gap = answer.messages().getJsonObject(0);
    assertEquals(100, gap.getJsonObject("reset").getInt("missed"));
    assertEquals("[1]", answer.messages().getJsonObject(1).getJsonArray("messages").toString());
    answer = http.get(query(channels, null) + "&offset=" + answer.next());
    assertEquals(
        "101", answer.messages().getJsonObject(0).getJsonArray("messages").get(0).toString());
    assertNull(answer.header("Stream-Up-To-Date"));
  }

  @Test
  void aChannelThatClosesIsToldOnceAndTheOthersGoOn() {
    List<String> channels = newChannels(2);
    String start = http.get(query(channels, "now")).next();
    CompletableFuture<Http.Answer> held =
        CompletableFuture.supplyAsync(
            () -> http.get(query(channels, null) + "&live=long-poll&offset=" + start));
    await("it is held", () -> open(switchboard.channel.Transport.LONG_POLL) == 1);
    close(channels.get(0));
    assertEquals(
        "[{\"channel\":\"%s\",\"next\":\"%s\",\"closed\":true}]"
            .formatted(channels.get(0), start.split("\\.")[0]),
        held.join().body());
    Http.Answer next =
        http.get(query(channels, null) + "&live=long-poll&offset=" + held.join().next());
    assertEquals(204, next.status(), "known already");
    assertNull(next.header("Stream-Closed"));
    close(channels.get(1));
    Http.Answer all = http.get(query(channels, null) + "&live=long-poll&offset=" + next.next());
    assertEquals("true", all.header("Stream-Closed"));
  }

  @Test
  void aLastMessageAndTheClosingThatComesWithItAreToldTogether() {
    List<String> channels = newChannels(2);
    http.send(
        http.request("channels/" + channels.get(0))
            .header("Content-Type", "application/json")
            .header("Stream-Closed", "true")
            .POST(BodyPublishers.ofString("1")));
    Http.Answer answer = http.get(query(channels, "-1") + "&live=long-poll");
    answer.messages().forEach(frame -> hear(frame.asJsonObject()));
    assertEquals(List.of("1", "closed"), heard.get(channels.get(0)));
  }

  @Test
  void aDeletedChannelIsToldOnTheWebSocketAndTheOthersGoOn() {
    List<String> channels = newChannels(2);
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      channels.forEach(c -> frames.send("{\"id\":1,\"subscribe\":\"%s\"}".formatted(c)));
      await("both", () -> frames.heard().stream().filter(f -> f.contains("\"id\":1")).count() == 2);
      http.delete(channels.get(0));
      http.append(channels.get(1), "1");
      await("both are told", () -> hearFrames(frames) == 2);
      assertEquals(List.of("urn:switchboard:problem:channel-deleted"), heard.get(channels.get(0)));
      assertEquals(List.of("1"), heard.get(channels.get(1)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "channels?offset=now,                          400, bad-parameter, 0 channels",
    "channels/,                                    400, bad-name, it is empty",
    "channels?channel=ticker&channel=ticker@now,   400, bad-parameter, named twice",
    "channels?channel=nobody,                      404, unknown-channel, nobody",
    "channels?channel=a%2Fb,                       400, bad-name, '/'",
    "channels?channel=ticker@x,                    400, bad-offset, x",
    "channels?channel=ticker&offset=now.now,       400, bad-offset, parts (2) is not",
    "channels?channel=ticker&live=pigeon,          400, bad-parameter, pigeon"
  })
  void aMistakeIsExplained(String url, int status, String problem, String quoted) {
    await("the ticker is there", () -> http.get("channels/ticker").status() == 200);
    for (String accept : List.of("*/*", "text/event-stream")) {
      Http.Answer answer = http.send(http.request(url).header("Accept", accept));
      assertEquals(status, answer.status(), answer.body());
      assertEquals("urn:switchboard:problem:" + problem, answer.problem().getString("type"));
      assertTrue(answer.problem().getString("detail").contains(quoted), answer.body());
    }
  }

  @Test
  void moreChannelsThanAllowedAreRefused() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 129; i++) {
      names.add("auto-" + i);
    }
    assertEquals(400, http.get(query(names, "now")).status());
    assertEquals(200, http.get(query(names.subList(0, 128), "now")).status());
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      names.forEach(name -> frames.send("{\"id\":\"%s\",\"subscribe\":\"%1$s\"}".formatted(name)));
      await("all are answered", () -> frames.heard().size() >= 130);
      assertTrue(
          frames.heard().get(129).contains("too-many-subscriptions"), frames.heard().get(129));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"id\":1,\"subscribe\":\"nobody\"}              | unknown-channel",
        "{\"id\":1,\"subscribe\":\"a b\"}                 | bad-name",
        "{\"id\":1,\"subscribe\":7}                       | bad-command",
        "{\"id\":1,\"subscribe\":\"ticker\",\"offset\":3} | bad-command",
        "{\"id\":1,\"subscribe\":\"ticker\",\"offset\":\"x\"} | bad-offset",
        "{\"id\":1,\"unsubscribe\":\"ticker\"}            | bad-command",
        "{\"id\":1,\"append\":1}                          | bad-command",
        "{\"id\":1,\"channel\":\"nobody\",\"append\":1}   | unknown-channel",
        "{\"id\":1}                                       | bad-command"
      })
  void aCommandThatCannotBeDoneIsExplained(String command, String problem) {
    await("the ticker is there", () -> http.get("channels/ticker").status() == 200);
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      frames.send(command);
      await("an answer", () -> answers(frames, 1).isPresent());
      JsonObject error = answers(frames, 1).get().getJsonObject("error");
      assertEquals("urn:switchboard:problem:" + problem, error.getString("type"));
      frames.send("{\"id\":2,\"subscribe\":\"ticker\"}");
      await("it goes on", () -> answers(frames, 2).isPresent());
    }
  }
}
