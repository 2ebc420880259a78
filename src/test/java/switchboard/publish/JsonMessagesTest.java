package switchboard.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonMessagesTest {

  private static List<String> parse(String body) {
    return JsonMessages.parse(body.getBytes(UTF_8)).stream()
        .map(m -> new String(m, UTF_8))
        .toList();
  }

  @Test
  void aValueIsOneMessage() {
    assertEquals(List.of("{\"a\":[1,2]}"), parse("{\"a\":[1,2]}"));
    assertEquals(List.of("\"hé\""), parse("\"hé\""));
    assertEquals(List.of("1.50"), parse(" 1.50 "));
    assertEquals(List.of("null"), parse("null"));
  }

  @Test
  void anArrayIsFlattenedOneLevel() {
    assertEquals(List.of("1", "\"a\"", "[2,3]", "{}"), parse("[1, \"a\", [2, 3], {}]"));
    assertEquals(List.of("[[1]]"), parse("[[[1]]]"));
    assertEquals(List.of(), parse("[]"));
  }

  @Test
  void aMessageHasNoLineBreak() {
    assertEquals(
        List.of("{\"a\":\"x\\ny\",\"b\":1}"), parse("{\n \"a\": \"x\\ny\",\r\n \"b\": 1 }"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "}",
        "{\"a\":1}x",
        "{\"a\":1}{\"b\":2}",
        "[1] [2]",
        "1 2",
        "1,2",
        "\"a\" \"b\"",
        "1]",
        "[1",
        "nul",
        "'a'",
        "{a:1}",
        "[1,]",
        "01",
        "\"\\ud800\"",
        "\"a\nb\"",
        "NaN",
        " "
      })
  void whatIsNotOneJsonValueIsRefused(String body) {
    var refusal = assertThrows(IllegalArgumentException.class, () -> parse(body));
    assertTrue(refusal.getMessage().startsWith("not JSON"), refusal.getMessage());
  }

  @Test
  void theRefusalQuotesTheBeginningAndNoHalfCharacter() {
    var refusal =
        assertThrows(IllegalArgumentException.class, () -> parse("{\"" + "a".repeat(37) + "😀bc"));
    assertTrue(
        refusal.getMessage().endsWith("\"{\"" + "a".repeat(37) + "…\""), refusal::getMessage);
  }

  @Test
  void bytesThatAreNotUtf8AreRefused() {
    byte[] body = {'"', (byte) 0xC3, '"'};
    assertThrows(IllegalArgumentException.class, () -> JsonMessages.parse(body));
  }

  @Test
  void depthDoesNotBringTheServerDown() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    assertThrows(IllegalArgumentException.class, () -> parse(deep));
  }
}
