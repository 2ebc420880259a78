package switchboard.container;

import jakarta.websocket.SendHandler;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Frames by the standard API, on any server. */
public record StandardFrameWriter(Session session, Runnable whenOver) implements FrameWriter {

  public StandardFrameWriter(Session session) {
    this(session, () -> {});
  }

  @Override
  public void release() {
    whenOver.run();
  }

  @Override
  public void write(WebSocketFrame frame, SendHandler written) throws IOException {
    if (frame.isPing()) {
      session.getAsyncRemote().sendPing(ByteBuffer.allocate(0));
      written.onResult(WRITTEN);
    } else {
      session.getAsyncRemote().sendText(frame.text(), written);
    }
  }
}
