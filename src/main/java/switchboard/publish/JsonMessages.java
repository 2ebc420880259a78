package switchboard.publish;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonValue;
import jakarta.json.stream.JsonParser;
import jakarta.json.stream.JsonParserFactory;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * Parses JSON from clients into messages: one value each, in compact form and UTF-8. An array is
 * several messages, flattened one level (Durable Streams PROTOCOL.md §9.1.2).
 */
public final class JsonMessages {

  // Looking up the provider costs more than parsing a message.
  private static final JsonParserFactory PARSERS = Json.createParserFactory(Map.of());

  private JsonMessages() {}

  /**
   * The messages in a body; none for {@code []}. A large one may have to wait for others.
   *
   * @throws IllegalArgumentException if it is not one JSON value in UTF-8; the message says why
   */
  public static List<byte[]> parse(byte[] body) {
    int counted = ParsingLimit.OF_HEAP.acquire(body.length);
    try {
      return flatten(value(utf8(body)));
    } finally {
      ParsingLimit.OF_HEAP.release(counted);
    }
  }

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

  /** An array's elements, or the value itself, each as a message. */
  public static List<byte[]> flatten(JsonValue value) {
    if (value.getValueType() != JsonValue.ValueType.ARRAY) {
      return List.of(bytes(value));
    }
    List<byte[]> messages = new ArrayList<>();
    for (JsonValue element : value.asJsonArray()) {
      messages.add(bytes(element));
    }
    return messages;
  }

  private static byte[] bytes(JsonValue value) {
    try {
      // A lone surrogate (\\ud800) has no UTF-8; String.getBytes would make it a question mark.
      ByteBuffer encoded =
          StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value.toString()));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "not JSON in UTF-8: a string contains half of a surrogate pair", e);
    }
  }

  private static String utf8(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("not JSON in UTF-8: the bytes are not UTF-8", e);
    }
  }
}
