package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.Pace;
import switchboard.config.Settings;

/**
 * A channel over a WebSocket: translates the container's calls for {@link WebSocketConnection}.
 * What is said is in {@code docs/protocol.md}.
 */
@ServerEndpoint(value = "/channels/{name}", subprotocols = WebSocketConnection.SUBPROTOCOL)
@Dependent // without a scope Open Liberty injects nothing
public class WebSocketEndpoint {

  private static final Logger LOG = Logger.getLogger(WebSocketEndpoint.class.getName());

  @Inject private Channels channels;
  @Inject private Connections connections;
  @Inject private Pace pace;
  @Inject private Authorizer authorizer;
  @Inject private Settings settings;
  @Inject private InstantSource clock;
  @Inject private FrameWriters writers;
  private WebSocketConnection connection;

  @OnOpen
  public void open(Session session) {
    connection =
        new WebSocketConnection(
            session,
            WebSocketHandshake.visitor(session, authorizer),
            writers.of(session),
            connections,
            pace,
            settings,
            clock);
    connection.open(channels);
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
