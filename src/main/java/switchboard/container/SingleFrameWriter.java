package switchboard.container;

import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import java.io.IOException;

/**
 * Writes one frame at a time under the server's own monitor, so that it is never written between
 * the bytes of a frame of the server.
 *
 * <p><b>Threads.</b> Safe. Bytes are handed over under the monitor, which never waits for the
 * client; {@code written} is told outside.
 */
abstract class SingleFrameWriter implements FrameWriter {

  private final Object monitor;
  private SendHandler written; // guarded by the monitor

  SingleFrameWriter(Object monitor) {
    this.monitor = monitor;
  }

  /** Sets the frame to be written. Under the monitor. */
  abstract void begin(byte[] frame);

  /**
   * Hands over what the connection takes. Under the monitor.
   *
   * @return what to tell that the frame is written; {@code null} while some of it is left
   */
  abstract SendHandler start() throws IOException;

  /** Lets go of the frame. Under the monitor. */
  abstract void clear();

  @Override
  public final void write(WebSocketFrame frame, SendHandler handler) throws IOException {
    SendHandler done;
    synchronized (monitor) {
      begin(frame.bytes());
      written = handler;
      try {
        done = start();
      } catch (IOException | RuntimeException e) {
        take();
        throw e;
      }
    }
    tell(done, WRITTEN);
  }

  /** Whether a frame is being written. Under the monitor. */
  final boolean isWriting() {
    return written != null;
  }

  /** The frame is written, or never will be: what to tell. Under the monitor. */
  final SendHandler take() {
    SendHandler taken = written;
    written = null;
    clear();
    return taken;
  }

  static void tell(SendHandler handler, SendResult result) {
    if (handler != null) {
      handler.onResult(result);
    }
  }
}
