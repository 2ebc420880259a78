package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.access.Authorizer;
import switchboard.channel.ChannelName;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.config.Action;
import switchboard.config.Settings;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.testing.Issuer;
import switchboard.time.Clocks;

/** What is asked of each request before it is anything else, without a server. */
class RequestGateTest {

  private static final ChannelName CHANNEL = new ChannelName("c");
  private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  private final Map<String, String> written = new TreeMap<>();
  private final Counters counters = new Counters();
  private final Instant wall = Instant.parse("2026-01-01T00:00:00Z");
  private final Clocks clocks = new Clocks(() -> wall, () -> 1_000, () -> 1_000);
  private int maxConnections = 10;

  /** Admits a request with the settings written so far. */
  private MemoryExchange admitted(MemoryRequest request) {
    MemoryExchange exchange = new MemoryExchange(request, counters);
    assertTrue(gate().admit(exchange, false));
    assertNull(exchange.answer());
    return exchange;
  }

  private Problem refusal(MemoryRequest request) {
    return assertThrows(Problem.class, () -> admitted(request));
  }

  private void assertRefused(Ending ending, String quoted, MemoryRequest request) {
    Problem problem = refusal(request);
    assertEquals(ending, problem.ending(), problem.getMessage());
    assertTrue(problem.getMessage().contains(quoted), problem.getMessage());
  }

  private RequestGate gate() {
    Issuer.TRUST.forEach(line -> written.put(line.split("=", 2)[0], line.split("=", 2)[1]));
    Settings settings = new Settings(setting -> written.get(setting.key()), written.keySet());
    Connections connections = new Connections(counters, maxConnections, 0, Admission.open());
    return new RequestGate(
        settings, connections, new Authorizer(settings, clocks, name -> false), clocks);
  }

  private static MemoryRequest get() {
    return new MemoryRequest("GET /channels/c?offset=-1");
  }

  private static MemoryRequest post() {
    return new MemoryRequest("POST /channels/c");
  }

  private static MemoryRequest handshake(String path) {
    return new MemoryRequest("GET " + path)
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade")
        .with("Sec-WebSocket-Key", KEY)
        .with("Sec-WebSocket-Version", "13");
  }

  @Test
  void aGoodRequestIsAdmittedAndItsClientKnown() {
    Request request = admitted(get()).request();
    assertEquals("192.0.2.1", request.address());
    assertEquals("/channels/c", request.path());
    assertEquals("c", request.channel());
    assertTrue(request.guard().isWithoutToken());
  }

  @Test
  void nobodyAsksForTheClientBeforeTheGate() {
    assertThrows(IllegalStateException.class, () -> get().guard());
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"})
  void everyAnswerSaysThatItIsNoPage(String method) {
    MemoryExchange exchange = admitted(new MemoryRequest(method + " /channels/c"));
    assertEquals("nosniff", exchange.set().get("X-Content-Type-Options"));
    assertTrue(exchange.set().get("Content-Security-Policy").contains("sandbox"));
  }

  // Slow readers and bodies that nobody wants

  @Test
  void aClientThatReadsNoResponsesIsDisconnected() {
    MemoryRequest request = get().afterUnread(65_537);
    assertRefused(Ending.TOO_SLOW, "did not read", request);
    assertTrue(request.isDisconnected());
    MemoryRequest slow = get().afterUnread(65_536);
    admitted(slow);
    assertFalse(slow.isDisconnected());
  }

  @ParameterizedTest
  @CsvSource({
    "GET, true",
    "HEAD, true",
    "DELETE, true",
    "OPTIONS, true",
    "PATCH, true",
    "PUT, false",
    "POST, false"
  })
  void aBodyThatHasNotArrivedIsOnlyForMethodsThatHaveOne(String method, boolean isRefused) {
    MemoryRequest request = new MemoryRequest(method + " /channels/c").withUnreadBody();
    if (isRefused) {
      assertRefused(Ending.BAD_MESSAGE, method, request);
    } else {
      admitted(request);
    }
  }

  // The path

  @ParameterizedTest
  @CsvSource({
    "/channels/c, c",
    "/channels/%63, c",
    "/channels, ''",
    "/channels/c/presence, c/presence",
    "/access, ''",
    "/access/denials, ''",
  })
  void thePathNamesTheChannel(String path, String channel) {
    assertEquals(channel, admitted(new MemoryRequest("DELETE " + path)).request().channel());
  }

  @ParameterizedTest
  @CsvSource({
    "/channels//c, BAD_NAME",
    "/channels/c/, BAD_NAME",
    "/channels/./c, BAD_NAME",
    "/channels/c;x, BAD_NAME",
    "/channels/a%20b, BAD_NAME",
    "/channels/a%2Fb, BAD_NAME",
    "/channels/%zz, BAD_NAME",
    "//access, BAD_PATH",
    "/%61ccess, BAD_PATH",
    "/access/../channels, BAD_PATH",
  })
  void aPathHasOneSpelling(String path, Ending ending) {
    assertEquals(ending, refusal(new MemoryRequest("GET " + path)).ending());
  }

  @Test
  void belowAPathOfAnApplicationTheNamesAreTheSame() {
    MemoryRequest request = new MemoryRequest("GET /push/channels/c", "/push");
    Request admitted = admitted(request).request();
    assertEquals("/channels/c", admitted.path());
    assertEquals("/switchboard/push/channels/", admitted.root());
  }

  // The host

  @ParameterizedTest
  @CsvSource({
    "example.com,, true",
    "example.com:8443,, true",
    "EXAMPLE.com.,, true",
    "evil.test, WRONG_HOST, false",
    "a b, BAD_PARAMETER, false",
    "user@example.com, BAD_PARAMETER, false",
    "example.com:, BAD_PARAMETER, false",
    "example.com:99999, BAD_PARAMETER, false",
  })
  void theHostIsOneOfTheList(String host, Ending ending, boolean isAdmitted) {
    written.put("switchboard.hosts", "example.com");
    MemoryRequest request = get().at("https://" + host + "/").with("Host", host);
    if (isAdmitted) {
      admitted(request);
    } else {
      assertEquals(ending, refusal(request).ending());
    }
  }

  @Test
  void thereIsOneHost() {
    assertRefused(
        Ending.BAD_PARAMETER, "2 Host", get().with("Host", "example.com").with("Host", "b.test"));
    MemoryRequest other = get().at("https://b.test/").with("Host", "example.com");
    assertRefused(Ending.BAD_PARAMETER, "different servers", other);
    MemoryRequest user = get().at("https://u:p@example.com/").with("Host", "example.com");
    assertRefused(Ending.BAD_PARAMETER, "user name", user);
    assertFalse(refusal(user).getMessage().contains("u:p"), "a password is not quoted");
  }

  // Proxies

  @Test
  void whatATrustedProxySaysIsBelieved() {
    written.put("switchboard.proxies.trusted", "10.0.0.1");
    written.put("switchboard.hosts", "push.test");
    MemoryRequest request =
        get()
            .from("10.0.0.1")
            .with("Host", "backend")
            .at("http://backend/")
            .with("Forwarded", "for=198.51.100.7;proto=https;host=push.test");
    Request admitted = admitted(request).request();
    assertEquals("198.51.100.7", admitted.address());
    assertEquals("https://push.test", admitted.origin());
    assertTrue(admitted.isSecure());
    assertEquals("198.51.100.7", admitted.client().address());
  }

  @Test
  void whatAnyOtherClientSaysIsNot() {
    written.put("switchboard.proxies.trusted", "10.0.0.1");
    MemoryRequest request = get().with("Forwarded", "for=198.51.100.7;host=push.test");
    assertEquals("192.0.2.1", admitted(request).request().address());
    assertEquals("https://example.com", request.origin());
  }

  // The purpose of a browser's request

  @ParameterizedTest
  @CsvSource({
    "Sec-Fetch-Dest, empty, true",
    "Sec-Fetch-Dest, websocket, true",
    "Sec-Fetch-Dest, document, true",
    "Sec-Fetch-Dest, script, false",
    "Sec-Fetch-Dest, image, false",
    "Sec-Fetch-Dest, iframe, false",
    "Service-Worker, script, false",
  })
  void aChannelIsNoPartOfAPage(String header, String value, boolean isAdmitted) {
    MemoryRequest request = get().with(header, value);
    if (isAdmitted) {
      admitted(request);
    } else {
      assertRefused(Ending.WRONG_DESTINATION, "\"" + value + "\"", request);
    }
  }

  // Origins

  private static MemoryRequest preflight(String origin) {
    return new MemoryRequest("OPTIONS /channels/c")
        .with("Origin", origin)
        .with("Access-Control-Request-Method", "POST")
        .with("Access-Control-Request-Headers", "traceparent, x-forwarded-for");
  }

  @Test
  void aPreflightOfAListedOriginIsAnswered() {
    written.put("switchboard.cors.origins", "https://shop.test");
    MemoryExchange exchange = new MemoryExchange(preflight("https://shop.test"), counters);
    assertFalse(gate().admit(exchange, false));
    assertEquals(204, exchange.answer().status());
    Map<String, String> headers = exchange.set();
    assertEquals("https://shop.test", headers.get("Access-Control-Allow-Origin"));
    assertEquals("true", headers.get("Access-Control-Allow-Credentials"));
    assertTrue(headers.get("Access-Control-Allow-Methods").contains("POST"));
    assertTrue(headers.get("Access-Control-Allow-Headers").contains("traceparent"));
    assertFalse(headers.get("Access-Control-Allow-Headers").contains("forwarded"));
    assertEquals("Origin", headers.get("Vary"));
  }

  @Test
  void aPreflightOfAnyOtherIsARequest() {
    written.put("switchboard.cors.origins", "https://shop.test");
    MemoryExchange exchange = admitted(preflight("https://evil.test"));
    assertNull(exchange.set().get("Access-Control-Allow-Origin"));
    assertEquals("Origin", exchange.set().get("Vary"));
  }

  @Test
  void aPageOfAnotherOriginMayReadAndNotAppend() {
    admitted(get().with("Origin", "https://evil.test"));
    assertRefused(
        Ending.WRONG_ORIGIN, "\"https://evil.test\"", post().with("Origin", "https://evil.test"));
    assertRefused(
        Ending.WRONG_ORIGIN,
        "a login needs a listed origin",
        get().with("Origin", "https://evil.test").loggedInAs("alice"));
    admitted(post().with("Origin", "https://example.com"));
  }

  // Sizes and the content type

  @Test
  void theHeadersAreCountedTogether() {
    written.put("switchboard.request.max-header-bytes", "1024");
    admitted(get().with("X-A", "x".repeat(500)).with("X-A", "x".repeat(500)));
    assertRefused(
        Ending.HEADERS_TOO_LARGE,
        "1024",
        get().with("X-A", "x".repeat(500)).with("X-A", "x".repeat(530)));
  }

  @ParameterizedTest
  @CsvSource({
    "POST, 5, true",
    "POST, -1, true",
    "POST, 0, false",
    "PUT, 0, true",
    "GET, -1, false"
  })
  void aContentTypeThatIsNoneMattersOnlyWithABody(String method, long length, boolean isRefused) {
    MemoryRequest request =
        new MemoryRequest(method + " /channels/c")
            .with("Content-Type", "nonsense")
            .withContentLength(length);
    if (isRefused) {
      assertRefused(Ending.BAD_PARAMETER, "\"nonsense\"", request);
    } else {
      assertNull(admitted(request).request().header("content-type"));
    }
  }

  // The client

  @Test
  void aTokenIsTheClients() {
    String token = Issuer.token(wall).grant("c", "read").sign();
    Guard guard = admitted(get().with("Authorization", "Bearer " + token)).request().guard();
    assertTrue(guard.permits(Action.READ, CHANNEL));
    assertFalse(guard.permits(Action.APPEND, CHANNEL));
  }

  @Test
  void aCookieOnlyReads() {
    String cookie =
        Credentials.COOKIE + "=" + Issuer.token(wall).grant("c", "read", "append").sign();
    Guard reader = admitted(get().with("Cookie", "a=b; " + cookie)).request().guard();
    assertTrue(reader.permits(Action.READ, CHANNEL));
    Guard writer = admitted(post().with("Cookie", cookie)).request().guard();
    assertFalse(writer.permits(Action.APPEND, CHANNEL));
  }

  @ParameterizedTest
  @ValueSource(strings = {"access_token=x", "offset=-1&Token=x", "%6a%77%74=x"})
  void aTokenInTheUrlIsRefused(String query) {
    assertEquals(
        Ending.TOKEN_IN_URL, refusal(new MemoryRequest("GET /channels/c?" + query)).ending());
  }

  @Test
  void thereIsOneTokenAndItIsValid() {
    String token = Issuer.token(wall).grant("c", "read").sign();
    assertRefused(
        Ending.BAD_PARAMETER,
        "2 tokens",
        get().with("Authorization", "Bearer " + token).with("Authorization", "Bearer " + token));
    assertRefused(
        Ending.BAD_PARAMETER,
        "2 cookies",
        get().with("Cookie", Credentials.COOKIE + "=a; " + Credentials.COOKIE + "=b"));
    assertEquals(
        Ending.INVALID_TOKEN, refusal(get().with("Authorization", "Bearer x.y.z")).ending());
  }

  @Test
  void theContainersLoginIsTheClientsToo() {
    written.put("switchboard.access.roles", "traders=c:read");
    Guard guard = admitted(get().loggedInAs("alice", "traders")).request().guard();
    assertEquals("alice", guard.caller().login().name());
    assertTrue(guard.permits(Action.READ, CHANNEL));
    Guard other = admitted(get().loggedInAs("bob")).request().guard();
    assertFalse(other.permits(Action.READ, CHANNEL));
  }

  // WebSockets

  @ParameterizedTest
  @CsvSource({"/channels/c, c", "/channels, ''"})
  void aHandshakeIsAdmittedWithTheChannelOfItsPath(String path, String channel) {
    assertEquals(channel, admitted(handshake(path)).request().client().channel());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          POST /channels/c   | websocket | Upgrade    | 13 | %1$s | HTTP/1.1 | BAD_UPGRADE
          GET /channels/c    | h2c       | Upgrade    | 13 | %1$s | HTTP/1.1 | BAD_UPGRADE
          GET /channels/c    | websocket | keep-alive | 13 | %1$s | HTTP/1.1 | BAD_UPGRADE
          GET /channels/c    | websocket | Upgrade    | 12 | %1$s | HTTP/1.1 | UPGRADE_VERSION
          GET /channels/c    | websocket | Upgrade    | 13 | x    | HTTP/1.1 | BAD_UPGRADE
          GET /channels/c    | websocket | Upgrade    | 13 | %1$s | HTTP/1.0 | BAD_UPGRADE
          GET /channels/c/d  | websocket | Upgrade    | 13 | %1$s | HTTP/1.1 | BAD_UPGRADE
          GET /access        | websocket | Upgrade    | 13 | %1$s | HTTP/1.1 | BAD_UPGRADE
          """)
  void aHandshakeIsAsTheStandardHasIt(
      String line,
      String upgrade,
      String connection,
      String version,
      String key,
      String protocol,
      Ending ending) {
    MemoryRequest request =
        new MemoryRequest(line)
            .by(protocol)
            .with("Upgrade", upgrade)
            .with("Connection", connection)
            .with("Sec-WebSocket-Version", version)
            .with("Sec-WebSocket-Key", key.formatted(KEY));
    assertEquals(ending, refusal(request).ending());
  }

  @Test
  void aHandshakeHasNoBody() {
    assertRefused(Ending.BAD_UPGRADE, "body", handshake("/channels/c").withContentLength(1));
    assertRefused(
        Ending.BAD_UPGRADE, "body", handshake("/channels/c").with("Transfer-Encoding", "chunked"));
  }

  @Test
  void aHandshakeIsRefusedWhileTheServerIsFull() {
    maxConnections = 0;
    Problem problem = refusal(handshake("/channels/c"));
    assertEquals(503, problem.ending().status());
    assertTrue(problem.headers().containsKey("Retry-After"));
    admitted(get()); // a poll needs no room
  }

  @Test
  void anInvalidTokenOfAHandshakeIsToldOverTheConnection() {
    MemoryRequest request =
        handshake("/channels/c").with("Sec-WebSocket-Protocol", "switchboard.bearer.x.y.z");
    ClientPrincipal client = admitted(request).request().client();
    assertEquals(Ending.INVALID_TOKEN, client.refusal().ending());
    assertFalse(client.guard().permits(Action.READ, CHANNEL));
    assertThrows(Problem.class, request::guard);
  }

  @Test
  void aRefusedHandshakeEndsItsConnection() {
    MemoryExchange upgrade = new MemoryExchange(handshake("/channels/c"), counters);
    upgrade.refuse(new Problem(Ending.BAD_UPGRADE, "a test"));
    assertEquals("close", upgrade.set().get("Connection"));
    MemoryExchange poll = new MemoryExchange(get(), counters);
    poll.refuse(new Problem(Ending.BAD_PARAMETER, "a test"));
    assertNull(poll.set().get("Connection"));
  }

  // Files

  @Test
  void aFileIsForEverybody() {
    MemoryRequest request =
        new MemoryRequest("GET /js/switchboard.js")
            .with("Sec-Fetch-Dest", "script")
            .with("Origin", "https://evil.test")
            .with("Cookie", "a=b")
            .with("Authorization", "Bearer x.y.z");
    MemoryExchange exchange = new MemoryExchange(request, counters);
    assertTrue(assertDoesNotThrow(() -> gate().admit(exchange, true)));
    written.put("switchboard.hosts", "push.test");
    MemoryExchange wrongHost = new MemoryExchange(request.with("Host", "example.com"), counters);
    assertEquals(
        Ending.WRONG_HOST,
        assertThrows(Problem.class, () -> gate().admit(wrongHost, true)).ending());
  }

  @Test
  void theFirstReasonIsTold() {
    written.put("switchboard.hosts", "push.test");
    List<Ending> endings =
        List.of(
            refusal(new MemoryRequest("POST /channels/a%20b").with("Host", "x.test")).ending(),
            refusal(post().with("Host", "example.com").with("Origin", "https://e.test")).ending());
    assertEquals(List.of(Ending.BAD_NAME, Ending.WRONG_HOST), endings);
  }
}
