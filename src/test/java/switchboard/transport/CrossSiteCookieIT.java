package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.Pages;
import switchboard.testing.Ports;
import switchboard.testing.ServerTest;

/** A browser has the cookie with its user's token, and opens a page of another origin. */
@ExtendWith(ArquillianExtension.class)
class CrossSiteCookieIT {

  private static final String TOKEN =
      Issuer.token().grant("secret-*", "read", "append", "create", "delete").sign();

  private static Pages pages;

  private final Http http = new Http(Ports.SWITCHBOARD);
  private String channel;
  private URI url;

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.warWith(Issuer.TRUST.toArray(String[]::new));
  }

  @BeforeAll
  static void start() throws IOException {
    pages = Pages.open();
  }

  @AfterAll
  static void stop() {
    if (pages != null) {
      pages.close();
    }
  }

  @BeforeEach
  void logIn() {
    channel = "secret-" + UUID.randomUUID();
    assertEquals(
        201,
        http.send(
                http.request("channels/" + channel)
                    .header("Authorization", "Bearer " + TOKEN)
                    .header("Content-Type", "text/plain")
                    .PUT(BodyPublishers.ofString("secret")))
            .status());
    URI root = URI.create("http://localhost:" + Ports.HTTP + "/switchboard/");
    url = root.resolve("channels/" + channel);
    pages.browser().open(root.resolve("favicon.svg").toString());
    Object status =
        pages
            .browser()
            .async(
                """
                const [url, token] = arguments;
                const headers = { Authorization: `Bearer ${token}` };
                return (await fetch(url, { method: 'POST', headers })).status;
                """,
                root.resolve("access").toString(),
                TOKEN);
    assertEquals(204L, status);
    assertEquals("", pages.browser().script("return document.cookie"), "no script sees it");
  }

  @AfterEach
  void leave() {
    pages.browser().open("about:blank");
  }

  static Stream<String> reads() {
    return Stream.of("WebSocket", "EventSource", "fetch", "long poll");
  }

  @ParameterizedTest
  @MethodSource("reads")
  void thePageOfThisServerReadsByTheCookieAlone(String attempt) {
    assertTrue(pages.attempt(attempt, url).contains("secret"));
  }

  @ParameterizedTest
  @MethodSource("reads")
  void aPageOfAnOriginOnTheListReadsByTheCookieAlone(String attempt) {
    pages.visitListed();
    assertTrue(pages.attempt(attempt, url).contains("secret"));
  }

  @ParameterizedTest
  @MethodSource("reads")
  void aPageOfAnotherOriginDoesNot(String attempt) {
    pages.visitForeign();
    String result = pages.attempt(attempt, url);
    assertTrue(result.equals("refused") || result.startsWith("failed: TypeError"), result);
  }

  @ParameterizedTest
  @MethodSource("changes")
  void theCookieChangesNothingOnAnyPage(String attempt) {
    assertEquals("refused", pages.attempt(attempt, url));
    pages.visitListed();
    assertEquals("refused", pages.attempt(attempt, url));
  }

  static Stream<String> changes() {
    return Stream.of("append", "delete");
  }
}
