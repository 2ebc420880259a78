package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.testing.Http;
import switchboard.testing.ServerTest;

/** What browsers are told about the page and its files. */
@Tag("quick")
class PageIT extends ServerTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "index.html",
        "style.css",
        "favicon.svg",
        "lab/app.js",
        "lab/lane-worker.js",
        "lab/api",
        "lab/nothing",
        "js/switchboard.js",
        "openapi.json",
        "asyncapi.json",
        "webjars/uplot/1.6.30/dist/uPlot.min.css"
      })
  void everythingHasTheStrictPolicy(String path) {
    Http.Answer answer = http.get(path);
    List<String> directives =
        List.of(String.valueOf(answer.header("Content-Security-Policy")).split("; "));
    for (String expected :
        List.of(
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'")) {
      assertTrue(directives.contains(expected), expected + " is not in " + directives);
    }
    assertFalse(directives.toString().contains("unsafe"), directives.toString());
    assertEquals("nosniff", answer.header("X-Content-Type-Options"));
    assertEquals("same-origin", answer.header("Referrer-Policy"));
    assertEquals("same-origin", answer.header("Cross-Origin-Opener-Policy"));
    assertEquals("DENY", answer.header("X-Frame-Options"));
    assertTrue(answer.header("Permissions-Policy").contains("camera=()"));
  }

  @ParameterizedTest
  @CsvSource({
    "'', text/html;charset=utf-8",
    "index.html, text/html;charset=utf-8",
    "style.css, text/css;charset=utf-8",
    "lab/app.js, text/javascript;charset=utf-8",
    "js/switchboard.js, text/javascript;charset=utf-8",
    "js/poll.js, text/javascript;charset=utf-8",
    "openapi.json, application/json",
    "favicon.svg, image/svg+xml",
    "webjars/uplot/1.6.30/dist/uPlot.min.css, text/css;charset=utf-8"
  })
  void aBrowserAsksBeforeItUsesAFileThatItHas(String path, String type) {
    Http.Answer answer = http.get(path);
    assertEquals(type, answer.header("Content-Type").replace(" ", "").toLowerCase(Locale.ROOT));
    assertEquals("no-cache", answer.header("Cache-Control"));
    String tag = answer.header("ETag");
    assertTrue(tag.matches("\"[0-9a-f]{24}\""), tag);
    for (String known : List.of(tag, "W/" + tag, "\"other\", " + tag)) {
      Http.Answer again = http.send(http.request(path).header("If-None-Match", known));
      assertEquals(304, again.status());
      assertEquals("", again.body());
      assertEquals(tag, again.header("ETag"));
    }
    // Another build, of the same second.
    Http.Answer changed =
        http.send(
            http.request(path)
                .header("If-None-Match", "\"other\"")
                .header("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"));
    assertEquals(200, changed.status());
    assertEquals(answer.body(), changed.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"js/switchboard.js", "js/poll.js", "openapi.json", "asyncapi.json"})
  void pagesOfOtherOriginsMayImportTheModuleAndReadTheDescriptions(String path) {
    Http.Answer answer = http.get(path);
    assertEquals(200, answer.status());
    assertEquals("*", answer.header("Access-Control-Allow-Origin"));
    assertNull(answer.header("Access-Control-Allow-Credentials"));
    assertEquals("cross-origin", answer.header("Cross-Origin-Resource-Policy"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "lab/app.js", "lab/api"})
  void andNothingElseOfThePage(String path) {
    Http.Answer answer = http.get(path);
    assertEquals(200, answer.status());
    assertNull(answer.header("Access-Control-Allow-Origin"));
    assertEquals("same-origin", answer.header("Cross-Origin-Resource-Policy"));
  }

  @Test
  void thePageHasNoScriptAndNoStyleInItself() throws IOException {
    String page = Files.readString(Path.of("src/main/webapp/index.html"));
    assertFalse(page.matches("(?s).*<script(?![^>]* src=).*"), "a script without src");
    assertFalse(page.matches("(?s).*(<style| style=| on[a-z]+=).*"), "style or handler");
  }
}
