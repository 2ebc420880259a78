package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.testing.Browser;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.Programs;
import switchboard.testing.RawFrames;
import switchboard.testing.ServerTest;

/** Who has a token may do what it grants, by every transport, and nothing else. */
@Tag("quick")
class AccessTokenIT extends AccessServerTest {

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
}
