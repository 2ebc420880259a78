package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.access.Authorizer;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.Presence;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.http.Guard;
import switchboard.http.HttpAnswer;
import switchboard.http.MemoryExchange;
import switchboard.http.MemoryStream;
import switchboard.http.Problem;
import switchboard.testing.Reader;
import switchboard.testing.SmallChannels;
import switchboard.time.Clocks;

/** What the channels' URLs answer, without a server. */
class ChannelEndpointTest {

  private static final HttpAnswer NOTHING = new HttpAnswer(204, Map.of(), null);
  private static final Map<String, String> SETTINGS =
      Map.of(
          "switchboard.access.open", "*,~*",
          "switchboard.request.max-query-bytes", "256",
          "switchboard.connection.max-channels", "3");
  private static final String JSON = "application/json";

  private final Settings settings = settings(SETTINGS);
  private final Counters counters = new Counters();
  private final Connections connections = new Connections(counters, 10, 0, Admission.open());
  private long now = 1_000;
  private final Clocks clocks = new Clocks(() -> Instant.ofEpochMilli(now), () -> now, () -> now);
  private final Guard anybody = guard("*");
  private final Channels channels = SmallChannels.of(counters, clocks);
  private final ChannelEndpoint http = http(1_000);

  private static Settings settings(Map<String, String> values) {
    return new Settings(setting -> values.get(setting.key()), values.keySet());
  }

  private Guard guard(String open) {
    Authorizer authorizer =
        new Authorizer(settings(Map.of("switchboard.access.open", open)), clocks, name -> false);
    return new Guard(authorizer, authorizer.identify("192.0.2.1", null, null));
  }

  private ChannelEndpoint http(int appendsPerSecond) {
    return new ChannelEndpoint(
        channels,
        new Presence(channels, name -> true, name -> false),
        connections,
        new PendingBodies(1 << 20),
        new RateLimiter(appendsPerSecond, () -> now),
        settings,
        clocks,
        Runnable::run);
  }

  private MemoryExchange exchange(String line) {
    return new MemoryExchange(line, anybody, counters);
  }

  private MemoryExchange handled(MemoryExchange exchange) {
    http.handle(exchange);
    return exchange;
  }

  private MemoryExchange get(String target) {
    return handled(exchange("GET " + target));
  }

  private MemoryExchange post(String channel, String body) {
    return handled(exchange("POST /channels/" + channel).with("Content-Type", JSON).body(body));
  }

  private MemoryExchange put(String channel, String type) {
    return handled(exchange("PUT /channels/" + channel).with("Content-Type", type));
  }

  private static void assertAnswered(int status, String problem, MemoryExchange exchange) {
    assertNotNull(exchange.answer(), "it is answered");
    assertEquals(status, exchange.answer().status(), exchange.text());
    if (problem != null) {
      JsonObject document = Reader.object(exchange.text());
      assertEquals("urn:switchboard:problem:" + problem, document.getString("type"));
      assertEquals(status, document.getInt("status"));
      assertEquals(Problem.MEDIA_TYPE, exchange.answer().headers().get("Content-Type"));
    }
  }

  @BeforeEach
  void createChannels() {
    put("c", JSON);
    post("c", "[1,2]");
    put("text", "text/plain");
    put("closed", JSON);
    handled(exchange("POST /channels/closed").with("Stream-Closed", "true"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      useHeadersInDisplayName = true,
      textBlock =
          """
          path                 | GET | HEAD | PUT | POST | DELETE | OPTIONS | PATCH | TRACE | get
          /channels/c          | 200 | 200  | 200 | 204  | 204    | 200     | 405   | 405   | 405
          /channels/closed     | 200 | 200  | 409 | 409  | 204    | 200     | 405   | 405   | 405
          /channels/text       | 200 | 200  | 409 | 409  | 204    | 200     | 405   | 405   | 405
          /channels/missing    | 404 | 404  | 201 | 404  | 404    | 200     | 405   | 405   | 405
          /channels/a b        | 400 | 400  | 400 | 400  | 400    | 400     | 400   | 400   | 400
          /channels/ä          | 400 | 400  | 400 | 400  | 400    | 400     | 400   | 400   | 400
          /channels/a/b        | 400 | 400  | 400 | 400  | 400    | 200     | 405   | 405   | 405
          /channels/a/b/c      | 400 | 400  | 400 | 400  | 400    | 200     | 405   | 405   | 405
          /channels/c/presence | 200 | 200  | 405 | 405  | 405    | 200     | 405   | 405   | 405
          /channels/x/presence | 404 | 404  | 405 | 405  | 405    | 200     | 405   | 405   | 405
          /channels/c/Presence | 400 | 400  | 400 | 400  | 400    | 200     | 405   | 405   | 405
          /channels            | 200 | 400  | 400 | 400  | 400    | 200     | 405   | 405   | 405
          /channels/           | 400 | 400  | 400 | 400  | 400    | 400     | 400   | 400   | 400
          """)
  void eachVerbHasItsAnswerAtEachPath(
      String path,
      int get,
      int head,
      int put,
      int post,
      int delete,
      int options,
      int patch,
      int trace,
      int lower) {
    List<String> verbs =
        List.of("GET", "HEAD", "PUT", "POST", "OPTIONS", "PATCH", "TRACE", "get", "DELETE");
    List<Integer> expected = List.of(get, head, put, post, options, patch, trace, lower, delete);
    List<Integer> answered = new ArrayList<>();
    for (int i = 0; i < verbs.size(); i++) {
      // What creates or deletes changes what the next would find.
      new ChannelEndpointTest() {
        void ask(String verb) {
          createChannels();
          MemoryExchange exchange =
              new MemoryExchange(verb + " " + path, anybody(), counts()).with("Content-Type", JSON);
          handle(exchange.body(verb.equals("POST") ? "3" : ""));
          answered.add(exchange.answer().status());
        }
      }.ask(verbs.get(i));
    }
    assertEquals(expected, answered, verbs.toString());
  }

  final Guard anybody() {
    return anybody;
  }

  final Counters counts() {
    return counters;
  }

  final void handle(MemoryExchange exchange) {
    http.handle(exchange);
  }

  @Test
  void aMethodThatThereIsNotIsToldWhichThereAre() {
    String all = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
    MemoryExchange patch = handled(exchange("PATCH /channels/c"));
    assertAnswered(405, "method-not-allowed", patch);
    assertEquals(all, patch.answer().headers().get("Allow"));
    MemoryExchange options = handled(exchange("OPTIONS /channels/c"));
    assertEquals(all, options.text());
    assertEquals(all, options.answer().headers().get("Allow"));
    MemoryExchange presence = handled(exchange("OPTIONS /channels/c/presence"));
    assertEquals("GET, HEAD, OPTIONS", presence.answer().headers().get("Allow"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          ?offset=-1                               | -                 | 200 | -
          ?offset=now                              | -                 | 200 | -
          ?offset=                                 | -                 | 400 | bad-offset
          ?offset=x                                | -                 | 400 | bad-offset
          ?offset=-2                               | -                 | 400 | bad-offset
          ?offset=-1&offset=-1                     | -                 | 400 | bad-parameter
          ?offset=%zz                              | -                 | 400 | bad-parameter
          ?offset=00000001_000000001               | -                 | 410 | offset-gone
          ?live=long-poll                          | -                 | 400 | bad-offset
          ?live=sse                                | -                 | 400 | bad-offset
          ?live=other&offset=-1                    | -                 | 400 | bad-parameter
          ?live=long-poll&offset=-1                | -                 | 200 | -
          ?live=long-poll&offset=now               | Prefer: wait=0    | 204 | -
          ?live=long-poll&offset=now               | Prefer: wait=x    | 400 | bad-parameter
          ?live=long-poll&offset=now               | Prefer: wait=-1   | 400 | bad-parameter
          ?live=long-poll&offset=now               | Prefer: wait=9999 | 400 | bad-parameter
          ?live=long-poll&offset=-1&live=long-poll | -                 | 400 | bad-parameter
          ?offset=-1&member=a%20b                  | -                 | 400 | bad-parameter
          ?offset=-1&watch=a%20b                   | -                 | 400 | bad-parameter
          ?offset=-1                               | If-None-Match: *  | 304 | -
          ?offset=-1                               | If-None-Match: "x" | 200 | -
          ?offset=-1                               | Accept: */*       | 200 | -
          ?offset=-1&unknown=1                     | -                 | 200 | -
          """)
  void aReadSaysWhatItWantsByQueryAndHeaders(
      String query, String header, int status, String problem) {
    MemoryExchange read = exchange("GET /channels/c" + query);
    if (header != null) {
      read.with(header.split(": ")[0], header.split(": ")[1]);
    }
    assertAnswered(status, problem, handled(read));
  }

  @Test
  void aQueryThatIsTooLongIsRefused() {
    assertAnswered(414, "query-too-long", get("/channels/c?offset=-1&x=" + "y".repeat(256)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          ?offset=-1                                     | 400 | bad-parameter
          ?live=sse                                      | 400 | bad-parameter
          ?channel=c                                     | 200 | -
          ?channel=c&channel=text                        | 200 | -
          ?channel=c&channel=c                           | 400 | bad-parameter
          ?channel=c@-1&channel=text@now                 | 200 | -
          ?channel=c@x                                   | 400 | bad-offset
          ?channel=c&channel=missing                     | 404 | unknown-channel
          ?channel=c&channel=a%2Fb                       | 400 | bad-name
          ?channel=a&channel=b&channel=c&channel=d       | 400 | too-many-subscriptions
          ?channel=c&channel=text&offset=-1              | 400 | bad-offset
          ?channel=c&channel=text&offset=-1.now          | 200 | -
          """)
  void severalChannelsAreReadByOneRequest(String query, int status, String problem) {
    assertAnswered(status, problem, get("/channels" + query));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          ''                | 200 | -
          ?limit=1          | 200 | -
          ?limit=1000       | 200 | -
          ?limit=0          | 400 | bad-parameter
          ?limit=1001       | 400 | bad-parameter
          ?limit=99999999999| 400 | bad-parameter
          ?limit=all        | 400 | bad-parameter
          ?limit=1&limit=2  | 400 | bad-parameter
          ?after=2          | 200 | -
          ?after=           | 400 | bad-parameter
          ?after=-1         | 400 | bad-parameter
          ?after=c          | 400 | bad-parameter
          ?after=99999999999999999999 | 400 | bad-parameter
          """)
  void theChannelsAreListed(String query, int status, String problem) {
    assertAnswered(status, problem, get("/channels" + query));
  }

  private List<String> listed(Guard guard, int limit) {
    List<String> names = new ArrayList<>();
    String after = "";
    do {
      MemoryExchange page =
          new MemoryExchange("GET /channels?limit=" + limit + after, guard, counters);
      http.handle(page);
      assertAnswered(200, null, page);
      JsonObject json = Reader.object(page.text());
      assertTrue(json.getJsonArray("channels").size() <= limit, page.text());
      json.getJsonArray("channels").stream()
          .map(channel -> channel.asJsonObject().getString("name"))
          .forEach(names::add);
      after = json.containsKey("next") ? "&after=" + json.getString("next") : null;
    } while (after != null);
    return names;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 1000})
  void aListOfChannelsHasEachOnceHoweverLongItsPages(int limit) {
    assertEquals(List.of("c", "text", "closed"), listed(anybody, limit));
  }

  @Test
  void aListSaysWhatAChannelHolds() {
    assertEquals(
        "{\"channels\":[{\"name\":\"c\",\"contentType\":\"application/json\"},"
            + "{\"name\":\"text\",\"contentType\":\"text/plain\"}],\"next\":\"2\"}",
        get("/channels?limit=2").text());
  }

  @Test
  void aChannelThatIsDeletedOrHasExpiredIsNotListed() {
    handled(exchange("PUT /channels/brief").with("Content-Type", JSON).with("Stream-TTL", "1"));
    assertEquals(List.of("c", "text", "closed", "brief"), listed(anybody, 10));
    handled(exchange("DELETE /channels/text"));
    now += 1_001;
    assertEquals(List.of("c", "closed"), listed(anybody, 1));
  }

  @Test
  void aListHasWhatItsClientMayReadAndSaysNothingOfTheRest() {
    assertEquals(List.of("text"), listed(guard("t*:read,c:append"), 1));
    MemoryExchange exchange =
        new MemoryExchange("GET /channels?limit=1", guard("text:read"), counters);
    http.handle(exchange);
    assertEquals("{\"channels\":[],\"next\":\"1\"}", exchange.text());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          application/json | text/plain | send Content-Type: application/json
          application/json | application/x-www-form-urlencoded | send Content-Type: application/json
          application/octet-stream | application/x-www-form-urlencoded | send Content-Type: application/octet-stream
          application/octet-stream | application/json | DELETE it and PUT it with Content-Type: application/json
          """)
  void anotherContentTypeIsToldWhatToSend(String holds, String sent, String advice) {
    MemoryExchange create = exchange("PUT /channels/new");
    if (!holds.equals("application/octet-stream")) {
      create.with("Content-Type", holds);
    }
    assertAnswered(201, null, handled(create));
    MemoryExchange append =
        handled(exchange("POST /channels/new").with("Content-Type", sent).body("1"));
    assertAnswered(409, "content-type-mismatch", append);
    String detail = Reader.object(append.text()).getString("detail");
    assertTrue(detail.endsWith(advice), detail);
  }

  @Test
  void whoMayReadNothingGetsNoListOfChannels() {
    MemoryExchange exchange = new MemoryExchange("GET /channels", guard("*:append"), counters);
    http.handle(exchange);
    assertAnswered(403, "forbidden", exchange);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          c      | application/json         | 1     | 204 | -
          c      | application/json         | [1]   | 204 | -
          c      | application/json         | []    | 400 | empty-body
          c      | application/json         | ''    | 400 | empty-body
          c      | application/json         | {     | 400 | bad-message
          c      | application/json         | 1 2   | 400 | bad-message
          c      | application/JSON         | 1     | 204 | -
          c      | application/json; a=b    | 1     | 204 | -
          c      | text/plain               | 1     | 409 | content-type-mismatch
          c      | -                        | 1     | 400 | bad-parameter
          text   | text/plain               | any   | 204 | -
          text   | application/json         | 1     | 409 | content-type-mismatch
          closed | application/json         | 1     | 409 | channel-closed
          closed | text/plain               | 1     | 409 | channel-closed
          closed | application/json         | {     | 409 | channel-closed
          closed | application/json         | ''    | 400 | empty-body
          """)
  void anAppendIsTakenOrToldWhyNot(
      String channel, String type, String body, int status, String problem) {
    MemoryExchange append = exchange("POST /channels/" + channel).body(body);
    if (type != null) {
      append.with("Content-Type", type);
    }
    assertAnswered(status, problem, handled(append));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          p  | 0 | 0  | 200 | -
          p  | 0 | 1  | 409 | sequence-conflict
          p  | 5 | 1  | 409 | sequence-conflict
          p  | - | 0  | 400 | bad-parameter
          p  | 0 | -  | 400 | bad-parameter
          -  | 0 | 0  | 400 | bad-parameter
          '' | 0 | 0  | 400 | bad-parameter
          p  | x | 0  | 400 | bad-parameter
          p  | 0 | -1 | 400 | bad-parameter
          p  | 0 | 9007199254740992 | 400 | bad-parameter
          """)
  void aProducerIsTakenAtItsNumbers(
      String id, String epoch, String seq, int status, String problem) {
    MemoryExchange append = exchange("POST /channels/c").with("Content-Type", JSON).body("1");
    Map<String, String> headers = new java.util.HashMap<>();
    headers.put("Producer-Id", id);
    headers.put("Producer-Epoch", epoch);
    headers.put("Producer-Seq", seq);
    headers.forEach(
        (name, value) -> {
          if (value != null) {
            append.with(name, value);
          }
        });
    assertAnswered(status, problem, handled(append));
  }

  @Test
  void aRetryOfAProducerIsKnown() {
    for (int status : List.of(200, 204)) {
      MemoryExchange append = exchange("POST /channels/c").with("Content-Type", JSON).body("1");
      append.with("Producer-Id", "p").with("Producer-Epoch", "0").with("Producer-Seq", "0");
      assertAnswered(status, null, handled(append));
      assertEquals("0", append.answer().headers().get("Producer-Seq"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          n | -                     | -                            | ''  | 201 | -
          n | application/json      | -                            | ''  | 201 | -
          n | application/json      | -                            | [1] | 201 | -
          n | application/json      | -                            | {   | 400 | bad-message
          n | nonsense              | -                            | ''  | 400 | bad-parameter
          n | application/json      | Stream-TTL: 60               | ''  | 201 | -
          n | application/json      | Stream-TTL: x                | ''  | 400 | bad-parameter
          n | application/json      | Stream-Expires-At: tomorrow  | ''  | 400 | bad-parameter
          n | application/json      | Stream-Closed: true          | ''  | 201 | -
          n | application/json      | Stream-Fork-Offset: -1       | ''  | 400 | bad-fork
          n | application/json      | Stream-Forked-From: /other/c | ''  | 400 | bad-fork
          n | application/json      | Stream-Forked-From: /switchboard/channels/c | '' | 201 | -
          n | application/json      | Stream-Forked-From: /switchboard/channels/x | '' | 404 | unknown-channel
          n | text/plain            | Stream-Forked-From: /switchboard/channels/c | '' | 409 | content-type-mismatch
          n | application/json      | Content-Encoding: gzip       | ''  | 415 | unsupported-encoding
          n | application/json      | Content-Encoding: identity   | ''  | 201 | -
          c | application/json      | -                            | ''  | 200 | -
          c | text/plain            | -                            | ''  | 409 | channel-exists
          """)
  void aChannelIsCreatedOrToldWhyNot(
      String name, String type, String header, String body, int status, String problem) {
    MemoryExchange create = exchange("PUT /channels/" + name).body(body);
    if (type != null) {
      create.with("Content-Type", type);
    }
    if (header != null) {
      create.with(header.split(": ")[0], header.split(": ")[1]);
    }
    assertAnswered(status, problem, handled(create));
    if (status == 201) {
      assertEquals(
          "https://example.com/switchboard/channels/n", create.answer().headers().get("Location"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "*:read, GET=200 HEAD=200 PUT=403 POST=403 DELETE=403 OPTIONS=200",
    "*:append, GET=403 HEAD=403 PUT=403 POST=204 DELETE=403 OPTIONS=200",
    "*:create, GET=403 HEAD=403 PUT=200 POST=403 DELETE=403 OPTIONS=200",
    "*:delete, GET=403 HEAD=403 PUT=403 POST=403 DELETE=204 OPTIONS=200",
    "other, GET=403 HEAD=403 PUT=403 POST=403 DELETE=403 OPTIONS=200"
  })
  void eachVerbNeedsItsRight(String open, String expected) {
    for (String pair : expected.split(" ")) {
      String verb = pair.split("=")[0];
      MemoryExchange exchange =
          new MemoryExchange(verb + " /channels/c", guard(open), counters)
              .with("Content-Type", JSON);
      http.handle(exchange.body(verb.equals("POST") ? "3" : ""));
      assertEquals(Integer.parseInt(pair.split("=")[1]), exchange.answer().status(), verb);
    }
  }

  @Test
  void whoMayNotReadLearnsNotWhetherThereIsAChannel() {
    Guard nobody = guard("other");
    for (String name : List.of("c", "missing", "c/presence", "missing/presence")) {
      MemoryExchange exchange = new MemoryExchange("GET /channels/" + name, nobody, counters);
      http.handle(exchange);
      assertAnswered(403, "forbidden", exchange);
    }
  }

  @Test
  void whateverIsAskedIsAnsweredOnceAndNeverByAccident() {
    List<String> paths =
        List.of("c", "text", "closed", "missing", "", "a/b", "c/presence", "%", "x".repeat(300));
    List<String> queries =
        List.of(
            "", "?offset=-1", "?offset=now&live=long-poll", "?offset=-1&live=sse", "?channel=c");
    List<Map<String, String>> headers =
        List.of(
            Map.of(),
            Map.of("Content-Type", JSON),
            Map.of("Content-Type", "x"),
            Map.of("Content-Type", "text/plain", "Stream-Closed", "TRUE"),
            Map.of("Accept", "text/event-stream", "Cache-Control", "no-cache"),
            Map.of("Last-Event-ID", "x", "Prefer", "wait=", "If-None-Match", ","),
            Map.of("Stream-Seq", "a", "Content-Type", JSON, "Producer-Id", ""));
    int asked = 0;
    for (String verb : List.of("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "FOO")) {
      for (String path : paths) {
        for (String query : queries) {
          for (Map<String, String> header : headers) {
            for (String body : List.of("", "1")) {
              String line = verb + " /channels/" + path + query;
              MemoryExchange exchange = exchange(line).body(body);
              header.forEach(exchange::with);
              http.handle(exchange);
              asked++;
              assertSound(line + " " + header + " " + body, exchange);
            }
          }
        }
      }
    }
    assertEquals(4_410, asked);
    assertEquals(0, counters.endings(Ending.INTERNAL));
    now += Duration.ofHours(1).toMillis();
    connections.tick(now);
    assertEquals(0, connections.count(), "every long poll is answered");
  }

  private void assertSound(String what, MemoryExchange exchange) {
    if (exchange.stream() != null) {
      assertNull(exchange.answer(), what);
      return;
    }
    HttpAnswer answer = exchange.answer();
    if (answer == null) {
      assertTrue(exchange.isHeld(), what);
      return;
    }
    if (answer.status() >= 400) {
      JsonObject problem = Reader.object(exchange.text());
      assertEquals(answer.status(), problem.getInt("status"), what);
      assertEquals(Problem.MEDIA_TYPE, answer.headers().get("Content-Type"), what);
      assertFalse(problem.getString("detail").isBlank(), what);
    }
    if (answer.status() == 204 || answer.status() == 304) {
      assertNull(answer.body(), what);
    }
  }

  @Test
  void aLongPollIsHeldUntilAMessageComes() {
    MemoryExchange poll = get("/channels/c?offset=now&live=long-poll");
    assertTrue(poll.isHeld());
    assertNull(poll.answer());
    assertEquals(1, connections.open(Transport.LONG_POLL));
    post("c", "3");
    assertEquals("[3]", poll.text());
    assertEquals(0, connections.count());
  }

  @Test
  void aLongPollIsAnsweredWhenItsTimeIsUp() {
    MemoryExchange poll =
        handled(exchange("GET /channels/c?offset=now&live=long-poll").with("Prefer", "wait=5"));
    now += 4_999;
    connections.tick(now);
    assertNull(poll.answer());
    now += 2;
    connections.tick(now);
    assertAnswered(204, null, poll);
    assertEquals("wait=5", poll.answer().headers().get("Preference-Applied"));
  }

  @Test
  void aLongPollIsToldThatTheChannelIsDeletedOrTheServerStops() {
    MemoryExchange poll = get("/channels/c?offset=now&live=long-poll");
    MemoryExchange other = get("/channels/text?offset=now&live=long-poll");
    handled(exchange("DELETE /channels/c"));
    assertAnswered(404, "channel-deleted", poll);
    connections.endAll(Ending.SERVER_STOPPING);
    assertAnswered(503, "server-stopping", other);
    assertEquals(1, counters.endings(Ending.SERVER_STOPPING));
  }

  @Test
  void whoIsOneTooManyIsToldToComeAgain() {
    for (int i = 0; i < 10; i++) {
      get("/channels/c?offset=now&live=long-poll");
    }
    MemoryExchange poll = get("/channels/c?offset=now&live=long-poll");
    assertAnswered(503, "too-many-connections", poll);
    assertNotNull(poll.answer().headers().get("Retry-After"));
    MemoryExchange source =
        exchange("GET /channels/c?offset=now")
            .with("Accept", "text/event-stream")
            .with("Cache-Control", "no-cache");
    http.handle(source);
    assertEquals(200, source.answer().status(), "an EventSource gives up at any other status");
    assertTrue(source.text().contains("retry: "), source.text());
  }

  @Test
  void anEventStreamBeginsWhereItIsAskedFor() {
    MemoryExchange stream =
        handled(
            exchange("GET /channels/c?offset=-1")
                .with("Accept", "text/event-stream")
                .with("Last-Event-ID", "now"));
    assertNull(stream.answer());
    assertEquals("text/event-stream", stream.stream().headers().get("Content-Type"));
    assertFalse(http.isPlain(stream));
  }

  @Test
  void anEventStreamIsWrittenAsItsClientTakesIt() {
    MemoryExchange exchange =
        handled(exchange("GET /channels/c?offset=-1").with("Accept", "text/event-stream"));
    MemoryStream stream = exchange.stream();
    assertEquals("", stream.text(), "nothing before the server says so");
    stream.take(1);
    stream.server().writable();
    assertTrue(stream.text().startsWith("retry: "), stream.text());
    assertFalse(stream.text().contains("data:[1,2]"), stream.text());
    stream.take(100);
    stream.server().writable();
    assertTrue(stream.text().contains("data:[1,2]"), stream.text());
    assertEquals(1, connections.count());
    stream.server().ended();
    assertEquals(0, connections.count());
    post("c", "3");
    assertFalse(stream.text().contains("data:[3]"), "nothing after the end");
  }

  @Test
  void anEventStreamOfBytesSaysHowTheyAreEncoded() {
    put("bytes", "application/octet-stream");
    MemoryExchange exchange =
        handled(exchange("GET /channels/bytes?offset=-1").with("Accept", "text/event-stream"));
    assertEquals("base64", exchange.stream().headers().get("Stream-SSE-Data-Encoding"));
  }

  @Test
  void anEventStreamAtTheEndOfAClosedChannelIsStopped() {
    MemoryExchange end = get("/channels/closed?offset=now");
    MemoryExchange again =
        handled(
            exchange("GET /channels/closed?offset=-1")
                .with("Accept", "text/event-stream")
                .with("Last-Event-ID", end.answer().headers().get("Stream-Next-Offset")));
    assertAnswered(204, null, again);
  }

  @ParameterizedTest
  @CsvSource({
    "GET /channels/c, true",
    "HEAD /channels/c, true",
    "DELETE /channels/c, true",
    "OPTIONS /channels/c, true",
    "GET /channels/c?live=sse&offset=-1, false",
    "GET /channels/c?live=nonsense, true",
    "GET /channels?channel=c, true",
    "GET /channels/c/presence, true",
    "POST /channels/c, false",
    "PUT /channels/c, false",
    "PATCH /channels/c, false"
  })
  void whatHasNoBodyAndAWholeAnswerAnyApiCanCarry(String line, boolean isPlain) {
    assertEquals(isPlain, http.isPlain(exchange(line)));
  }

  @Test
  void appendsThatComeTooFastAreToldToWait() {
    ChannelEndpoint slow = http(1);
    for (String problem : new String[] {null, "rate-limited"}) {
      MemoryExchange append = exchange("POST /channels/c").with("Content-Type", JSON).body("1");
      slow.handle(append);
      assertAnswered(problem == null ? 204 : 429, problem, append);
    }
  }

  @Test
  void aBodyThatComesLateIsAppendedThen() {
    MemoryExchange append =
        handled(exchange("POST /channels/c").with("Content-Type", JSON).bodyLater());
    assertNull(append.answer());
    append.bodyCame("3");
    assertAnswered(204, null, append);
  }

  @Test
  void aBodyThatComesWhileTheServerStopsIsRefused() {
    MemoryExchange append =
        handled(exchange("POST /channels/c").with("Content-Type", JSON).bodyLater());
    new switchboard.connection.Drain(
            connections,
            new switchboard.connection.PendingBodies(1 << 20),
            Duration.ZERO,
            clocks.elapsed())
        .run();
    append.bodyCame("3");
    assertAnswered(503, "server-stopping", append);
  }

  @Test
  void theFirstOfTwoAnswersCounts() {
    MemoryExchange exchange = exchange("GET /channels/c");
    assertTrue(exchange.answer(new HttpAnswer(200, Map.of(), null)));
    assertFalse(exchange.answer(new HttpAnswer(204, Map.of(), null)));
    assertFalse(exchange.refuse(new Problem(Ending.INTERNAL, "too late")));
    assertEquals(200, exchange.answer().status());
    assertEquals(0, counters.endings(Ending.INTERNAL), "what was not told is not counted");
  }

  @Test
  void anExchangeIsHandledOnce() {
    MemoryExchange exchange =
        handled(exchange("POST /channels/c").with("Content-Type", JSON).body("3"));
    http.handle(exchange);
    assertAnswered(204, null, exchange);
    assertEquals("[1,2,3]", get("/channels/c?offset=-1").text());
  }

  @Test
  void aBodyIsReceivedOnce() {
    MemoryExchange exchange = exchange("POST /channels/c").bodyLater();
    exchange.receive(body -> CompletableFuture.completedFuture(NOTHING));
    assertThrows(IllegalStateException.class, () -> exchange.receive(body -> null));
  }

  @Test
  void anAppendThatTheStoreIsSlowToKeepHoldsItsRequestAndNoThread() {
    CompletableFuture<HttpAnswer> kept = new CompletableFuture<>();
    MemoryExchange exchange = exchange("POST /channels/c").body("1");
    exchange.receive(body -> kept);
    assertTrue(exchange.isHeld());
    assertNull(exchange.answer());
    kept.complete(NOTHING);
    assertAnswered(204, null, exchange);
  }

  @Test
  void whatIsKnownAtOnceIsAnsweredAtOnce() {
    MemoryExchange exchange = exchange("POST /channels/c").body("1");
    exchange.receive(body -> CompletableFuture.completedFuture(NOTHING));
    assertFalse(exchange.isHeld());
    assertAnswered(204, null, exchange);
  }

  @Test
  void aStoreThatFailsLaterIsToldAsIfItHadFailedAtOnce() {
    CompletableFuture<HttpAnswer> kept = new CompletableFuture<>();
    MemoryExchange exchange = exchange("DELETE /channels/c");
    exchange.answer(kept.thenApply(answer -> answer));
    kept.completeExceptionally(new Channels.Refused(Ending.OUTCOME_UNKNOWN, "the disk failed"));
    assertAnswered(503, "outcome-unknown", exchange);
  }

  @Test
  void aRequestIsHeldOnceAndNotAfterItsAnswer() {
    MemoryExchange held = exchange("GET /channels/c");
    held.hold();
    assertThrows(IllegalStateException.class, held::hold);
    MemoryExchange answered = handled(exchange("OPTIONS /channels/c"));
    assertThrows(IllegalStateException.class, answered::hold);
  }

  @Test
  void anAnswerToAClientThatHasGoneIsDropped() {
    MemoryExchange poll = handled(exchange("GET /channels/c?offset=now&live=long-poll").gone());
    post("c", "3");
    assertNull(poll.answer());
    assertEquals(0, connections.count());
    assertEquals(0, counters.endings(Ending.INTERNAL));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /channels/c",
        "GET /channels/c?offset=now&live=long-poll",
        "GET /channels/c?offset=now&live=sse"
      })
  void anAnswerThatCannotBeWrittenEndsTheRequestOnceAndForAll(String line) {
    Logger log = Logger.getLogger(Problem.class.getName());
    log.setFilter(record -> false); // one on purpose
    MemoryExchange poll;
    try {
      poll = handled(exchange(line).failingToWrite(new IllegalArgumentException("on purpose")));
      post("c", "3");
    } finally {
      log.setFilter(null);
    }
    assertEquals(500, poll.failure().status());
    assertEquals(1, counters.endings(Ending.INTERNAL));
    assertEquals(0, connections.count());
  }

  @Test
  void presenceTellsWhoIsThere() {
    get("/channels/c?offset=-1&member=ann");
    JsonObject presence = Reader.object(get("/channels/c/presence").text());
    assertEquals(1, presence.getInt("present"));
    assertEquals(1, presence.getJsonObject("transports").getInt("poll"));
    assertEquals("ann", presence.getJsonArray("members").getString(0));
  }

  @Test
  void metadataSayWhatTheChannelIs() {
    Map<String, String> headers = handled(exchange("HEAD /channels/text")).answer().headers();
    assertEquals("text/plain", headers.get("Content-Type"));
    assertEquals("no-store", headers.get("Cache-Control"));
    assertNotNull(headers.get("Stream-Next-Offset"));
    assertEquals(
        "true", handled(exchange("HEAD /channels/closed")).answer().headers().get("Stream-Closed"));
  }

  @Test
  void deletingTakesTheChannelAway() {
    assertAnswered(204, null, handled(exchange("DELETE /channels/c")));
    assertTrue(channels.find(new ChannelName("c")).isEmpty());
  }
}
