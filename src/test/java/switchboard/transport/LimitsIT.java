package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Http;
import switchboard.testing.LiveObjects;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawFrames;
import switchboard.testing.RawSocket;
import switchboard.testing.ServerTest;

/** A server whose every limit is small: each is answered, counted, and reached without harm. */
@ExtendWith(ArquillianExtension.class)
class LimitsIT {

  private static final Map<String, Object> SETTINGS =
      Map.ofEntries(
          Map.entry("channels.max", 60),
          Map.entry("log.max-memory-mib", 8),
          Map.entry("channel.max-subscriptions", 10),
          Map.entry("channel.max-producers", 5),
          Map.entry("channel.max-forks", 3),
          Map.entry("connection.max-channels", 3),
          Map.entry("connections.max", 25),
          Map.entry("connections.max-per-address", 15),
          Map.entry("proxies.trusted", "127.0.0.1"),
          Map.entry("append.max-per-second", 50),
          Map.entry("request.max-header-bytes", 2_048),
          Map.entry("request.max-query-bytes", 512),
          Map.entry("request.max-pending-mib", 4));

  private final Http http = new Http(Ports.SWITCHBOARD);
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<String> made = new ArrayList<>();

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war(SETTINGS);
  }

  @AfterEach
  void makeRoom() throws Exception {
    for (AutoCloseable connection : open) {
      connection.close();
    }
    made.forEach(http::delete);
    ServerTest.await("all are gone", () -> Metrics.read(http, "switchboard_connections") == 0);
  }

  private String channel(String name) {
    assertEquals(201, http.put(name, "application/json").statusCode());
    made.add(name);
    return name;
  }

  private HttpRequest.Builder from(String address, String relative) {
    return http.request(relative).header("X-Forwarded-For", "203.0.113.9, " + address);
  }

  private HttpRequest.Builder append(String address, String channel, String body) {
    return from(address, "channels/" + channel)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }

  /** Opens an event stream, or says how it was refused. */
  private Http.Answer listen(String address, String channel) throws Exception {
    RawSocket socket = RawSocket.connect(http.root());
    socket.send(
        "GET /switchboard/channels/%s?offset=now&live=sse HTTP/1.1\r\nHost: localhost\r\n"
                .formatted(channel)
            + "X-Forwarded-For: %s\r\n\r\n".formatted(address));
    if (socket.readLine().contains(" 200 ")) {
      open.add(socket);
      return null;
    }
    socket.close();
    return http.send(from(address, "channels/" + channel + "?offset=now&live=sse"));
  }

  private void assertRefused(Http.Answer answer, int status, String ending) {
    assertEquals(status, answer.status(), answer.body());
    JsonObject problem = answer.problem();
    assertEquals("urn:switchboard:problem:" + ending, problem.getString("type"));
    assertTrue(
        Metrics.read(http, "switchboard_endings_total{ending=\"" + ending + "\"}") > 0, "counted");
    if (List.of(429, 503, 507).contains(status)) {
      long seconds = Long.parseLong(answer.header("Retry-After"));
      long millis = problem.getInt("retryAfterMillis");
      assertTrue(seconds * 1_000 >= millis && millis > 0, seconds + " s, " + millis + " ms");
    }
  }

  private HttpRequest.Builder asEventSource(String address, String channel) {
    return from(address, "channels/" + channel + "?offset=now")
        .header("Accept", "text/event-stream")
        .header("Cache-Control", "no-cache");
  }

  // Any status but 200 would be the end of an EventSource (WHATWG HTML §9.2.3).
  private void assertComesAgain(String address, String channel, String ending) {
    String counter = "switchboard_endings_total{ending=\"" + ending.substring(4) + "\"}";
    double before = Metrics.read(http, counter);
    Http.Answer answer = http.send(asEventSource(address, channel));
    assertEquals(200, answer.status(), answer.body());
    assertTrue(answer.header("Content-Type").startsWith("text/event-stream"), ending);
    assertTrue(answer.body().matches(": " + ending + "\nretry: [0-9]{3,5}\n\n"), answer.body());
    assertEquals(before + 1, Metrics.read(http, counter), "counted as what it is");
  }

  @Test
  void headersAndQueriesThatAreTooLongAreRefused() {
    String channel = channel("long");
    assertRefused(
        http.send(http.request("channels/" + channel).header("X", "x".repeat(3_000))),
        431,
        "headers-too-large");
    assertRefused(
        http.get("channels/" + channel + "?offset=-1&x=" + "x".repeat(600)), 414, "query-too-long");
  }

  @Test
  void moreChannelsForksAndProducersThanMayBeAreRefused() {
    String channel = channel("source");
    for (int i = 0; i <= 3; i++) {
      Http.Answer answer =
          http.send(
              http.request("channels/fork-" + i)
                  .header("Stream-Forked-From", "/switchboard/channels/source")
                  .PUT(BodyPublishers.noBody()));
      made.add("fork-" + i);
      if (i == 3) {
        assertRefused(answer, 507, "too-many-forks");
      }
    }
    for (int i = 0; i <= 5; i++) {
      Http.Answer answer =
          http.send(
              append("192.0.2.1", channel, "1")
                  .header("Producer-Id", "p" + i)
                  .header("Producer-Epoch", "0")
                  .header("Producer-Seq", "0"));
      if (i == 5) {
        assertRefused(answer, 507, "too-many-producers");
      }
    }
    Http.Answer answer = null;
    for (int i = 0; i < 60; i++) {
      made.add("c" + i);
      answer = http.send(from("192.0.2." + i, "channels/c" + i).PUT(BodyPublishers.noBody()));
    }
    assertRefused(answer, 507, "too-many-channels");
  }

  @Test
  void moreReadersThanMayListenAreRefusedByChannelByAddressAndInAll() throws Exception {
    for (String name : List.of("one", "two", "three")) {
      channel(name);
    }
    for (int i = 0; i < 10; i++) {
      assertEquals(null, listen("192.0.2.1", "one"));
    }
    ServerTest.await("ten listen", () -> Metrics.read(http, "switchboard_subscriptions") == 10);
    assertRefused(listen("192.0.2.2", "one"), 503, "channel-full");
    assertComesAgain("192.0.2.2", "one", "503 channel-full");
    for (int i = 0; i < 5; i++) {
      assertEquals(null, listen("192.0.2.1", "two"));
    }
    assertRefused(listen("192.0.2.1", "three"), 429, "too-many-from-address");
    assertComesAgain("192.0.2.1", "three", "429 too-many-from-address");
    for (int i = 0; i < 10; i++) {
      assertEquals(null, listen("192.0.2.3", "three"));
    }
    assertRefused(listen("192.0.2.4", "two"), 503, "too-many-connections");
    assertRefused(
        http.send(from("192.0.2.4", "channels/two?offset=now&live=long-poll")),
        503,
        "too-many-connections");
    try (RawSocket socket = RawSocket.connect(http.root())) {
      String refusal =
          org.junit.jupiter.api.Assertions.assertThrows(
                  java.io.IOException.class,
                  () -> socket.upgrade("/switchboard/channels/two?offset=now"))
              .getMessage();
      assertTrue(refusal.contains(" 503 "), refusal);
    }
    assertEquals(200, http.get("channels/two?offset=-1").status(), "a poll holds nothing");
    assertComesAgain("192.0.2.4", "two", "503 too-many-connections");
    assertEquals(404, http.send(asEventSource("192.0.2.4", "none")).status());
  }

  @Test
  void moreChannelsThanOneConnectionMayListenToAreRefused() {
    List<String> names = List.of("one", "two", "three", "four");
    names.forEach(this::channel);
    String query = names.stream().map(name -> "channel=" + name).collect(Collectors.joining("&"));
    assertRefused(http.get("channels?" + query), 400, "too-many-subscriptions");
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      names.forEach(
          name -> frames.send("{\"id\":\"%s\",\"subscribe\":\"%s\"}".formatted(name, name)));
      ServerTest.await("answers", () -> frames.heard().size() == 5);
      assertTrue(frames.heard().get(4).contains("too-many-subscriptions"), frames.heard().get(4));
    }
  }

  @Test
  void aPublisherThatAppendsTooFastIsToldWhenToComeAgainAndOthersAreNot() throws Exception {
    String channel = channel("fast");
    List<Integer> statuses = new ArrayList<>();
    Http.Answer last = null;
    for (int i = 0; i < 300; i++) {
      last = http.send(append("192.0.2.1", channel, "1"));
      statuses.add(last.status());
      if (last.status() != 204) {
        break;
      }
    }
    assertRefused(last, 429, "rate-limited");
    assertTrue(statuses.size() > 50, "a second's worth was accepted: " + statuses.size());
    assertEquals(204, http.send(append("192.0.2.2", channel, "1")).status(), "another address");
    ServerTest.await(
        "it may again", () -> http.send(append("192.0.2.1", channel, "1")).status() == 204);
  }

  @Test
  void theHeapStaysBoundedWithEveryLimitReachedAtOnce() throws Exception {
    List<String> sources = IntStream.range(0, 15).mapToObj(i -> channel("full-" + i)).toList();
    long before = LiveObjects.ofServer().bytes();
    fork(sources);
    List<String> all = List.copyOf(made);
    listenToAll(all);
    int accepted = appendMuch(all);
    sendHalfOfLargeBodies(all.get(0));
    askForTooMuch(all);
    assertTrue(accepted > 200, accepted + " appends were accepted");
    double held = Metrics.read(http, "switchboard_memory_bytes");
    assertTrue(held <= 8 << 20, held + " bytes are held");
    for (String ending :
        List.of(
            "too-many-channels",
            "too-many-forks",
            "too-many-producers",
            "too-many-subscriptions",
            "too-many-connections",
            "too-many-from-address",
            "channel-full",
            "rate-limited",
            "too-large",
            "headers-too-large",
            "query-too-long",
            "request-buffer-full")) {
      String metric = "switchboard_endings_total{ending=\"" + ending + "\"}";
      assertTrue(Metrics.read(http, metric) > 0, ending + " was never reached");
    }
    assertEquals(60, Metrics.read(http, "switchboard_channels"), "with the ticker's");
    assertEquals(25, Metrics.read(http, "switchboard_connections"));
    long grown = LiveObjects.ofServer().bytes() - before;
    // 150 MB went through. The logs may keep 8 MiB, bodies on their way 4 MiB, and 25 clients that
    // do not read a page of each of three channels, 19 MiB.
    assertTrue(grown < 40 << 20, grown + " bytes more");
    System.out.printf("at every limit: %d accepted, %,d bytes more%n", accepted, grown);
  }

  /** Until there are as many channels as may be; most are forks, and some have too many. */
  private void fork(List<String> sources) {
    for (int i = 0; i < 100; i++) {
      String name = "branch-" + i;
      Http.Answer answer =
          http.send(
              from("198.51.101." + i, "channels/" + name)
                  .header("Content-Type", "application/json")
                  .header("Stream-Forked-From", "/switchboard/channels/" + sources.get(i / 4 % 15))
                  .PUT(BodyPublishers.noBody()));
      if (answer.status() == 201) {
        made.add(name);
      } else {
        assertEquals(507, answer.status(), answer.body());
      }
    }
  }

  /** As many connections as may be, each to as many channels as may be; none of them reads. */
  private void listenToAll(List<String> channels) throws Exception {
    int refused = 0;
    for (int i = 0; refused < 20; i++) {
      String address = "192.0.2." + i / 20; // more of each than may be
      String query =
          "channel=%s@now&channel=%s@now&channel=%s@now&live=sse"
              .formatted(
                  channels.get(i < 12 ? 0 : 41 + i % 15),
                  channels.get(1 + i % 20),
                  channels.get(21 + i % 20));
      RawSocket socket = RawSocket.connectNarrow(http.root());
      open.add(socket);
      socket.send(
          "GET /switchboard/channels?%s HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\n\r\n"
              .formatted(query, address));
      refused += socket.readLine().contains(" 200 ") ? 0 : 1;
      assertTrue(i < 200, "nobody is refused");
    }
  }

  private void sendHalfOfLargeBodies(String channel) throws Exception {
    String half = "x".repeat(600_000);
    for (int i = 0; i < 20; i++) {
      RawSocket socket = RawSocket.connect(http.root());
      open.add(socket);
      socket.send(
          "POST /switchboard/channels/%s HTTP/1.1\r\nHost: localhost\r\n".formatted(channel)
              + "X-Forwarded-For: 198.51.100.7\r\nContent-Length: 1000000\r\n\r\n");
      try {
        socket.send(half);
      } catch (java.io.IOException e) {
        // refused already
      }
    }
  }

  private int appendMuch(List<String> channels) {
    String large = "\"" + "x".repeat(100_000) + "\"";
    int accepted = 0;
    for (int i = 0; i < 1_500; i++) {
      HttpRequest.Builder request =
          append("198.51.100." + (10 + i % 200), channels.get(i % channels.size()), large);
      if (i % 3 == 0) {
        request
            .header("Producer-Id", "p".repeat(250) + i)
            .header("Producer-Epoch", "0")
            .header("Producer-Seq", "0");
      }
      int status = http.send(request).status();
      accepted += status == 204 || status == 200 ? 1 : 0;
      assertTrue(List.of(200, 204, 429, 507).contains(status), "status " + status);
    }
    return accepted;
  }

  private void askForTooMuch(List<String> channels) {
    for (int i = 0; i < 300; i++) {
      http.send(append("198.51.100.1", channels.get(0), "1")); // more than 50 a second
    }
    for (int i = 0; i < 100; i++) {
      String address = "203.0.113." + i;
      http.send(append(address, channels.get(0), "x".repeat((1 << 20) + 1)));
      http.send(from(address, "channels/" + channels.get(0)).header("X", "x".repeat(3_000)));
      http.send(from(address, "channels/%s?x=%s".formatted(channels.get(0), "x".repeat(600))));
      http.send(
          from(address, "channels?channel=" + String.join("&channel=", channels.subList(0, 4))));
    }
  }
}
