package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.testing.Http;
import switchboard.testing.RawFrames;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;
import switchboard.testing.WebSocketReader;

/** What HTTP clients get wrong: each answer is documented, quotes the offender and harms nobody. */
@Tag("adapters")
class BadInputIT extends ServerTest {

  /** A request that should be refused, for a channel that exists and holds the message 1. */
  private interface Mistake extends BiFunction<Http, String, HttpRequest.Builder> {}

  private static HttpRequest.Builder get(Http http, String channel, String query) {
    return http.request("channels/" + channel + query);
  }

  private static HttpRequest.Builder post(Http http, String channel, String type, String body) {
    HttpRequest.Builder request =
        http.request("channels/" + channel).POST(BodyPublishers.ofString(body));
    return type == null ? request : request.header("Content-Type", type);
  }

  private static Arguments bad(
      String what, int status, String problem, String quoted, Mistake mistake) {
    return Arguments.of(what, status, problem, quoted, mistake);
  }

  static Stream<Arguments> mistakes() {
    String json = "application/json";
    return Stream.of(
        bad("unknown channel", 404, "unknown-channel", "nobody", (h, c) -> get(h, "nobody", "")),
        bad(
            "append to an unknown channel",
            404,
            "unknown-channel",
            "nobody",
            (h, c) -> post(h, "nobody", json, "1")),
        bad(
            "delete of an unknown channel",
            404,
            "unknown-channel",
            "nobody",
            (h, c) -> h.request("channels/nobody").DELETE()),
        bad(
            "event stream of an unknown channel",
            404,
            "unknown-channel",
            "nobody",
            (h, c) -> get(h, "nobody", "?offset=-1&live=sse")),
        bad("name with a slash", 400, "bad-name", "'/'", (h, c) -> get(h, "a/b", "")),
        bad("name with a space", 400, "bad-name", "' '", (h, c) -> get(h, "a%20b", "")),
        bad(
            "name with a letter beyond ASCII",
            400,
            "bad-name",
            "'ü'",
            (h, c) -> get(h, "s%C3%BC", "")),
        bad(
            "Stream-Seq too long",
            400,
            "bad-parameter",
            "256 characters",
            (h, c) -> post(h, c, json, "2").header("Stream-Seq", "x".repeat(256))),
        bad(
            "Producer-Id too long",
            400,
            "bad-parameter",
            "256 characters",
            (h, c) ->
                post(h, c, json, "2")
                    .header("Producer-Id", "x".repeat(256))
                    .header("Producer-Epoch", "0")
                    .header("Producer-Seq", "0")),
        bad(
            "content type too long",
            400,
            "bad-parameter",
            "256 characters",
            (h, c) ->
                h.request("channels/" + c + "-2")
                    .header("Content-Type", "text/plain; x=" + "y".repeat(242))
                    .PUT(BodyPublishers.noBody())),
        bad(
            "name too long",
            400,
            "bad-name",
            "129 characters",
            (h, c) -> get(h, "x".repeat(129), "")),
        bad("malformed offset", 400, "bad-offset", "abc", (h, c) -> get(h, c, "?offset=abc")),
        bad("empty offset", 400, "bad-offset", "\"\"", (h, c) -> get(h, c, "?offset=")),
        bad(
            "offset in capitals",
            400,
            "bad-offset",
            "0000000A_000000000",
            (h, c) -> get(h, c, "?offset=0000000A_000000000")),
        bad(
            "two offsets",
            400,
            "bad-parameter",
            "offset",
            (h, c) -> get(h, c, "?offset=-1&offset=now")),
        bad(
            "foreign offset",
            410,
            "offset-gone",
            "recreated",
            (h, c) -> get(h, c, "?offset=00000001_000000001")),
        bad(
            "foreign offset on a long poll",
            410,
            "offset-gone",
            "recreated",
            (h, c) -> get(h, c, "?offset=00000001_000000001&live=long-poll")),
        bad(
            "unknown live",
            400,
            "bad-parameter",
            "carrier-pigeon",
            (h, c) -> get(h, c, "?offset=-1&live=carrier-pigeon")),
        bad(
            "live without offset",
            400,
            "bad-offset",
            "long-poll",
            (h, c) -> get(h, c, "?live=long-poll")),
        bad(
            "malformed cursor",
            400,
            "bad-parameter",
            "-7",
            (h, c) -> get(h, c, "?offset=now&live=long-poll&cursor=-7").header("Prefer", "wait=1")),
        bad(
            "wait out of range",
            400,
            "bad-parameter",
            "wait=21",
            (h, c) -> get(h, c, "?offset=now").header("Prefer", "wait=21")),
        bad(
            "wait that is no number",
            400,
            "bad-parameter",
            "wait=long",
            (h, c) -> get(h, c, "?offset=now").header("Prefer", "wait=long")),
        bad(
            "wrong content type",
            409,
            "content-type-mismatch",
            "text/plain",
            (h, c) -> post(h, c, "text/plain", "1")),
        bad(
            "malformed content type",
            400,
            "bad-parameter",
            "json",
            (h, c) -> post(h, c, "json", "1")),
        bad(
            "no content type",
            400,
            "bad-parameter",
            "Content-Type",
            (h, c) -> post(h, c, null, "1")),
        bad(
            "malformed JSON",
            400,
            "bad-message",
            "not JSON",
            (h, c) -> post(h, c, json, "{\"a\":")),
        bad(
            "JSON with something behind",
            400,
            "bad-message",
            "not JSON",
            (h, c) -> post(h, c, json, "{\"a\":1} x")),
        bad(
            "JSON too deep",
            400,
            "bad-message",
            "not JSON",
            (h, c) -> post(h, c, json, "[".repeat(100_000))),
        bad(
            "half a character",
            400,
            "bad-message",
            "half of a surrogate pair",
            (h, c) -> post(h, c, json, "\"\\ud800\"")),
        bad(
            "bytes that are not UTF-8",
            400,
            "bad-message",
            "not UTF-8",
            (h, c) ->
                h.request("channels/" + c)
                    .header("Content-Type", json)
                    .POST(BodyPublishers.ofByteArray(new byte[] {'"', (byte) 0xFF, '"'}))),
        bad("empty body", 400, "empty-body", "body", (h, c) -> post(h, c, json, "")),
        bad("empty array", 400, "empty-body", "[]", (h, c) -> post(h, c, json, "[]")),
        bad(
            "body over the limit",
            413,
            "too-large",
            "1048576",
            (h, c) -> post(h, c, json, "\"" + "x".repeat(1 << 20) + "\"")),
        bad(
            "body far over the limit",
            413,
            "too-large",
            "1048576",
            (h, c) -> post(h, c, json, "\"" + "x".repeat(9 << 20) + "\"")),
        bad(
            "some producer headers",
            400,
            "bad-parameter",
            "Producer-Epoch",
            (h, c) -> post(h, c, json, "2").header("Producer-Id", "p")),
        bad(
            "producer epoch that is no number",
            400,
            "bad-parameter",
            "one",
            (h, c) ->
                post(h, c, json, "2")
                    .header("Producer-Id", "p")
                    .header("Producer-Epoch", "one")
                    .header("Producer-Seq", "0")),
        bad(
            "producer that skips",
            409,
            "sequence-conflict",
            "\"5\"",
            (h, c) ->
                post(h, c, json, "2")
                    .header("Producer-Id", "p")
                    .header("Producer-Epoch", "0")
                    .header("Producer-Seq", "5")),
        bad(
            "other content type for a channel that exists",
            409,
            "channel-exists",
            json,
            (h, c) ->
                h.request("channels/" + c)
                    .header("Content-Type", "text/plain")
                    .PUT(BodyPublishers.noBody())),
        bad(
            "malformed time to live",
            400,
            "bad-parameter",
            "01",
            (h, c) ->
                h.request("channels/new").header("Stream-TTL", "01").PUT(BodyPublishers.noBody())),
        bad(
            "malformed expiry",
            400,
            "bad-parameter",
            "tomorrow",
            (h, c) ->
                h.request("channels/new")
                    .header("Stream-Expires-At", "tomorrow")
                    .PUT(BodyPublishers.noBody())),
        bad(
            "malformed first message",
            400,
            "bad-message",
            "not JSON",
            (h, c) ->
                h.request("channels/new")
                    .header("Content-Type", json)
                    .PUT(BodyPublishers.ofString("{"))),
        bad(
            "compressed body",
            415,
            "unsupported-encoding",
            "gzip",
            (h, c) -> post(h, c, json, "2").header("Content-Encoding", "gzip")),
        bad(
            "unknown method",
            405,
            "method-not-allowed",
            "GET",
            (h, c) -> h.request("channels/" + c).method("PATCH", BodyPublishers.noBody())));
  }

  @ParameterizedTest(name = "{0} is answered {1} {2}")
  @MethodSource("mistakes")
  void aMistakeIsExplainedAndHarmsNobody(
      String what, int status, String problem, String quoted, Mistake mistake) {
    String channel = newChannel();
    http.append(channel, "1");
    // Which says that it goes: that an event stream is gone, a server finds out when it writes.
    try (Reader other = new WebSocketReader(http.channel(channel, ""), "-1")) {
      Http.Answer answer = http.send(mistake.apply(http, channel));

      assertEquals(status, answer.status(), answer.body());
      assertEquals("application/problem+json", answer.header("Content-Type"));
      JsonObject document = answer.problem();
      assertEquals("urn:switchboard:problem:" + problem, document.getString("type"));
      assertEquals(status, document.getInt("status"));
      assertTrue(document.getString("detail").contains(quoted), document.getString("detail"));
      assertEquals("nosniff", answer.header("X-Content-Type-Options"));

      http.append(channel, "2");
      await("the other client goes on", () -> other.heard().size() == 2);
      assertEquals(List.of("1", "2"), other.heard());
      assertEquals(404, http.get("channels/new").status(), "nothing was created");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a[b", "a]b"})
  void aNameThatIsNoPathOfAUriIsQuoted(String name) {
    // As it is: the client of the JDK would not send it.
    String request = "GET /switchboard/channels/%s HTTP/1.1\r\nHost: localhost\r\n\r\n";
    String answer = RawSocket.ask("127.0.0.1", http.root(), request.formatted(name));
    assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
    assertTrue(answer.contains("urn:switchboard:problem:bad-name"), answer);
    assertTrue(answer.contains(name), answer);
  }

  @ParameterizedTest
  @CsvSource({
    "Stream-Closed: true, 3, [1]",
    "Stream-Closed: true, 0, ''",
    "Stream-Seq: z, 3, [1]",
    "Content-Type: text/plain, 3, [1]",
    "Content-Encoding: gzip, 3, [1]",
    "Producer-Id: p, 3, [1]",
    "Authorization: Bearer x, 3, [1]",
  })
  void aTrailerFieldIsNoHeaderField(String trailer, String size, String body) throws IOException {
    String channel = newChannel();
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.send(
          "POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                  .formatted(http.channel(channel, "").getPath())
              + "Content-Type: application/json\r\nConnection: close\r\n\r\n"
              + (body.isEmpty() ? "" : size + "\r\n" + body + "\r\n")
              + "0\r\n%s\r\n\r\n".formatted(trailer));
      String status = socket.readLine();
      assertTrue(status.contains(body.isEmpty() ? " 400" : " 204"), status);
    }
    Http.Answer append =
        http.send(
            http.request("channels/" + channel)
                .header("Content-Type", "application/json")
                .header("Stream-Seq", "a")
                .POST(BodyPublishers.ofString("2")));
    assertEquals(204, append.status(), append.body());
  }

  @Test
  void aGapNamesTheEarliestOffsetThatCanBeRead() {
    String channel = newChannel();
    String start = http.get("channels/" + channel + "?offset=now").next();
    http.appendNumbers(channel, 1, 1_100);
    Http.Answer gone = http.get("channels/" + channel + "?offset=" + start);
    assertEquals(410, gone.status());
    assertEquals(100, gone.problem().getJsonObject("reset").getInt("missed"));
    String earliest = gone.problem().getString("earliest");
    assertEquals(
        "101",
        http.get("channels/" + channel + "?offset=" + earliest).messages().get(0).toString());
  }

  @Test
  void aWaitThatWasAskedForIsConfirmed() {
    String channel = newChannel();
    Http.Answer answer =
        http.send(http.request("channels/" + channel + "?offset=now").header("Prefer", "wait=1"));
    assertEquals(204, answer.status());
    assertEquals("wait=1", answer.header("Preference-Applied"));
    assertNull(http.get("channels/" + channel).header("Preference-Applied"));
  }

  @Test
  void aClosingRequestWithoutBodyMayHaveAnyContentType() {
    String channel = newChannel();
    Http.Answer answer =
        http.send(
            http.request("channels/" + channel)
                .header("Content-Type", "nonsense")
                .header("Stream-Closed", "true")
                .POST(BodyPublishers.noBody()));
    assertEquals(204, answer.status(), answer.body());
  }

  @Test
  void aLongPollThatWaitsForZeroSecondsIsAnsweredAtOnce() {
    String channel = newChannel();
    long start = System.nanoTime();
    String query = "?offset=now&live=long-poll";
    http.send(http.request("channels/" + channel + query).header("Prefer", "wait=1"));
    long waited = System.nanoTime() - start;
    start = System.nanoTime();
    Http.Answer answer =
        http.send(http.request("channels/" + channel + query).header("Prefer", "wait=0"));
    assertEquals(204, answer.status());
    assertTrue(System.nanoTime() - start < waited, "no wait is shorter than a wait");
  }

  @Test
  void anEscapedLetterOfANameIsThatLetter() {
    String channel = newChannel();
    http.appendNumbers(channel, 1, 1);
    String escaped =
        channel
            .chars()
            .mapToObj(c -> (c % 2 == 0 ? "%%%02X" : "%%%02x").formatted(c))
            .collect(Collectors.joining());
    assertEquals("[1]", http.get("channels/" + escaped + "?offset=-1").body());
    assertEquals(204, http.append(escaped, "2").status());
    try (RawFrames frames = RawFrames.connect(http.uri("channels/" + escaped + "?offset=-1"))) {
      await("its messages", () -> frames.heard().toString().contains("[1,2]"));
    }
  }

  @Test
  void someNamesNeedNoCreatingWhenTheServerSaysSo() {
    assertEquals(200, http.get("channels/auto-" + System.nanoTime()).status());
  }
}
