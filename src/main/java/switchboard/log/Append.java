package switchboard.log;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Messages to append: all of them are, or none.
 *
 * @param messages in order; may be empty only when {@code close} is set
 * @param producer makes retries harmless; {@code null} for none
 * @param seq the writer's own ordering token, compared as bytes; {@code null} for none
 * @param close nothing may be appended afterwards
 */
public record Append(
    List<byte[]> messages, @Nullable Producer producer, @Nullable String seq, boolean close) {

  /** All messages' bytes together. */
  public long sizeBytes() {
    long size = 0;
    for (byte[] message : messages) {
      size += message.length;
    }
    return size;
  }

  /** Messages without a producer or an ordering token. */
  public static Append of(List<byte[]> messages) {
    return new Append(messages, null, null, false);
  }
}
