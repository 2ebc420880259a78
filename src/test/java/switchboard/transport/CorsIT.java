package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.testing.RawSocket;
import switchboard.testing.ServerTest;

/** Pages of other origins: those on the list, and no others. */
class CorsIT extends ServerTest {

  private RawAnswer ask(String method, String origin, String... headers) throws Exception {
    // By hand: Java's client does not let anybody set Origin.
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.send(
          "%s %schannels/%s HTTP/1.1\r\nHost: localhost\r\nOrigin: %s\r\nConnection: close\r\n%s\r\n"
              .formatted(
                  method,
                  http.root().getPath(),
                  newChannel(),
                  origin,
                  headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n"));
      return new RawAnswer(socket.readLines());
    }
  }

  private record RawAnswer(List<String> lines) {
    String header(String name) {
      return lines.stream()
          .filter(
              line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":"))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst()
          .orElse(null);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://example.com", "http://other.test:8081"})
  void aListedOriginMayReadAnswersAndOurHeaders(String origin) throws Exception {
    RawAnswer answer = ask("GET", origin);
    assertEquals(origin, answer.header("Access-Control-Allow-Origin"));
    assertTrue(answer.header("Access-Control-Expose-Headers").contains("Stream-Next-Offset"));
    assertEquals("Origin", answer.header("Vary"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.test",
        "http://example.com",
        "https://example.com.evil.test",
        "https://example.com:8443",
        "null"
      })
  void anyOtherMayNot(String origin) throws Exception {
    for (String method : List.of("GET", "OPTIONS")) {
      RawAnswer answer = ask(method, origin, "Access-Control-Request-Method: POST");
      assertNull(answer.header("Access-Control-Allow-Origin"));
      assertNull(answer.header("Access-Control-Allow-Methods"));
      assertEquals("Origin", answer.header("Vary"));
    }
  }

  @Test
  void aPreflightIsAnsweredWithWhatIsAllowed() throws Exception {
    RawAnswer answer = ask("OPTIONS", "https://example.com", "Access-Control-Request-Method: POST");
    assertTrue(answer.lines().get(0).contains(" 204"), answer.lines().get(0));
    assertTrue(answer.header("Access-Control-Allow-Methods").contains("POST"));
    assertTrue(answer.header("Access-Control-Allow-Headers").contains("Producer-Id"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "authorization,last-event-id | true", // fetch-event-source
        "cache-control,last-event-id | true", // eventsource of npm
        "content-type,x-requested-with | true", // jQuery
        "content-type,traceparent,tracestate | true", // OpenTelemetry
        "baggage,sentry-trace | true", // Sentry
        "x-datadog-trace-id | true",
        "x-forwarded-for | false",
        "X-Forwarded-Host | false",
        "forwarded | false",
        "x-real-ip | false",
        "a b | false",
        "a<b> | false",
      })
  void aPreflightAllowsWhatPagesSendBeside(String asked, boolean isAllowed) throws Exception {
    RawAnswer answer =
        ask(
            "OPTIONS",
            "https://example.com",
            "Access-Control-Request-Method: GET",
            "Access-Control-Request-Headers: prefer",
            "Access-Control-Request-Headers: " + asked);
    List<String> allowed =
        List.of(answer.header("Access-Control-Allow-Headers").toLowerCase(Locale.ROOT).split(", "));
    for (String name : asked.toLowerCase(Locale.ROOT).split(",")) {
      assertEquals(isAllowed, allowed.contains(name), name + " in " + allowed);
    }
    String other = "Access-Control-Request-Headers: " + asked;
    assertNull(ask("OPTIONS", "https://evil.test", other).header("Access-Control-Allow-Headers"));
  }

  @Test
  void onlyOriginsThatAreNamedMayUseCookies() throws Exception {
    RawAnswer answer = ask("GET", "https://example.com");
    assertEquals("true", answer.header("Access-Control-Allow-Credentials"));
    RawAnswer preflight =
        ask("OPTIONS", "https://example.com", "Access-Control-Request-Method: GET");
    assertEquals("true", preflight.header("Access-Control-Allow-Credentials"));
    assertTrue(preflight.header("Access-Control-Allow-Headers").contains("Authorization"));
    assertNull(ask("GET", "https://evil.test").header("Access-Control-Allow-Credentials"));
  }

  private static final String UPGRADE =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  private static final String CHANGE =
      "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 1\r\n";
  private static final String COOKIE = "Connection: close\r\nCookie: a=b\r\n";

  /** What a page can make a browser send: its first line, and its headers but Host and Origin. */
  static Stream<Arguments> requestsOfPages() {
    return Stream.of(
        Arguments.of("GET", "", UPGRADE),
        Arguments.of("GET", "", UPGRADE + "Cookie: a=b\r\n"),
        Arguments.of("POST", "", CHANGE),
        Arguments.of("PUT", "", CHANGE),
        Arguments.of("DELETE", "", "Connection: close\r\n"),
        Arguments.of("GET", "?offset=-1", COOKIE),
        Arguments.of("HEAD", "", COOKIE),
        Arguments.of("GET", "?offset=-1&live=sse", COOKIE),
        Arguments.of("GET", "?offset=now&live=long-poll", COOKIE + "Prefer: wait=0\r\n"));
  }

  /** The status, and everything that was said up to the end of a problem document. */
  private String answer(String method, String query, String headers, String... more) {
    String request =
        "%s %schannels/%s%s HTTP/1.1\r\nHost: %s:%d\r\n%s%s\r\n%s"
            .formatted(
                method,
                http.root().getPath(),
                newChannel(),
                query,
                http.root().getHost(),
                http.root().getPort(),
                Stream.of(more).map(line -> line + "\r\n").collect(Collectors.joining()),
                headers,
                headers.equals(CHANGE) ? "1" : "");
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.send(request);
      String status = socket.readLine();
      if (!status.contains(" 403") || method.equals("HEAD")) {
        return status;
      }
      return status + socket.readText('}');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("requestsOfPages")
  void aPageOfAnotherOriginIsRefusedWhatItCouldDoHarmWith(
      String method, String query, String headers) {
    String own = http.root().resolve("/").toString().replaceAll("/$", "");
    for (String origin :
        List.of(
            "https://evil.test",
            "null",
            "http://example.com",
            "https://example.com.evil.test",
            "https://example.com:8443",
            own.replace("http:", "https:"),
            own.replaceAll(":[0-9]+$", ""),
            own + "0",
            own + ".evil.test",
            own + "/")) {
      String answer = answer(method, query, headers, "Origin: " + origin);
      assertTrue(answer.startsWith("HTTP/1.1 403"), origin + ": " + answer);
      if (!method.equals("HEAD")) {
        assertTrue(answer.contains("urn:switchboard:problem:wrong-origin"), answer);
        assertTrue(answer.contains("Origin \\\"" + origin + "\\\""), answer);
      }
    }
    String two =
        answer(method, query, headers, "Origin: https://example.com", "Origin: https://evil.test");
    assertTrue(two.startsWith("HTTP/1.1 403"), two);
  }

  @ParameterizedTest
  @MethodSource("requestsOfPages")
  void aPageOfThisServerOrOnTheListIsNotNorAClientThatIsNoBrowser(
      String method, String query, String headers) {
    String own = http.root().resolve("/").toString().replaceAll("/$", "");
    String fine = headers.startsWith(UPGRADE) ? "HTTP/1.1 101" : "HTTP/1.1 20";
    for (String[] lines :
        new String[][] {
          {},
          {"Origin: " + own},
          {"Origin: https://example.com"},
          {"Origin: http://other.test:8081"},
          {"Origin: https://127.0.0.1:" + http.root().getPort(), "X-Forwarded-Proto: https"},
          {"Origin: https://real.test", "Forwarded: host=real.test;proto=https"},
        }) {
      String answer = answer(method, query, headers, lines);
      assertTrue(answer.startsWith(fine), List.of(lines) + ": " + answer);
    }
  }

  @Test
  void whatAPageReadsWithoutCookiesAnybodyCouldRead() {
    String answer =
        answer("GET", "?offset=-1", "Connection: close\r\n", "Origin: https://evil.test");
    assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
  }
}
