package switchboard.container;

import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import java.io.IOException;

/**
 * The way out to one WebSocket's client: the standard API, or a faster one that the server happens
 * to have. {@link FrameWriters} chooses.
 *
 * <p><b>Threads.</b> One frame at a time: the next after {@code written} was told of the last.
 */
public interface FrameWriter {

  /** What a {@link SendHandler} is told when all went well. */
  SendResult WRITTEN = new SendResult();

  /**
   * The same where the connection took no more at first: so the peer has read some of what was
   * there before.
   */
  SendResult DRAINED = new SendResult();

  /**
   * Starts to write a frame and returns without waiting for the client.
   *
   * @param written is told once, on any thread, maybe before this returns
   * @throws IOException if the client disconnected; {@code written} is not told
   */
  void write(WebSocketFrame frame, SendHandler written) throws IOException;

  /** The WebSocket has been over for a while: lets go of what the server still keeps for it. */
  default void release() {}
}
