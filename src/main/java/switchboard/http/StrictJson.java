package switchboard.http;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonValue;
import jakarta.json.stream.JsonParser;
import jakarta.json.stream.JsonParserFactory;
import java.io.StringReader;
import java.util.Map;
import java.util.NoSuchElementException;

/** Parses JSON from clients: one value, and nothing after it. */
public final class StrictJson {

  // Looking up the provider costs more than parsing a message.
  private static final JsonParserFactory PARSERS = Json.createParserFactory(Map.of());

  private StrictJson() {}

  /**
   * Parses one JSON value without trailing text.
   *
   * @throws IllegalArgumentException if it is not; the message says why
   */
  public static JsonValue value(String text) {
    try (JsonParser parser = PARSERS.createParser(new StringReader(text))) {
      parser.next();
      JsonValue value = parser.getValue();
      if (parser.hasNext()) {
        throw new JsonException("more text follows the value");
      }
      return value;
    } catch (NoSuchElementException e) {
      throw new IllegalArgumentException("not JSON: it is empty", e);
    } catch (RuntimeException | StackOverflowError e) {
      // Parsers report too much depth in different ways.
      throw new IllegalArgumentException(
          "not JSON: %s in \"%s\"".formatted(firstLine(e), beginning(text)), e);
    }
  }

  private static String firstLine(Throwable e) {
    String message = e.getMessage() == null ? "nested too deeply" : e.getMessage();
    return message.lines().findFirst().orElse("");
  }

  private static String beginning(String text) {
    int end = Math.min(text.length(), 40);
    if (end == text.length()) {
      return text;
    }
    // Not between the two parts of a surrogate pair.
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }
}
