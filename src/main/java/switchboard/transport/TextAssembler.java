package switchboard.transport;

import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;

/**
 * The parts of a WebSocket's text frame until it is complete, and then the frame until it is
 * processed.
 *
 * <p><b>Threads.</b> Safe; parts come one at a time.
 *
 * <p><b>Cost.</b> Up to one and a half times the text: a byte for each character, or two if one is
 * not in Latin-1. It is counted in {@link PendingBodies}.
 */
final class TextAssembler {

  private static final char LAST_OF_ONE_BYTE = 0xff;

  /** Approximate overhead of a frame. */
  private static final int FRAME_BYTES = 64;

  private final PendingBodies.Share share;
  private final PendingBodies.Share serverShare;
  private StringBuilder text = new StringBuilder(0);
  private long sizeBytes;
  private int characterBytes = 1;
  private boolean isOver;

  TextAssembler(PendingBodies bodies) {
    this.share = bodies.share();
    this.serverShare = bodies.share();
  }

  /**
   * Adds a part.
   *
   * @param maxBytes maximum size of the frame, in UTF-8
   * @return why it is refused, or {@code null}
   */
  synchronized Ending add(String part, int maxBytes) {
    measure(part);
    if (isOver || sizeBytes > maxBytes) {
      return Ending.TOO_LARGE;
    }
    int length = text.length() + part.length();
    int capacity =
        length <= text.capacity()
            ? text.capacity()
            : Math.max(length, text.capacity() + text.capacity() / 2);
    if (!share.hold((long) capacity * characterBytes)) {
      return Ending.REQUEST_BUFFER_FULL;
    }
    if (capacity > text.capacity()) {
      text = new StringBuilder(capacity).append(text);
    }
    text.append(part);
    return null;
  }

  /**
   * The number of bytes that the application server keeps of a frame that it has not delivered yet.
   *
   * @param maxBytes maximum size of the frame
   * @return why it is refused, or {@code null}
   */
  Ending keeps(long bytes, int maxBytes) {
    if (bytes > maxBytes + FRAME_BYTES) {
      return Ending.TOO_LARGE;
    }
    return serverShare.hold(bytes) || bytes == 0 ? null : Ending.REQUEST_BUFFER_FULL;
  }

  // Each half of a surrogate pair counts as two of the pair's four bytes.
  private void measure(String part) {
    sizeBytes += part.length();
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      if (c >= 0x80) {
        sizeBytes += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
        if (c > LAST_OF_ONE_BYTE) {
          characterBytes = 2;
        }
      }
    }
  }

  /** The complete frame; it counts until {@link #clear}, and the next one begins. */
  synchronized String take() {
    String frame = text.toString();
    text = new StringBuilder(0);
    sizeBytes = 0;
    characterBytes = 1;
    return frame;
  }

  /** Releases the memory. */
  synchronized void clear() {
    take();
    share.hold(0);
  }

  /** The connection has ended. */
  synchronized void close() {
    isOver = true;
    text = new StringBuilder(0);
    share.close();
    serverShare.close();
  }
}
