package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
          .filter(line -> line.toLowerCase().startsWith(name.toLowerCase() + ":"))
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
}
