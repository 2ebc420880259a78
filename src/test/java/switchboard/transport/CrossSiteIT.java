package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.lab.Browser;

/**
 * A real browser with a cookie of the server opens a page of another origin, which tries what it
 * can. The pages are at other ports of the same host: for those the browser sends the cookie along,
 * whatever {@code SameSite} says.
 */
class CrossSiteIT extends ServerTest {

  private static final String WRONG_ORIGIN = "switchboard_endings_total{ending=\"wrong-origin\"}";

  private static Browser browser;
  private static Pages pages;

  private String channel;
  private URI url;

  @BeforeAll
  static void startTheBrowserAndThePages() throws IOException {
    pages = Pages.open();
    browser = pages.browser();
  }

  @AfterAll
  static void stopThem() {
    if (pages != null) {
      pages.close();
    }
  }

  @BeforeEach
  void visitTheServer() {
    channel = "test-" + java.util.UUID.randomUUID();
    assertEquals(201, http.put(channel, "text/plain").statusCode());
    assertEquals(204, http.append(channel, "secret", "text/plain").status());
    URI root = URI.create("http://localhost:" + http.root().getPort() + "/switchboard/");
    url = root.resolve("channels/" + channel);
    browser.open(root.resolve("favicon.svg").toString());
    browser.script("document.cookie = 'victim=1; path=/; SameSite=Strict'");
    assertEquals("victim=1", browser.script("return document.cookie"));
  }

  @AfterEach
  void leave() {
    browser.open("about:blank");
    browser.complaints();
    http.delete(channel);
  }

  private String messages() {
    return http.get("channels/" + channel + "?offset=-1").body();
  }

  static Stream<String> attempts() {
    return Pages.ATTEMPTS.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("attempts")
  void aPageOfAnotherOriginReadsAndChangesNothingWithTheUsersCookies(String attempt) {
    pages.visitForeign();
    double before = metric(WRONG_ORIGIN);
    String result = pages.attempt(attempt, url);
    assertTrue(result.equals("refused") || result.startsWith("failed: TypeError"), result);
    // A preflight that is not agreed to stops the browser before it asks.
    if (!attempt.equals("delete")) {
      assertTrue(metric(WRONG_ORIGIN) > before, "it came with the cookie, and was refused");
    }
    assertEquals("secret", messages());
  }

  @ParameterizedTest
  @MethodSource("attempts")
  void aPageOfAnOriginOnTheListMay(String attempt) {
    pages.visitListed();
    String result = pages.attempt(attempt, url);
    assertTrue(result.contains("secret"), result);
  }

  @ParameterizedTest
  @MethodSource("attempts")
  void aPageOfThisServerMay(String attempt) {
    String result = pages.attempt(attempt, url);
    assertTrue(result.contains("secret"), result);
  }

  @Test
  void aPageWithoutAnOriginOfItsOwnOpensNoWebSocket() {
    browser.open("data:text/html,<body>");
    assertEquals("refused", pages.attempt("WebSocket", url));
  }

  @Test
  void aFormOfAnotherOriginAppendsNothing() {
    pages.visitForeign();
    double before = metric(WRONG_ORIGIN);
    browser.script(
        """
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', enctype: 'text/plain', action: arguments[0] });
        const input = document.createElement('input');
        Object.assign(input, { name: 'a', value: 'b' });
        form.append(input);
        document.body.append(form);
        form.submit();
        """,
        url.toString());
    await("it is refused", () -> metric(WRONG_ORIGIN) > before);
    assertEquals("secret", messages());
  }

  @Test
  void aPageOfAnotherOriginCannotFrameThePage() {
    pages.visitForeign();
    browser.complaints();
    browser.script(
        """
        const frame = document.createElement('iframe');
        frame.src = arguments[0];
        document.body.append(frame);
        """,
        url.resolve("../").toString());
    await(
        "the browser says why not",
        () -> browser.complaints().stream().anyMatch(said -> said.contains("frame-ancestors")));
  }

  @Test
  void aPageOfAnotherOriginImportsTheModule() {
    for (Runnable visit : List.<Runnable>of(pages::visitListed, pages::visitForeign)) {
      visit.run();
      Object open =
          browser.async(
              "return typeof (await import(arguments[0])).open",
              url.resolve("../js/switchboard.js").toString());
      assertEquals("function", open);
    }
  }

  @Test
  void theModuleReadsFromAPageOfAnOriginOnTheListOverEveryTransport() {
    http.put(channel + "-json", "application/json");
    http.append(channel + "-json", "[1,2,3]");
    pages.visitListed();
    Object heard =
        browser.async(
            """
            const [module, url] = arguments;
            const { open } = await import(module);
            const heard = {};
            for (const name of ['webSocket', 'eventStream', 'longPoll', 'poll']) {
              heard[name] = [];
              for await (const message of open(url, { transports: [name] })) {
                heard[name].push(message);
                if (message === 3) break;
              }
            }
            return JSON.stringify(heard);
            """,
            url.resolve("../js/switchboard.js").toString(),
            url + "-json");
    assertEquals(
        "{'webSocket':[1,2,3],'eventStream':[1,2,3],'longPoll':[1,2,3],'poll':[1,2,3]}"
            .replace('\'', '"'),
        heard);
    http.delete(channel + "-json");
  }
}
