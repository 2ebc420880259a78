package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
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

  /** On the list; see pom.xml. */
  private static final int LISTED_PORT = 18_073;

  private static final int FOREIGN_PORT = 18_074;
  private static final String WRONG_ORIGIN = "switchboard_endings_total{ending=\"wrong-origin\"}";

  private static final Map<String, String> ATTEMPTS =
      Map.of(
          "WebSocket",
          """
          return await new Promise((done) => {
            const socket = new WebSocket(url.replace('http', 'ws') + '?offset=-1');
            // The first says hello.
            socket.onmessage = ({ data }) => data.includes('"text"') && (socket.close(), done(data));
            socket.onerror = () => done('refused');
          });
          """,
          "EventSource",
          """
          return await new Promise((done) => {
            const source = new EventSource(url + '?offset=-1&live=sse', { withCredentials: true });
            const over = (what) => { source.close(); done(what); };
            source.addEventListener('data', ({ data }) => over(data));
            source.onerror = () => over('refused');
          });
          """,
          "fetch",
          """
          const answer = await fetch(url + '?offset=-1', { credentials: 'include' });
          return await answer.text() + answer.headers.get('Stream-Next-Offset');
          """,
          "long poll",
          """
          const answer = await fetch(url + '?offset=-1&live=long-poll', { credentials: 'include' });
          return await answer.text();
          """,
          "append",
          """
          const headers = { 'Content-Type': 'text/plain' };
          const how = { method: 'POST', credentials: 'include', headers, body: 'said by a page' };
          const answer = await fetch(url, how);
          return answer.ok ? 'secret' : 'refused';
          """,
          "delete",
          """
          const answer = await fetch(url, { method: 'DELETE', credentials: 'include' });
          return answer.ok ? 'secret' : 'refused';
          """);

  private static Browser browser;
  private static HttpServer listed;
  private static HttpServer foreign;

  private String channel;
  private URI url;

  @BeforeAll
  static void startTheBrowserAndThePages() throws IOException {
    Programs.require("chromium", "chromedriver");
    browser = new Browser("en");
    listed = pages(LISTED_PORT);
    foreign = pages(FOREIGN_PORT);
  }

  private static HttpServer pages(int port) throws IOException {
    HttpServer pages =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    pages.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "text/html");
          byte[] page = "<!doctype html><title>a page</title><body>".getBytes();
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    pages.start();
    return pages;
  }

  @AfterAll
  static void stopThem() {
    if (browser != null) {
      browser.close();
      listed.stop(0);
      foreign.stop(0);
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

  private Object attempt(String what) {
    return browser.async("const [url] = arguments;" + ATTEMPTS.get(what), url.toString());
  }

  private String messages() {
    return http.get("channels/" + channel + "?offset=-1").body();
  }

  static Stream<String> attempts() {
    return ATTEMPTS.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("attempts")
  void aPageOfAnotherOriginReadsAndChangesNothingWithTheUsersCookies(String attempt) {
    browser.open("http://localhost:" + FOREIGN_PORT + "/");
    double before = metric(WRONG_ORIGIN);
    String result = String.valueOf(attempt(attempt));
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
    browser.open("http://localhost:" + LISTED_PORT + "/");
    String result = String.valueOf(attempt(attempt));
    assertTrue(result.contains("secret"), result);
  }

  @ParameterizedTest
  @MethodSource("attempts")
  void aPageOfThisServerMay(String attempt) {
    String result = String.valueOf(attempt(attempt));
    assertTrue(result.contains("secret"), result);
  }

  @Test
  void aPageWithoutAnOriginOfItsOwnOpensNoWebSocket() {
    browser.open("data:text/html,<body>");
    assertEquals("refused", attempt("WebSocket"));
  }

  @Test
  void aFormOfAnotherOriginAppendsNothing() {
    browser.open("http://localhost:" + FOREIGN_PORT + "/");
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
    browser.open("http://localhost:" + FOREIGN_PORT + "/");
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
    for (int port : List.of(LISTED_PORT, FOREIGN_PORT)) {
      browser.open("http://localhost:" + port + "/");
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
    browser.open("http://localhost:" + LISTED_PORT + "/");
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
