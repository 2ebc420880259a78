package switchboard.transport;

import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A channel over a WebSocket: translates the container's calls for {@link WebSocketConnection}.
 * What is said is in {@code docs/protocol.md}.
 */
@ServerEndpoint(
    value = "/channels/{name}",
    subprotocols = WebSocketConnection.SUBPROTOCOL,
    configurator = WebSocketEndpoints.class)
public class WebSocketEndpoint {

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

  @OnOpen
  public void open(Session session) {
    connection = sockets.connection(session);
    sockets.open(connection);
  }

  // In parts, so that the limit on a frame is ours and a setting: Tyrus ignores the session's.
  @OnMessage
  public void text(String part, boolean isLast) {
    connection.received(part, isLast);
  }

  @OnMessage
  public void binary(ByteBuffer part, boolean isLast) {
    connection.receivedBinary();
  }

  @OnMessage
  public void pong(PongMessage pong) {
    connection.ponged();
  }

  @OnClose
  public void close(CloseReason reason) {
    connection.gone("client, code " + reason.getCloseCode().getCode());
  }

  @OnError
  public void error(Throwable e) {
    LOG.log(Level.FINE, e, () -> connection + " – broke");
    if (connection != null) {
      connection.gone("broke");
    }
  }
}
