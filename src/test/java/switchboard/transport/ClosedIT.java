package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.testing.Browser;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.Programs;
import switchboard.testing.RawExchange;
import switchboard.testing.RawFrames;
import switchboard.testing.ServerLog;
import switchboard.testing.ServerTest;

/** The WAR as it is packaged, with no setting that says who may do what: nobody may do anything. */
@ExtendWith(ArquillianExtension.class)
class ClosedIT {

  /** It takes {@code ;jsessionid=…} and {@code user:password@} away before the application sees. */
  private static final boolean LIBERTY =
      "openliberty".equals(System.getProperty("arquillian.launch"));

  private static final String UPGRADE =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

  private final Http http = new Http(Ports.SWITCHBOARD);

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.packagedWar();
  }

  private static void assertRefused(Http.Answer answer) {
    assertEquals(403, answer.status(), answer.body());
    assertEquals(
        "urn:switchboard:problem:forbidden", answer.problem().getString("type"), answer.body());
  }

  // The ticker's channel exists: the application itself is not asked.
  @ParameterizedTest
  @ValueSource(strings = {"ticker", "no-such-channel", "auto-made"})
  void nobodyReadsByAnyTransportWhetherTheChannelExistsOrNot(String channel) throws Exception {
    for (String query :
        List.of("?offset=-1", "?offset=-1&live=long-poll", "?offset=-1&live=sse", "")) {
      assertRefused(http.get("channels/" + channel + query));
    }
    for (String live : List.of("", "&live=long-poll", "&live=sse")) {
      assertRefused(http.get("channels?channel=" + channel + "@-1" + live));
    }
    assertEquals(
        403,
        http.send(http.request("channels/" + channel).method("HEAD", BodyPublishers.noBody()))
            .status());
    try (RawFrames frames = RawFrames.connect(http.channel(channel, "?offset=-1"))) {
      assertEquals(4403, frames.closeCode());
      assertEquals(1, frames.heard().size(), frames.heard().toString());
      assertTrue(frames.heard().get(0).contains("urn:switchboard:problem:forbidden"));
    }
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      frames.send("{\"id\":1,\"subscribe\":\"%s\",\"offset\":\"-1\"}".formatted(channel));
      frames.send("{\"id\":2,\"channel\":\"%s\",\"append\":1}".formatted(channel));
      ServerTest.await("both are answered", () -> frames.heard().size() == 3);
      for (String answer : frames.heard().subList(1, 3)) {
        assertTrue(answer.contains("urn:switchboard:problem:forbidden"), answer);
      }
    }
  }

  @Test
  void thePageSaysThatItIsClosedAndHowThatIsChanged() {
    Programs.require("chromium", "chromedriver");
    try (Browser browser = new Browser("en")) {
      browser.open(http.uri("").toString());
      ServerTest.await(
          "it says so", () -> door(browser).contains("The channels of this server are closed"));
      String says = door(browser);
      for (String part :
          List.of(
              "status 403",
              "asadmin create-system-properties 'switchboard.access.open=*'",
              "jboss-cli.sh",
              "payara-micro.jar",
              "jvm.options",
              "public-*:read")) {
        assertTrue(says.contains(part), part + " in " + says);
      }
      assertEquals(true, browser.script("return document.querySelector('#page').hidden"));
      assertEquals(false, door(browser).contains("{"), "nothing is left to be filled in");
    }
  }

  private static String door(Browser browser) {
    return (String)
        browser.script("return document.querySelector('#door:not([hidden])')?.textContent ?? ''");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ticker", "no-such-channel", "auto-made"})
  void nobodyAppendsCreatesOrDeletes(String channel) {
    assertRefused(http.append(channel, "1"));
    assertRefused(
        http.send(
            http.request("channels/" + channel)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.noBody())));
    assertRefused(http.delete(channel));
    assertRefused(
        http.send(
            http.request("channels/fork")
                .header("Stream-Forked-From", "/switchboard/channels/" + channel)
                .PUT(BodyPublishers.noBody())));
  }

  /** Paths beneath /switchboard, one letter of which is another than it should be. */
  static Stream<String> spellings() {
    List<String> all = new ArrayList<>();
    for (String path : List.of("/metrics", "/channels/ticker")) {
      String rest = path.substring(2);
      String first = path.substring(1, 2);
      String escape = "%%%02x".formatted((int) first.charAt(0));
      all.addAll(
          List.of(
              path + ";x",
              path + ";",
              path + "/",
              path + "//",
              path + "/.",
              path + "/x/..",
              path + "%2f",
              path + "%2F",
              path + "%5c",
              path + "%00",
              path + "%3bx",
              path + "%20",
              path + "%",
              path + "%zz",
              path + "%c0%ae",
              path + "\\",
              path + "%u002e",
              "/" + path,
              "/." + path,
              "/x/.." + path,
              "/x/..;" + path,
              "/%2e" + path,
              "/%2E%2e/switchboard" + path,
              "/;x" + path,
              "/" + escape + rest,
              "/" + escape.toUpperCase(Locale.ROOT) + rest,
              "/%25" + escape.substring(1) + rest));
    }
    if (!LIBERTY) {
      all.addAll(List.of("/metrics;jsessionid=1", "/channels/ticker;jsessionid=1"));
    }
    all.addAll(
        List.of(
            "/js//switchboard.js",
            "/js/;x/switchboard.js",
            "/%6aas/switchboard.js",
            "/lab/api/",
            "/lab/%61pi",
            "/channels;a=b/ticker",
            "/channels//ticker",
            "/channels/./ticker",
            "/channels/x/../ticker",
            "/channels/x%2f..%2fticker",
            "/channels/..%2fmetrics",
            "/channels/../metrics",
            "/channels/%2e%2e/metrics",
            "/channels%2f%74icker",
            "/channels%2fticker",
            "/health/../metrics",
            "/health/ready;x",
            "/access;x",
            "/access/../metrics"));
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("spellings")
  void aPathHasOneSpelling(String path) {
    for (String way : List.of("Connection: close\r\n", UPGRADE)) {
      if (way.equals(UPGRADE) && !path.contains("ticker")) {
        continue;
      }
      assertRefusedAsOtherSpelling("/switchboard" + path, way);
    }
  }

  private void assertRefusedAsOtherSpelling(String path, String headers) {
    RawExchange.Answer answer =
        RawExchange.send(
            http.root(),
            "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n".formatted(path, headers),
            null);
    // Grizzly answers some by itself: with nothing at all, or outside of the application; a Payara
    // Server takes "/;x/switchboard/" for its own "/", and shows its welcome page.
    boolean isNothing = answer.status() == 200 && answer.body().isEmpty();
    boolean isWelcome = path.startsWith("/;x/") && !answer.body().matches("(?is).*switchboard.*");
    assertTrue(isNothing || isWelcome || answer.status() >= 400, answer.all());
    assertTrue(!answer.body().contains("switchboard_"), answer.all());
    if (answer.body().contains("urn:")) {
      assertTrue(answer.body().matches("(?s).*:(bad-name|bad-path)\".*"), answer.all());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"//", "/./", "/x/../", "/%2e/", "/%73", "/;x/"})
  void soHasThatOfTheApplication(String start) {
    String rest = start.equals("/%73") ? "witchboard" : "switchboard";
    for (String path : List.of("/metrics", "/channels/ticker", "/")) {
      assertRefusedAsOtherSpelling(start + rest + path, "Connection: close\r\n");
    }
  }

  /** How a request says which server it is for: its target's start, and its Host lines. */
  static Stream<Arguments> otherServers() {
    return Stream.of(
        Arguments.of("", "Host: evil.test\r\n"),
        Arguments.of("", "Host: evil.test:" + Ports.HTTP + "\r\n"),
        Arguments.of("", "Host: localhost.evil.test\r\n"),
        Arguments.of("", "Host: localhost@evil.test\r\n"),
        Arguments.of("", "Host: x:y@localhost\r\n"),
        Arguments.of("", "Host: localhost evil.test\r\n"),
        Arguments.of("", "Host: localhost, evil.test\r\n"),
        Arguments.of("", "Host: localhost/evil.test\r\n"),
        Arguments.of("", "Host: 127.1\r\n"),
        Arguments.of("", "Host: [::2]\r\n"),
        Arguments.of("", "Host: localhost\r\nHost: evil.test\r\n"),
        Arguments.of("", "Host: evil.test\r\nHost: localhost\r\n"),
        Arguments.of("", "Host: localhost\r\nHost: localhost\r\n"),
        Arguments.of("http://evil.test", "Host: evil.test\r\n"),
        Arguments.of("http://evil.test", "Host: localhost\r\n"),
        Arguments.of(LIBERTY ? "http://evil.test" : "http://x:y@localhost", "Host: localhost\r\n"));
  }

  @ParameterizedTest
  @MethodSource("otherServers")
  void aRequestForAnotherServerIsRefusedOnEveryPath(String start, String lines) {
    for (String path :
        List.of(
            "/",
            "/index.html",
            "/js/switchboard.js",
            "/lab/app.js",
            "/lab/api",
            "/openapi.json",
            "/asyncapi.json",
            "/metrics",
            "/health/live",
            "/health/ready",
            "/access",
            "/access/denials",
            "/webjars/uplot/1.6.30/dist/uPlot.min.css",
            "/nothing",
            "/channels",
            "/channels/ticker",
            "/channels/ticker/presence")) {
      for (String way : List.of("Connection: close\r\n", UPGRADE)) {
        if (way.equals(UPGRADE) && !path.equals("/channels/ticker")) {
          continue;
        }
        RawExchange.Answer answer =
            RawExchange.send(
                http.root(),
                "GET %s/switchboard%s HTTP/1.1\r\n%s%s\r\n".formatted(start, path, lines, way),
                null);
        // A probe comes by an address, whatever it is.
        boolean isProbe = path.startsWith("/health") && lines.contains("[::2]");
        // Grizzly fails by itself where the port of a Host is no number.
        boolean isTheirs = answer.status() == 500 && !answer.all().contains("urn:");
        boolean isNothing = answer.status() == 200 && answer.body().isEmpty();
        boolean isRefused = answer.status() == 421 || answer.status() == 400;
        assertTrue(isProbe || isTheirs || isNothing || isRefused, path + " " + answer.all());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost:8080",
        "localhost.",
        "localhost.:8080",
        "127.0.0.1:1",
        "real.test:443",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]"
      })
  void eachSpellingOfThisServersNameIsFine(String host) {
    for (String path : List.of("/", "/metrics", "/health/ready", "/js/switchboard.js")) {
      RawExchange.Answer answer =
          RawExchange.send(
              http.root(),
              "GET /switchboard%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                  .formatted(path, host),
              null);
      assertEquals(200, answer.status(), answer.head());
    }
  }

  @Test
  void aTokenDoesNotGetIntoTheServersLogWhereverItIs() throws IOException {
    String token = "eyJ" + UUID.randomUUID().toString().replace("-", "");
    String mark = "mark-" + UUID.randomUUID();
    String path = "/switchboard/channels/ticker";
    String host = "Host: localhost\r\n";
    ServerLog log = ServerLog.listen();
    try {
      for (String request :
          List.of(
              "http://x:%s@localhost" + path + " HTTP/1.1\r\n" + host,
              "http://%s@localhost" + path + " HTTP/1.1\r\n" + host,
              "http://localhost:%s" + path + " HTTP/1.1\r\n" + host,
              path + " HTTP/1.1\r\nHost: x:%s@localhost\r\n",
              path + " HTTP/1.1\r\nHost: localhost:%s\r\n",
              path + " HTTP/1.1\r\nHost: [%s]\r\n",
              path + "?access_token=%s HTTP/1.1\r\n" + host,
              path + "%%?access_token=%s HTTP/1.1\r\n" + host,
              path + "%%zz?access_token=%s HTTP/1.1\r\n" + host,
              path + "?%%zz=%s HTTP/1.1\r\n" + host,
              path + "?a=[%s] HTTP/1.1\r\n" + host,
              path + ";jsessionid=%s HTTP/1.1\r\n" + host,
              path + "/%s HTTP/1.1\r\n" + host,
              "/switchboard/metrics;%s HTTP/1.1\r\n" + host,
              path + " HTTP/1.1\r\n" + host + "Authorization: Bearer %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Authorization: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Authorization Bearer %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Proxy-Authorization: Bearer %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Cookie: __Secure-switchboard=%s\r\n",
              path + " HTTP/1.1\r\n" + host + "Cookie: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Content-Type: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Content-Length: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Transfer-Encoding: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Accept: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Prefer: wait=%s\r\n",
              path + " HTTP/1.1\r\n" + host + "Origin: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "X-Forwarded-Host: %s/\r\n",
              path + " HTTP/1.1\r\n" + host + "If-None-Match: %s\r\n",
              path + " HTTP/1.1\r\n" + host + "Expect: %s\r\n",
              path + " HTTP/1.1\r\n" + host + UPGRADE + "Sec-WebSocket-Protocol: %s\r\n",
              path
                  + " HTTP/1.1\r\n"
                  + host
                  + UPGRADE.replace("Key: A", "Key: %1$s")
                  + "Sec-WebSocket-Protocol: switchboard.bearer.%1$s\r\n",
              path + " HTTP/1.1\r\n" + host + UPGRADE.replace("13", "%s"),
              path + " HTTP/%s\r\n" + host)) {
        RawExchange.send(http.root(), "GET " + request.formatted(token) + "\r\n", null);
      }
      // Written down behind all of them: the log that is looked at is the one they would be in.
      http.get("channels/" + mark + "?offset=-1");
      ServerTest.await("the log has a refusal", () -> log.text().contains(mark));
      assertEquals(
          List.of(), log.text().lines().filter(line -> line.contains(token)).toList(), "lines");
    } finally {
      log.close();
    }
  }

  @Test
  void headersThatNameSomebodyNameNobody() {
    for (String header : List.of("Bearer x.y.z", "Basic YWRtaW46YWRtaW4=", "Bearer")) {
      assertRefused(
          http.send(http.request("channels/ticker?offset=-1").header("Authorization", header)));
    }
    assertRefused(
        http.send(
            http.request("channels/ticker?offset=-1").header("Cookie", "__Secure-switchboard=x")));
  }

  @Test
  void theLabIsClosedToo() {
    Http.Answer answer = http.get("lab/api");
    assertTrue(List.of(403, 404).contains(answer.status()), answer.body());
    Http.Answer flood =
        http.send(http.request("lab/api/flood").method("PUT", HttpRequest.BodyPublishers.noBody()));
    assertTrue(List.of(403, 404).contains(flood.status()), flood.body());
  }

  @Test
  void nothingIsDenied() {
    assertRefused(
        http.send(
            http.request("access/denials").POST(BodyPublishers.ofString("{\"sub\":\"alice\"}"))));
  }

  @Test
  void whoWatchesOverTheServerIsAnswered() {
    assertEquals(200, http.get("health/ready").status());
    assertEquals(200, http.get("metrics").status());
    assertTrue(Metrics.endings(http, "forbidden") >= 0);
  }
}
