package switchboard.transport;

import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Ending;
import switchboard.http.Problem;

/**
 * A channel over a WebSocket, or several at the URL without a name: translates the container's
 * calls for {@link WebSocketConnection}. What is said is in {@code docs/reference/protocol.md}.
 */
public class WebSocketEndpoint extends Endpoint {

  private static final Logger LOG = Logger.getLogger(WebSocketEndpoint.class.getName());

  private final WebSockets sockets;
  private WebSocketConnection connection;

  /**
   * For servers that want such a constructor, as Open Liberty does, or do without a configurator.
   */
  public WebSocketEndpoint() {
    this(WebSockets.find());
  }

  WebSocketEndpoint(WebSockets sockets) {
    this.sockets = sockets;
  }

  @Override
  public void onOpen(Session session, EndpointConfig config) {
    try {
      open(session);
    } catch (RuntimeException | Error e) {
      // Otherwise the server leaves it open.
      Ending ending = Problem.of(e).ending();
      try {
        session.close(
            new CloseReason(
                CloseReason.CloseCodes.getCloseCode(ending.closeCode()), ending.slug()));
      } catch (IOException gone) {
        LOG.log(Level.FINEST, "the client disconnected", gone);
      }
    }
  }

  private void open(Session session) {
    connection = sockets.connection(session);
    // In parts, so that the limit on a frame is ours and a setting: Tyrus ignores the session's.
    session.addMessageHandler(String.class, (MessageHandler.Partial<String>) connection::received);
    session.addMessageHandler(
        ByteBuffer.class,
        (MessageHandler.Partial<ByteBuffer>) (part, isLast) -> connection.receivedBinary());
    session.addMessageHandler(
        PongMessage.class, (MessageHandler.Whole<PongMessage>) pong -> connection.ponged());
    sockets.open(connection);
  }

  @Override
  public void onClose(Session session, CloseReason reason) {
    connection.gone("client, code " + reason.getCloseCode().getCode());
  }

  @Override
  public void onError(Session session, Throwable e) {
    LOG.log(Level.FINE, e, () -> connection + " – the connection failed");
    if (connection != null) {
      connection.gone("broke");
    }
  }
}
