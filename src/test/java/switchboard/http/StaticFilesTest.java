package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.channel.Ending;

class StaticFilesTest {

  private static final byte[] BYTES = {1, 2, 3};

  private final List<String> read = new ArrayList<>();
  private final StaticFiles files =
      new StaticFiles(
          name -> {
            read.add(name);
            return name.equals("/a.js") ? new ByteArrayInputStream(BYTES) : null;
          });

  private HttpAnswer get(String ifNoneMatch) {
    assertTrue(files.has("/a.js"));
    MemoryRequest request = new MemoryRequest("GET /a.js");
    return files.answer(
        "/a.js",
        "text/javascript",
        ifNoneMatch == null ? request : request.with("If-None-Match", ifNoneMatch));
  }

  @Test
  void aFileIsReadOnce() {
    get(null);
    HttpAnswer answer = get(null);
    assertEquals(200, answer.status());
    assertArrayEquals(BYTES, answer.body());
    assertEquals("no-cache", answer.headers().get("Cache-Control"));
    assertEquals(List.of("/a.js"), read);
  }

  @Test
  void aFileThatIsNotThereIsNotKept() {
    assertFalse(files.has("/b.js"));
    assertFalse(files.has("/b.js"));
    assertEquals(2, read.size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"%s | 304", "W/%s | 304", "\"x\", %s | 304", "* | 304", "\"x\" | 200", "'' | 200"})
  void aClientThatHasItGetsNoBody(String ifNoneMatch, int status) {
    String tag = get(null).headers().get("ETag");
    HttpAnswer answer = get(ifNoneMatch.formatted(tag));
    assertEquals(status, answer.status());
    assertEquals(tag, answer.headers().get("ETag"));
    if (status == 304) {
      assertNull(answer.body());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
  void aFileIsOnlyRead(String method) {
    assertTrue(files.has("/a.js"));
    MemoryRequest request = new MemoryRequest(method + " /a.js");
    Problem problem =
        assertThrows(Problem.class, () -> files.answer("/a.js", "text/javascript", request));
    assertEquals(Ending.METHOD_NOT_ALLOWED, problem.ending());
    assertEquals("GET, HEAD", problem.headers().get("Allow"));
  }
}
