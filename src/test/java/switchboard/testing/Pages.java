package switchboard.testing;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A browser, and pages of two origins: one that the server's list names, and one that it does not.
 * They are at other ports of the server's host: for those a browser sends its cookies along,
 * whatever {@code SameSite} says.
 */
public record Pages(Browser browser, HttpServer listed, HttpServer foreign)
    implements AutoCloseable {

  /** On the list; see pom.xml. */
  private static final int LISTED_PORT = Ports.port(73);

  private static final int FOREIGN_PORT = Ports.port(74);

  /** What a page tries: it answers with what it read, or "refused", or fails. */
  public static final Map<String, String> ATTEMPTS =
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

  public static Pages open() throws IOException {
    Programs.require("chromium", "chromedriver");
    return new Pages(new Browser("en"), pages(LISTED_PORT), pages(FOREIGN_PORT));
  }

  private static HttpServer pages(int port) throws IOException {
    HttpServer pages =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    pages.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "text/html");
          byte[] page =
              "<!doctype html><title>a page</title><body>".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    pages.start();
    return pages;
  }

  public void visitListed() {
    browser.open("http://localhost:" + LISTED_PORT + "/");
  }

  public void visitForeign() {
    browser.open("http://localhost:" + FOREIGN_PORT + "/");
  }

  public String attempt(String what, URI url) {
    return String.valueOf(
        browser.async("const [url] = arguments;" + ATTEMPTS.get(what), url.toString()));
  }

  @Override
  public void close() {
    browser.close();
    listed.stop(0);
    foreign.stop(0);
  }
}
