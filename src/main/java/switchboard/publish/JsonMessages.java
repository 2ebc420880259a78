package switchboard.publish;

import jakarta.json.JsonValue;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import switchboard.http.ParsingLimit;
import switchboard.http.StrictJson;

/**
 * Parses JSON from clients into messages: one value each, in compact form and UTF-8. An array is
 * several messages, flattened one level (Durable Streams PROTOCOL.md §9.1.2).
 */
public final class JsonMessages {

  private JsonMessages() {}

  /**
   * The messages in a body; none for {@code []}. A large one may have to wait for others.
   *
   * @throws IllegalArgumentException if it is not one JSON value in UTF-8; the message says why
   */
  public static List<byte[]> parse(byte[] body) {
    int counted = ParsingLimit.OF_HEAP.acquire(body.length);
    try {
      return flatten(StrictJson.value(utf8(body)));
    } finally {
      ParsingLimit.OF_HEAP.release(counted);
    }
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
