package switchboard.container;

import jakarta.servlet.ServletOutputStream;
import java.io.IOException;

/**
 * Limits what Payara and GlassFish keep for a client that does not read. Other servers keep little,
 * and this only writes.
 *
 * <p><b>Threads.</b> One at a time.
 */
public final class WriteQueue {

  /** Where the server bounds its queue by itself. */
  public static final WriteQueue UNCHANGED = new WriteQueue(null, null, 0);

  /**
   * Maximum bytes that Grizzly may queue before it is no longer ready. Its default is four times
   * the socket's buffer: 80 WebSockets whose clients did not read used 433 MB of heap. For clients
   * that read, the socket's buffer is sufficient: 10 MB at once took 16 ms in both cases. →
   * SlowReaderIT
   */
  static final int MAX_BYTES = 32 << 10;

  /**
   * Grizzly 5 takes it for an attack when a write leaves four times as much waiting as may, and
   * ends the connection; before, this only said when to stop.
   */
  private static final int HARD_LIMIT = 4;

  private final GrizzlyAccess grizzly;
  private final Object tcp;
  private final int before;

  private WriteQueue(GrizzlyAccess grizzly, Object tcp, int before) {
    this.grizzly = grizzly;
    this.tcp = tcp;
    this.before = before;
  }

  /** Bounds the queue of a Grizzly connection. */
  static WriteQueue bound(GrizzlyAccess grizzly, Object tcp, int bytes)
      throws ReflectiveOperationException {
    WriteQueue queue = new WriteQueue(grizzly, tcp, grizzly.maxWriteQueue(tcp));
    queue.set(bytes);
    return queue;
  }

  /** Writes all of it, however large it is. */
  public void write(ServletOutputStream out, byte[] bytes, int from, int length)
      throws IOException {
    boolean isLarge = tcp != null && length > (HARD_LIMIT - 2) * MAX_BYTES;
    if (isLarge) {
      set(2 * MAX_BYTES + length / (HARD_LIMIT - 1));
    }
    out.write(bytes, from, length);
    if (isLarge) {
      out.flush();
      set(MAX_BYTES);
    }
  }

  /** Puts it back as it was, for the next request on this connection. */
  public void restore() {
    if (tcp != null) {
      set(before);
    }
  }

  private void set(int bytes) {
    try {
      grizzly.setMaxWriteQueue(tcp, bytes);
    } catch (ReflectiveOperationException | RuntimeException e) {
      TcpConnection.unexpectedServer(e);
    }
  }
}
