package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.testing.Browser;
import switchboard.testing.Http;
import switchboard.testing.Pages;
import switchboard.testing.ServerTest;

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

  /** Content that a browser would run, if it took it for a page or a part of one. */
  static Stream<Arguments> contents() {
    String mark = "localStorage.setItem('ran', '1')";
    String script = "<script>" + mark + "</script>";
    String svg = "<svg xmlns='http://www.w3.org/2000/svg'>" + script + "</svg>";
    String xhtml = "<html xmlns='http://www.w3.org/1999/xhtml'><body>" + script + "</body></html>";
    return Stream.of(
        Arguments.of("text/html", script),
        Arguments.of("TEXT/HTML; charset=x", script),
        Arguments.of("text/html;charset=utf-7", script),
        Arguments.of("image/svg+xml", svg),
        Arguments.of("text/xml", xhtml),
        Arguments.of("application/xml", "<?xml-stylesheet href='#' type='text/xsl'?>" + xhtml),
        Arguments.of("application/xhtml+xml", xhtml),
        Arguments.of("application/javascript", mark),
        Arguments.of("text/javascript;charset=utf-8", mark),
        Arguments.of("text/css", "body { --ran: 1 }"),
        Arguments.of("application/pdf", "%PDF-1.4 " + script),
        Arguments.of(
            "multipart/x-mixed-replace;boundary=b",
            "--b\r\nContent-Type: text/html\r\n\r\n" + script + "\r\n--b--"),
        Arguments.of("application/octet-stream", script),
        Arguments.of("text/plain", script));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("contents")
  void whatAChannelSaysDoesNotRunInAPageOfThisServersOrigin(String type, String content) {
    String active = channel + "-active";
    http.put(active, type);
    assertEquals(204, http.append(active, content, type).status());
    String read = url + "-active?offset=-1";
    try {
      // A page of the server's origin that has no policy of its own.
      String origin = "http://localhost:" + http.root().getPort();
      browser.open(origin + "/");
      assertEquals(origin, browser.script("return origin"));
      browser.script("localStorage.clear()");
      Object parts =
          browser.async(
              """
              const [url] = arguments;
              const ended = (make, set) =>
                new Promise((done) => {
                  const part = document.createElement(make);
                  part.onload = part.onerror = done;
                  set(part);
                  (document.body ?? document.documentElement).append(part);
                  setTimeout(done, 500);
                });
              const failed = (promise) => promise.then(() => 'ran', () => 'failed');
              await Promise.all([
                ended('iframe', (part) => (part.src = url)),
                ended('object', (part) => (part.data = url)),
                ended('embed', (part) => (part.src = url)),
                ended('img', (part) => (part.src = url)),
                ended('script', (part) => (part.src = url)),
                ended('script', (part) => Object.assign(part, { type: 'module', src: url })),
                ended('link', (part) => Object.assign(part, { rel: 'stylesheet', href: url })),
              ]);
              const style = getComputedStyle(document.body ?? document.documentElement);
              return [
                await failed(import(url)),
                await failed(navigator.serviceWorker.register(url, { scope: '/switchboard/' })),
                await new Promise((done) => {
                  const worker = new Worker(url);
                  worker.onerror = () => done('failed');
                  setTimeout(() => done('silent'), 500);
                }),
                style.getPropertyValue('--ran'),
                localStorage.getItem('ran'),
                (await fetch(url)).status,
              ].join();
              """,
              read);
      assertEquals("failed,failed,failed,,,200", parts);
      // Opened by somebody: saved, or shown as text, and nothing of it runs.
      browser.open(read);
      browser.open(origin + "/");
      assertNull(browser.script("return localStorage.getItem('ran')"));
    } finally {
      http.delete(active);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Service-Worker: script",
        "Sec-Fetch-Dest: script",
        "Sec-Fetch-Dest: style",
        "Sec-Fetch-Dest: iframe",
        "Sec-Fetch-Dest: object",
        "Sec-Fetch-Dest: image",
        "Sec-Fetch-Dest: serviceworker"
      })
  void whatIsNoPartOfAPageIsRefusedAsOneAndEveryAnswerHasASandbox(String header) {
    String[] pair = header.split(": ");
    for (String path :
        List.of(
            "channels/" + channel + "?offset=-1",
            "channels/" + channel + "?offset=-1&live=sse",
            "channels?channel=" + channel,
            "channels/" + channel + "/presence")) {
      Http.Answer answer = http.send(http.request(path).header(pair[0], pair[1]));
      assertEquals(403, answer.status(), answer.body());
      assertTrue(answer.body().contains("urn:switchboard:problem:wrong-destination"));
      assertSandbox(answer);
    }
  }

  private static void assertSandbox(Http.Answer answer) {
    assertEquals(
        "default-src 'none'; sandbox; frame-ancestors 'none'",
        answer.header("Content-Security-Policy"));
    assertEquals("nosniff", answer.header("X-Content-Type-Options"));
  }

  @Test
  void eachAnswerOfAChannelHasASandboxAndIsSavedUnlessItIsText() {
    String active = channel + "-saved";
    String read = "channels/" + active + "?offset=-1";
    assertEquals("attachment", header(http.put(active, "text/html"), "Content-Disposition"));
    http.append(active, "<b>", "text/html");
    Http.Answer answer = http.get(read);
    assertEquals("attachment", answer.header("Content-Disposition"));
    List<Http.Answer> answers =
        List.of(
            answer,
            http.send(http.request(read).header("If-None-Match", answer.header("ETag"))),
            http.get(read + "&live=long-poll"),
            http.get("channels/" + active + "?offset=abc"),
            http.get("channels/" + active + "/presence"),
            http.get("channels/a%20b"),
            http.append(active, "<b>", "text/html"),
            http.append(active, "1"),
            http.delete(active),
            http.get(read));
    answers.forEach(CrossSiteIT::assertSandbox);
    assertNull(http.get("channels/" + channel + "?offset=-1").header("Content-Disposition"));
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse(null);
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
