package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.channel.Transport;
import switchboard.testing.Browser;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.Metrics;
import switchboard.testing.Programs;
import switchboard.testing.RawFrames;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** Who has a token may do what it grants, by every transport, for as long as it is good. */
@ExtendWith(ArquillianExtension.class)
class AccessIT {

  private static final String PROBLEM = "urn:switchboard:problem:";

  private final Http http = new Http(URI.create("http://127.0.0.1:18080/switchboard/"));
  private final String admin =
      Issuer.token()
          .subject("admin")
          .grant("*", "read", "append", "create", "delete", "deny")
          .sign();
  private String channel;

  @Deployment(testable = false)
  public static WebArchive war() {
    List<String> settings = new ArrayList<>(Issuer.TRUST);
    settings.addAll(
        List.of(
            "switchboard.access.open=public-*:read,lobby-*",
            "switchboard.token.channels=*",
            "switchboard.token.timeout=PT3S",
            "switchboard.access.max-failures-per-minute=1000"));
    return ServerTest.warWith(settings.toArray(String[]::new));
  }

  @BeforeEach
  void makeAChannel() {
    channel = "orders-" + UUID.randomUUID();
    assertEquals(201, create(channel, admin).status());
    append(channel, "1");
  }

  @AfterEach
  void nothingIsLeftBehind() {
    ServerTest.await(
        "no connection is left", () -> Metrics.read(http, "switchboard_connections") == 0);
  }

  private HttpRequest.Builder as(String token, String relative) {
    return http.request(relative).header("Authorization", "Bearer " + token);
  }

  private Http.Answer create(String name, String token) {
    return http.send(
        as(token, "channels/" + name)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.noBody()));
  }

  private Http.Answer append(String name, String json) {
    return append(name, json, admin);
  }

  private Http.Answer append(String name, String json, String token) {
    return http.send(
        as(token, "channels/" + name)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  private static String reader() {
    return Issuer.token().grant("orders-*", "read").sign();
  }

  private static void assertRefused(int status, String problem, Http.Answer answer) {
    assertEquals(status, answer.status(), answer.body());
    assertEquals(PROBLEM + problem, answer.problem().getString("type"));
  }

  private RawFrames socket(String token, String query) {
    return RawFrames.connect(
        http.channel(channel, query),
        request -> request.subprotocols("switchboard.v1", "switchboard.bearer." + token));
  }

  @Test
  void thePageAsksForATokenAndShowsWhatThatGrants() {
    Programs.require("chromium", "chromedriver");
    try (Browser browser = new Browser("en")) {
      browser.open(http.uri("").toString());
      ServerTest.await("it asks", () -> page(browser).contains("requires a token"));
      enter(browser, reader(), "ticker");
      ServerTest.await("not that", () -> page(browser).contains("does not allow reading"));
      enter(browser, reader(), channel);
      ServerTest.await(
          "all lanes are live",
          () ->
              browser
                  .script("return document.querySelectorAll('.lane [data-state=live]').length")
                  .equals(4L));
      String says = page(browser);
      assertTrue(says.contains("/channels/" + channel + "?offset=-1"), says);
      assertTrue(says.contains("Authorization: Bearer $TOKEN"), says);
      assertEquals(http.uri("").toString(), browser.script("return location.href"), "no token");
      browser.open("about:blank");
    }
  }

  private static String page(Browser browser) {
    return (String) browser.script("return document.body.innerText");
  }

  private static void enter(Browser browser, String token, String channel) {
    browser.script(
        "const { token, channel } = document.querySelector('#door form').elements;"
            + "token.value = arguments[0]; channel.value = arguments[1];"
            + "document.querySelector('#door button').click()",
        token,
        channel);
  }

  @Test
  void aTokenThatGrantsItReadsByEveryTransport() throws Exception {
    String token = reader();
    String path = "channels/" + channel + "?offset=-1";
    assertEquals("[1]", http.send(as(token, path)).body());
    assertEquals("[1]", http.send(as(token, path + "&live=long-poll")).body());
    try (Stream stream = new Stream(as(token, path + "&live=sse"))) {
      ServerTest.await("the message", () -> stream.text().contains("data:[1]"));
    }
    try (RawFrames frames = socket(token, "?offset=-1")) {
      ServerTest.await("hello and the message", () -> frames.heard().size() >= 2);
      assertTrue(frames.heard().get(1).contains("\"messages\":[1]"), frames.heard().toString());
      assertEquals("switchboard.v1", frames.subprotocol(), "the token is not said again");
    }
    assertEquals(
        200,
        http.send(as(token, "channels/" + channel).method("HEAD", BodyPublishers.noBody()))
            .status());
    assertEquals(
        200, http.send(as(token, "channels?channel=" + channel + "@-1")).status(), "of several");
  }

  @Test
  void aWebSocketTakesTheTokenFromTheHeaderToo() {
    String token = reader();
    try (RawFrames frames =
        RawFrames.connect(
            http.channel(channel, "?offset=-1"),
            request -> request.header("Authorization", "Bearer " + token))) {
      ServerTest.await("hello and the message", () -> frames.heard().size() >= 2);
    }
  }

  @Test
  void aTokenGrantsNothingElse() throws Exception {
    String token = reader();
    assertRefused(403, "forbidden", append(channel, "2", token));
    assertRefused(403, "forbidden", create("orders-" + UUID.randomUUID(), token));
    assertRefused(403, "forbidden", http.send(as(token, "channels/" + channel).DELETE()));
    assertRefused(403, "forbidden", http.send(as(token, "channels/ticker?offset=-1")));
    assertRefused(
        403, "forbidden", http.send(as(token, "channels?channel=" + channel + "&channel=ticker")));
    Http.Answer refused = http.send(as(token, "channels/no-such-channel?offset=-1"));
    assertRefused(403, "forbidden", refused);
    String challenge = refused.header("WWW-Authenticate");
    assertTrue(challenge.contains("error=\"insufficient_scope\""), challenge);
    try (RawFrames frames = socket(token, "?offset=-1")) {
      frames.send("{\"id\":1,\"append\":2}");
      ServerTest.await("a refusal", () -> said(frames, PROBLEM + "forbidden"));
    }
    assertEquals("[1]", http.send(as(token, "channels/" + channel + "?offset=-1")).body());
  }

  @Test
  void whoMayOnlyAppendCanAppendAndNotRead() {
    String token = Issuer.token().grant("orders-*", "append").sign();
    assertEquals(204, append(channel, "2", token).status());
    assertRefused(403, "forbidden", http.send(as(token, "channels/" + channel + "?offset=-1")));
  }

  @Test
  void aForkNeedsTheRightToReadItsSource() {
    String token =
        Issuer.token().grant("orders-*", "read", "create").grant("mine-*", "create").sign();
    String name = "mine-" + UUID.randomUUID();
    assertRefused(403, "forbidden", http.send(fork(token, name, "/switchboard/channels/ticker")));
    assertEquals(201, http.send(fork(token, name, "/switchboard/channels/" + channel)).status());
    assertRefused(
        403,
        "forbidden",
        http.send(
            as(token, "channels/orders-" + UUID.randomUUID())
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString("1"))));
  }

  private HttpRequest.Builder fork(String token, String name, String source) {
    return as(token, "channels/" + name)
        .header("Stream-Forked-From", source)
        .PUT(BodyPublishers.noBody());
  }

  @Test
  void whoHasNoTokenIsAskedForOneWhetherTheChannelExistsOrNot() throws Exception {
    for (String name : List.of(channel, "no-such-channel")) {
      for (String query : List.of("", "&live=long-poll", "&live=sse")) {
        Http.Answer answer = http.get("channels/" + name + "?offset=-1" + query);
        assertRefused(401, "unauthorized", answer);
        assertEquals("Bearer realm=\"switchboard\"", answer.header("WWW-Authenticate"));
      }
      assertRefused(401, "unauthorized", http.append(name, "1"));
      assertRefused(401, "unauthorized", http.delete(name));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rubbish", "e30.e30.e30", ""})
  void aTokenThatIsNotGoodIsRefusedByEveryTransport(String token) throws Exception {
    String path = "channels/public-" + channel + "?offset=-1";
    for (String live : List.of("", "&live=long-poll", "&live=sse")) {
      Http.Answer answer = http.send(as(token, path + live));
      assertRefused(401, "invalid-token", answer);
      String challenge = answer.header("WWW-Authenticate");
      assertTrue(challenge.contains("error=\"invalid_token\""), challenge);
      assertTrue(token.isEmpty() || !answer.body().contains(token), "it is not repeated");
    }
    try (RawFrames frames =
        RawFrames.connect(
            http.channel(channel, "?offset=-1"),
            request -> request.header("Authorization", "Bearer " + token))) {
      assertEquals(4401, frames.closeCode());
      assertTrue(said(frames, PROBLEM + "invalid-token"), frames.heard().toString());
      assertEquals(1, frames.heard().size());
    }
  }

  @Test
  void everybodyMayDoWhatIsOpenAndNothingElse() {
    String open = "public-" + UUID.randomUUID();
    assertEquals(201, create(open, admin).status());
    assertEquals(200, http.get("channels/" + open + "?offset=-1").status());
    assertRefused(401, "unauthorized", http.append(open, "1"));
    String lobby = "lobby-" + UUID.randomUUID();
    assertEquals(201, http.put(lobby, "application/json").statusCode());
    assertEquals(204, http.append(lobby, "1").status());
    assertEquals(204, http.delete(lobby).status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"access_token", "token", "Authorization", "jwt", "%74oken", "TOKEN", "id_token"})
  void aTokenInTheUrlIsRefusedWithAnExplanation(String name) throws Exception {
    String token = reader();
    String query = "?offset=-1&" + name + "=" + token;
    Http.Answer answer = http.get("channels/" + channel + query);
    assertRefused(400, "token-in-url", answer);
    assertFalse(answer.body().contains(token), answer.body());
    assertTrue(answer.problem().getString("detail").contains("Authorization: Bearer"));
    assertRefused(400, "token-in-url", http.send(as(token, "channels/" + channel + query)));
    assertRefused(
        400,
        "token-in-url",
        http.send(
            as(admin, "channels/" + channel + "?" + name + "=x")
                .POST(BodyPublishers.ofString("1"))));
    try (RawFrames frames = RawFrames.connect(http.channel(channel, query))) {
      assertEquals(4400, frames.closeCode());
      assertTrue(said(frames, PROBLEM + "token-in-url"), frames.heard().toString());
    }
  }

  @Test
  void twoTokensInOneRequestAreOneTooMany() {
    Http.Answer answer =
        http.send(
            as(reader(), "channels/" + channel + "?offset=-1")
                .header("Authorization", "Bearer " + reader()));
    assertEquals(400, answer.status(), answer.body());
  }

  // ---- the first frame

  @Test
  void aWebSocketMaySendItsTokenInTheFirstFrameAndHearsNothingBefore() throws Exception {
    try (RawFrames frames = RawFrames.connect(http.channel(channel, "?offset=-1"))) {
      append(channel, "2");
      assertEquals(List.of(), frames.heard());
      frames.send("{\"id\":1,\"token\":\"%s\"}".formatted(reader()));
      ServerTest.await("hello, an answer, the messages", () -> frames.heard().size() >= 3);
      assertTrue(said(frames, "\"tokenExpiresAt\""), frames.heard().toString());
      assertTrue(said(frames, "\"messages\":[1,2]"), frames.heard().toString());
    }
  }

  @Test
  void aWebSocketThatSendsNoTokenInTimeIsClosed() throws Exception {
    try (RawFrames frames = RawFrames.connect(http.channel(channel, "?offset=-1"))) {
      assertEquals(4401, frames.closeCode());
      assertEquals(1, frames.heard().size(), frames.heard().toString());
      assertTrue(said(frames, PROBLEM + "unauthorized"), frames.heard().toString());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"append\":1}        | unauthorized  | 4401",
        "{\"token\":\"bad\"}   | invalid-token | 4401",
        "{\"token\":7}         | bad-command   | 4400",
        "hello                 | bad-command   | 4400"
      })
  void aWebSocketThatSendsSomethingElseFirstIsClosed(String frame, String problem, int code)
      throws Exception {
    try (RawFrames frames = RawFrames.connect(http.channel(channel, "?offset=-1"))) {
      frames.send(frame);
      assertEquals(code, frames.closeCode());
      assertEquals(1, frames.heard().size(), frames.heard().toString());
      assertTrue(said(frames, PROBLEM + problem), frames.heard().toString());
    }
  }

  @Test
  void aTokenInTheFirstFrameThatGrantsAnotherChannelOpensNothing() throws Exception {
    String other = Issuer.token().grant("news", "read").sign();
    try (RawFrames frames = RawFrames.connect(http.channel(channel, "?offset=-1"))) {
      frames.send("{\"token\":\"%s\"}".formatted(other));
      assertEquals(4403, frames.closeCode());
      assertEquals(1, frames.heard().size(), frames.heard().toString());
    }
  }

  @Test
  void severalChannelsOverOneWebSocketAreAskedForOneByOne() {
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      frames.send("{\"id\":1,\"subscribe\":\"%s\",\"offset\":\"-1\"}".formatted(channel));
      frames.send("{\"id\":2,\"token\":\"%s\"}".formatted(reader()));
      frames.send("{\"id\":3,\"subscribe\":\"%s\",\"offset\":\"-1\"}".formatted(channel));
      frames.send("{\"id\":4,\"subscribe\":\"ticker\",\"offset\":\"-1\"}");
      frames.send("{\"id\":5,\"channel\":\"%s\",\"append\":2}".formatted(channel));
      ServerTest.await("all is answered", () -> said(frames, "{\"id\":5"));
      assertTrue(said(frames, "{\"id\":1,\"error\":{\"type\":\"" + PROBLEM + "unauthorized"));
      assertTrue(said(frames, "{\"id\":2,\"tokenExpiresAt\""));
      assertTrue(said(frames, "{\"id\":3,\"channel\""));
      assertTrue(said(frames, "{\"id\":4,\"error\":{\"type\":\"" + PROBLEM + "forbidden"));
      assertTrue(said(frames, "{\"id\":5,\"error\":{\"type\":\"" + PROBLEM + "forbidden"));
      ServerTest.await("the message", () -> said(frames, "\"messages\":[1]"));
    }
  }

  // ---- the cookie

  @Test
  void theCookieCarriesTheTokenForWhateverReads() throws Exception {
    String token = reader();
    Http.Answer made = http.send(as(token, "access").POST(BodyPublishers.noBody()));
    assertEquals(204, made.status(), made.body());
    String cookie = made.header("Set-Cookie");
    for (String attribute :
        List.of(
            "Secure", "HttpOnly", "SameSite=Strict", "Path=/switchboard/channels", "Max-Age=")) {
      assertTrue(cookie.contains("; " + attribute), cookie);
    }
    String pair = cookie.split(";", 2)[0];
    assertEquals("__Secure-switchboard=" + token, pair);
    String path = "channels/" + channel + "?offset=-1";
    assertEquals("[1]", http.send(http.request(path).header("Cookie", pair)).body());
    assertEquals(
        "[1]", http.send(http.request(path + "&live=long-poll").header("Cookie", pair)).body());
    try (Stream stream = new Stream(http.request(path + "&live=sse").header("Cookie", pair))) {
      ServerTest.await("the message", () -> stream.text().contains("data:[1]"));
    }
    try (RawFrames frames =
        RawFrames.connect(
            http.channel(channel, "?offset=-1"), request -> request.header("Cookie", pair))) {
      ServerTest.await("the message", () -> said(frames, "\"messages\":[1]"));
    }
  }

  @Test
  void theCookieChangesNothing() {
    String pair = "__Secure-switchboard=" + admin;
    for (String method : List.of("POST", "PUT", "DELETE")) {
      Http.Answer answer =
          http.send(
              http.request("channels/" + channel)
                  .header("Cookie", pair)
                  .header("Content-Type", "application/json")
                  .method(
                      method,
                      method.equals("DELETE")
                          ? BodyPublishers.noBody()
                          : BodyPublishers.ofString("2")));
      assertRefused(401, "unauthorized", answer);
    }
    assertRefused(
        401,
        "unauthorized",
        http.send(
            http.request("access/denials")
                .header("Cookie", pair)
                .POST(BodyPublishers.ofString("{\"sub\":\"alice\"}"))));
    assertRefused(
        401,
        "unauthorized",
        http.send(http.request("access").header("Cookie", pair).POST(BodyPublishers.noBody())));
    assertEquals("[1]", http.send(as(admin, "channels/" + channel + "?offset=-1")).body());
  }

  @Test
  void theCookieIsTakenAway() {
    Http.Answer answer = http.send(http.request("access").DELETE());
    assertEquals(204, answer.status());
    assertTrue(answer.header("Set-Cookie").startsWith("__Secure-switchboard=; "));
    assertTrue(answer.header("Set-Cookie").contains("Max-Age=0"));
  }

  @Test
  void noCookieIsMadeOfATokenThatIsNotGoodOrTooLongOrOverPlainHttpFromElsewhere() {
    Http.Answer none = http.send(http.request("access").POST(BodyPublishers.noBody()));
    assertRefused(401, "unauthorized", none);
    assertNull(none.header("Set-Cookie"));
    assertRefused(
        401, "invalid-token", http.send(as("x.y.z", "access").POST(BodyPublishers.noBody())));
    String long4k = Issuer.token().claim("x", "x".repeat(4_000)).sign();
    assertRefused(413, "too-large", http.send(as(long4k, "access").POST(BodyPublishers.noBody())));
    assertRefused(
        403,
        "not-secure",
        http.send(
            as(reader(), "access")
                .header("X-Forwarded-Host", "real.test")
                .header("X-Forwarded-Proto", "http")
                .POST(BodyPublishers.noBody())));
    assertEquals(
        204,
        http.send(
                as(reader(), "access")
                    .header("X-Forwarded-Host", "real.test")
                    .header("X-Forwarded-Proto", "https")
                    .POST(BodyPublishers.noBody()))
            .status());
    assertEquals(405, http.send(as(reader(), "access")).status());
  }

  // ---- while a connection lasts

  private static String shortLived(String id, Duration left) {
    return Issuer.token().id(id).grant("orders-*", "read").expiresIn(left).sign();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void atItsExpiryAConnectionIsToldAndEnds(Transport transport) throws Exception {
    Duration left = Duration.ofSeconds(4);
    assertEnds(transport, shortLived("short", left), () -> {}, "token-expired");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aDeniedTokenEndsItsConnections(Transport transport) throws Exception {
    String id = UUID.randomUUID().toString();
    assertEnds(
        transport,
        shortLived(id, Duration.ofMinutes(5)),
        () -> deny("{\"jti\":\"" + id + "\"}"),
        "token-denied");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aDeniedSubjectsConnectionsEnd(Transport transport) throws Exception {
    String subject = "subject-" + UUID.randomUUID();
    String token = Issuer.token().subject(subject).grant("orders-*", "read").sign();
    assertEnds(transport, token, () -> deny("{\"sub\":\"" + subject + "\"}"), "token-denied");
  }

  private void deny(String json) {
    Http.Answer answer = http.send(as(admin, "access/denials").POST(BodyPublishers.ofString(json)));
    assertEquals(204, answer.status(), answer.body());
  }

  private void assertEnds(Transport transport, String token, Runnable then, String problem)
      throws Exception {
    String query = "?offset=now";
    String path = "channels/" + channel + query;
    switch (transport) {
      case POLL -> {
        assertEquals(200, http.send(as(token, path)).status());
        then.run();
        ServerTest.await(
            "refused", () -> http.send(as(token, path)).body().contains(PROBLEM + problem));
      }
      case LONG_POLL -> {
        CompletableFuture<HttpResponse<String>> held =
            Http.CLIENT.sendAsync(
                as(token, path + "&live=long-poll").header("Prefer", "wait=20").build(),
                BodyHandlers.ofString());
        ServerTest.await("held", () -> connections() == 1);
        then.run();
        Http.Answer answer =
            new Http.Answer(held.get(ServerTest.BOUND.toSeconds(), TimeUnit.SECONDS));
        assertRefused(401, problem, answer);
        assertTrue(answer.header("WWW-Authenticate").contains("invalid_token"));
      }
      case EVENT_STREAM -> {
        try (Stream stream = new Stream(as(token, path + "&live=sse"))) {
          ServerTest.await("open", () -> stream.text().contains("retry:"));
          then.run();
          ServerTest.await("ended", stream::hasEnded);
          assertTrue(stream.text().contains("event: ending\ndata:{"), stream.text());
          assertTrue(stream.text().contains(PROBLEM + problem), stream.text());
        }
      }
      case WEBSOCKET -> {
        try (RawFrames frames = socket(token, query)) {
          ServerTest.await("open", () -> !frames.heard().isEmpty());
          then.run();
          assertEquals(4401, frames.closeCode());
          assertTrue(said(frames, PROBLEM + problem), frames.heard().toString());
        }
      }
    }
    // Nobody is made anonymous: the next request with it is refused too.
    assertRefused(401, problem, http.send(as(token, path)));
  }

  private double connections() {
    return Metrics.read(http, "switchboard_connections");
  }

  @Test
  void aWebSocketGoesOnWithANewerTokenOfTheSameSubject() throws Exception {
    try (RawFrames frames = socket(shortLived("a", Duration.ofSeconds(4)), "?offset=now")) {
      long start = System.nanoTime();
      ServerTest.await("open", () -> !frames.heard().isEmpty());
      String bob = Issuer.token().subject("bob").grant("orders-*", "read").sign();
      frames.send("{\"id\":1,\"token\":\"%s\"}".formatted(bob));
      frames.send("{\"id\":2,\"token\":\"rubbish\"}");
      frames.send("{\"id\":3,\"token\":\"%s\"}".formatted(reader()));
      ServerTest.await("refreshed", () -> said(frames, "{\"id\":3,\"tokenExpiresAt\""));
      assertTrue(said(frames, "{\"id\":1,\"error\":{\"type\":\"" + PROBLEM + "forbidden"));
      assertTrue(said(frames, "{\"id\":2,\"error\":{\"type\":\"" + PROBLEM + "invalid-token"));
      ServerTest.await(
          "the first one has expired",
          () -> System.nanoTime() - start > TimeUnit.SECONDS.toNanos(6));
      append(channel, "\"after\"");
      ServerTest.await("it goes on", () -> said(frames, "\"messages\":[\"after\"]"));
    }
  }

  @Test
  void aNewerTokenThatGrantsLessEndsWhatItDoesNotGrant() throws Exception {
    String less = Issuer.token().grant("news", "read").sign();
    try (RawFrames frames = socket(reader(), "?offset=now")) {
      ServerTest.await("open", () -> !frames.heard().isEmpty());
      frames.send("{\"token\":\"%s\"}".formatted(less));
      assertEquals(4403, frames.closeCode());
    }
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      frames.send("{\"token\":\"%s\"}".formatted(reader()));
      frames.send("{\"id\":1,\"subscribe\":\"%s\",\"offset\":\"-1\"}".formatted(channel));
      ServerTest.await("it listens", () -> said(frames, "\"messages\":[1]"));
      frames.send("{\"token\":\"%s\"}".formatted(less));
      ServerTest.await("it listens no more", () -> said(frames, PROBLEM + "forbidden"));
      append(channel, "\"unheard\"");
      frames.send("{\"id\":2,\"unsubscribe\":\"%s\"}".formatted(channel));
      ServerTest.await("an answer", () -> said(frames, "{\"id\":2"));
      assertFalse(said(frames, "unheard"), frames.heard().toString());
    }
  }

  @Test
  void onlyWhoMayDeniesAndSaysWhat() {
    String token = Issuer.token().grant("*", "read", "append", "create", "delete").sign();
    String some = Issuer.token().grant("orders-*", "deny").sign();
    for (String one : List.of(token, some)) {
      assertRefused(
          403,
          "forbidden",
          http.send(as(one, "access/denials").POST(BodyPublishers.ofString("{\"sub\":\"x\"}"))));
    }
    for (String body : List.of("", "[]", "{}", "{\"sub\":7}", "{\"sub\":\"a\",\"jti\":\"b\"}")) {
      assertRefused(
          400,
          "bad-message",
          http.send(as(admin, "access/denials").POST(BodyPublishers.ofString(body))));
    }
    assertEquals(405, http.send(as(admin, "access/denials")).status());
  }

  @Test
  void manyClientsAtOnceAreEachWhoTheyAre() throws Exception {
    String mine = "mine-" + UUID.randomUUID();
    create(mine, admin);
    String other = Issuer.token().grant(mine, "read").sign();
    List<CompletableFuture<RawFrames>> sockets = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      boolean may = i % 2 == 0;
      sockets.add(
          CompletableFuture.supplyAsync(() -> socket(may ? reader() : other, "?offset=-1")));
    }
    for (int i = 0; i < sockets.size(); i++) {
      try (RawFrames frames = sockets.get(i).get(30, TimeUnit.SECONDS)) {
        String expected = i % 2 == 0 ? "\"messages\":[1]" : PROBLEM + "forbidden";
        ServerTest.await("an answer", () -> said(frames, expected));
        if (i % 2 == 1) {
          assertEquals(1, frames.heard().size(), frames.heard().toString());
        }
      }
    }
  }

  private static boolean said(RawFrames frames, String text) {
    return frames.heard().stream().anyMatch(frame -> frame.contains(text));
  }

  /** An event stream as it comes. */
  private static final class Stream implements AutoCloseable {

    private final StringBuffer text = new StringBuffer();
    private final HttpResponse<java.io.InputStream> response;
    private volatile boolean ended;

    Stream(HttpRequest.Builder request) throws Exception {
      HttpRequest asked = request.header("Accept", "text/event-stream").build();
      response = Http.CLIENT.send(asked, BodyHandlers.ofInputStream());
      Reader.start(
          () -> {
            try {
              for (int c = response.body().read(); c >= 0; c = response.body().read()) {
                text.append((char) c);
              }
            } catch (IOException e) {
              // an end too
            }
            ended = true;
          });
    }

    String text() {
      return text.toString();
    }

    boolean hasEnded() {
      return ended;
    }

    @Override
    public void close() throws IOException {
      response.body().close();
    }
  }
}
