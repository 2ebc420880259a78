package switchboard.container;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A frame from the server to a client, with its header, as it is sent (RFC 6455 §5.2). A frame with
 * a batch is created once and shared by all clients that get it.
 *
 * <p><b>Threads.</b> Immutable.
 *
 * <p><b>Cost.</b> Its bytes, and its text after the first use of it.
 */
public final class WebSocketFrame {

  /** A ping. */
  public static final WebSocketFrame PING = new WebSocketFrame(new byte[] {(byte) 0x89, 0}, 2);

  private static final byte WHOLE_TEXT = (byte) 0x81;
  private static final int ONE_BYTE_LENGTH = 125;
  private static final int TWO_BYTE_LENGTH = 0xffff;

  private final byte[] bytes;
  private final int headerBytes;
  private String text;

  private WebSocketFrame(byte[] bytes, int headerBytes) {
    this.bytes = bytes;
    this.headerBytes = headerBytes;
  }

  /** A text frame. */
  public static WebSocketFrame of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A text frame whose UTF-8 consists of these parts. */
  public static WebSocketFrame of(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    int header = length <= ONE_BYTE_LENGTH ? 2 : length <= TWO_BYTE_LENGTH ? 4 : 10;
    ByteBuffer frame = ByteBuffer.allocate(header + length).put(WHOLE_TEXT);
    switch (header) {
      case 2 -> frame.put((byte) length);
      case 4 -> frame.put((byte) 126).putShort((short) length);
      default -> frame.put((byte) 127).putLong(length);
    }
    for (byte[] part : parts) {
      frame.put(part);
    }
    return new WebSocketFrame(frame.array(), header);
  }

  /** Header and payload; must not be changed. */
  public byte[] bytes() {
    return bytes;
  }

  /** The payload; must not be changed. */
  public ByteBuffer payload() {
    return ByteBuffer.wrap(bytes, headerBytes, bytes.length - headerBytes);
  }

  /** The payload, for APIs that create the frame themselves. */
  public String text() {
    // Several threads may decode it at once, with the same result.
    if (text == null) {
      text = new String(bytes, headerBytes, bytes.length - headerBytes, StandardCharsets.UTF_8);
    }
    return text;
  }

  public boolean isPing() {
    return this == PING;
  }
}
