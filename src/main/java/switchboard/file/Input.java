package switchboard.file;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Reads what an {@link Output} has put together.
 *
 * <p>What is no such thing throws {@link IllegalArgumentException}, whatever it is.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class Input {

  private final ByteBuffer bytes;

  Input(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  boolean isEmpty() {
    return !bytes.hasRemaining();
  }

  int get() {
    try {
      return bytes.get() & 0xFF;
    } catch (BufferUnderflowException e) {
      throw tooShort();
    }
  }

  boolean getBoolean() {
    int value = get();
    if (value > 1) {
      throw new IllegalArgumentException("a byte " + value + " where 0 or 1 is allowed");
    }
    return value == 1;
  }

  long getVarint() {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      long next = get();
      value |= (next & 0x7F) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than ten bytes");
  }

  /** A number of things that follow, of at least one byte each. */
  int getCount() {
    long count = getVarint();
    if (count < 0 || count > bytes.remaining()) {
      throw tooShort();
    }
    return (int) count;
  }

  byte[] getBytes() {
    byte[] value = new byte[getCount()];
    bytes.get(value);
    return value;
  }

  String getText() {
    return getBoolean() ? new String(getBytes(), StandardCharsets.UTF_8) : null;
  }

  private static IllegalArgumentException tooShort() {
    return new IllegalArgumentException("it ends too early");
  }
}
