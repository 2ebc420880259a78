package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.channel.Ending;
import switchboard.config.Settings;

class OriginsTest {

  private static List<String> listed(String written) {
    return new Settings(s -> s.key().equals("switchboard.cors.origins") ? written : null, List.of())
        .get(Settings.CORS_ORIGINS);
  }

  /** A request with some headers; {@code login} is the container's. */
  private static MemoryRequest request(
      String method, String scheme, String host, int port, Map<String, String> headers) {
    MemoryRequest request = new MemoryRequest(method + " /channels/c").to(scheme, host, port);
    headers.forEach(
        (name, value) -> {
          if (name.equals("login")) {
            request.loggedInAs("alice");
          } else {
            request.with(name, value);
          }
        });
    return request;
  }

  private static MemoryRequest append(String scheme, String host, int port, String origin) {
    return request("POST", scheme, host, port, Map.of("Origin", origin));
  }

  @ParameterizedTest
  @CsvSource({
    "http,  example.com, 80,   http://example.com",
    "http,  example.com, 8080, http://example.com:8080",
    "https, example.com, 443,  https://example.com",
    "https, Example.COM, 8443, https://example.com:8443",
    "http,  ::1,         8080, http://[::1]:8080",
    "http,  [::1],       8080, http://[::1]:8080",
  })
  void aPageOfThisServerMay(String scheme, String host, int port, String origin) {
    new Origins(List.of()).require(append(scheme, host, port, origin));
  }

  @ParameterizedTest
  @CsvSource({
    "http,  example.com, 80,   https://example.com",
    "https, example.com, 443,  http://example.com",
    "http,  example.com, 8080, http://example.com",
    "http,  example.com, 80,   http://example.com:8080",
    "http,  example.com, 80,   http://example.com.",
    "http,  example.com, 80,   http://xexample.com",
    "http,  example.com, 80,   http://example.com@evil.test",
    "http,  example.com, 80,   null",
    "http,  example.com, 80,   example.com",
  })
  void aPageOfAnyOtherMayNotAndIsQuoted(String scheme, String host, int port, String origin) {
    MemoryRequest request = append(scheme, host, port, origin);
    Problem problem = assertThrows(Problem.class, () -> new Origins(List.of()).require(request));
    assertEquals(Ending.WRONG_ORIGIN, problem.ending());
    assertTrue(problem.getMessage().contains("\"" + origin + "\""), problem.getMessage());
  }

  @Test
  void allOfTheWorldMayButNeverAsTheUser() {
    Origins all = new Origins(listed("*"));
    String evil = "https://evil.test";
    all.require(append("http", "example.com", 80, evil));
    Map<String, String> upgrade = Map.of("Origin", evil, "Upgrade", "websocket");
    all.require(request("GET", "http", "example.com", 80, upgrade));
    Map<String, String> token = Map.of("Origin", evil, "Authorization", "Bearer x");
    all.require(request("POST", "http", "example.com", 80, token));
    for (Map<String, String> asTheUser :
        List.of(
            Map.of("Origin", "*", "Cookie", "a=b"),
            Map.of("Origin", evil, "Cookie", "a=b"),
            Map.of("Origin", evil, "login", "BASIC", "Authorization", "Basic eDp5"))) {
      for (String method : List.of("GET", "POST")) {
        MemoryRequest request = request(method, "http", "example.com", 80, asTheUser);
        assertThrows(Problem.class, () -> all.require(request));
      }
    }
  }

  @Test
  void whoIsNamedBesideAllMayAlsoAsTheUser() {
    Origins both = new Origins(listed("*, https://example.com"));
    assertDoesNotThrow(
        () ->
            both.require(
                request(
                    "POST",
                    "http",
                    "push.test",
                    80,
                    Map.of("Origin", "https://example.com", "Cookie", "a=b"))));
  }

  @ParameterizedTest
  @CsvSource({
    "HTTPS://Example.com:443, https://example.com",
    "http://example.com:80, http://example.com",
    "https://example.com:80, https://example.com:80",
    "http://intranet, http://intranet",
    "http://192.168.1.7:8080, http://192.168.1.7:8080",
    "http://[::1]:8080, http://[::1]:8080",
    "https://xn--bcher-kva.example, https://xn--bcher-kva.example",
    "http://tauri.localhost, http://tauri.localhost",
    "capacitor://localhost, capacitor://localhost",
    "ionic://localhost, ionic://localhost",
    "tauri://localhost, tauri://localhost",
    "app://-, app://-",
    "app://., app://.",
    "App://MyApp, app://MyApp",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop, chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://11111111-2222-3333-4444-555555555555, moz-extension://11111111-2222-3333-4444-555555555555",
    "vscode-webview://0abc, vscode-webview://0abc",
    "x-app+1.0://host:81, x-app+1.0://host:81",
  })
  void anOriginIsListedAsBrowsersWriteIt(String written, String origin) {
    assertEquals(List.of(origin), listed(written));
    new Origins(listed(written)).require(append("http", "push.test", 80, origin));
    for (String other : List.of(origin + ".evil.test", origin + "/", "x" + origin, origin + ":1")) {
      MemoryRequest request = append("http", "push.test", 80, other);
      assertThrows(Problem.class, () -> new Origins(listed(written)).require(request), other);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "file://",
        "file:///home/me/page.html",
        "example.com",
        "https://",
        "https://example.com/",
        "https://example.com/page",
        "https://example.com:x",
        "https://example.com:99999",
        "https://user@example.com",
        "https://*.example.com",
        "https://example.com:*",
        "capacitor://localhost:*",
        "https://bücher.example",
        "wss://example.com",
        "//example.com",
        "data:text/html",
      })
  void whatIsNoOriginIsQuoted(String written) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> listed(written)).getMessage();
    assertTrue(message.contains("\"" + written + "\" is not an origin: "), message);
  }

  @Test
  void anyPortOfThisMachineMayBeListed() {
    Origins any = new Origins(listed("http://localhost:*, http://127.0.0.1:*, https://[::1]:*"));
    for (String origin :
        List.of(
            "http://localhost",
            "http://localhost:5173",
            "http://127.0.0.1:8080",
            "https://[::1]",
            "https://[::1]:8443")) {
      any.require(append("http", "push.test", 80, origin));
    }
    for (String origin :
        List.of(
            "http://localhost:*",
            "https://localhost:5173",
            "http://localhost.evil.test:80",
            "http://evil.localhost:80",
            "http://localhost:80:80",
            "http://localhost:",
            "http://localhost:port",
            "http://127.0.0.2:80",
            "*")) {
      MemoryRequest request = append("http", "push.test", 80, origin);
      assertThrows(Problem.class, () -> any.require(request), origin);
    }
  }
}
