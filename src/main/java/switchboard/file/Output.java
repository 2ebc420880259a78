package switchboard.file;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes that are being put together: numbers big endian, counts and lengths as varints, texts in
 * UTF-8 with their length.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class Output {

  private byte[] bytes;
  private int size;

  Output(int capacity) {
    this.bytes = new byte[capacity];
  }

  int size() {
    return size;
  }

  /** The bytes themselves, which are valid up to {@link #size}. */
  byte[] bytes() {
    return bytes;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  /** Room for as many bytes, which are zero. */
  Output skip(int count) {
    room(count);
    size += count;
    return this;
  }

  private void room(int count) {
    if (bytes.length - size < count) {
      bytes = Arrays.copyOf(bytes, Math.max(size + count, 2 * bytes.length));
    }
  }

  Output put(int value) {
    room(1);
    bytes[size++] = (byte) value;
    return this;
  }

  Output put(boolean value) {
    return put(value ? 1 : 0);
  }

  Output putInt(int value) {
    room(4);
    ByteBuffer.wrap(bytes).putInt(size, value);
    size += 4;
    return this;
  }

  Output putLong(long value) {
    room(8);
    ByteBuffer.wrap(bytes).putLong(size, value);
    size += 8;
    return this;
  }

  /** A number that is usually small; seven bits a byte. Negative ones take ten. */
  Output putVarint(long value) {
    room(10);
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
    return this;
  }

  Output put(byte[] value) {
    putVarint(value.length);
    room(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  /** Bytes without their length. */
  Output putRaw(byte[] value, int from, int length) {
    room(length);
    System.arraycopy(value, from, bytes, size, length);
    size += length;
    return this;
  }

  /** A text, or {@code null}. */
  Output put(String value) {
    if (value == null) {
      return put(0);
    }
    return put(1).put(value.getBytes(StandardCharsets.UTF_8));
  }

  void setInt(int position, int value) {
    ByteBuffer.wrap(bytes).putInt(position, value);
  }
}
