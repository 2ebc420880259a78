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

/** Several channels over one WebSocket, at the URL without a name. */
// Not a subclass: Open Liberty looks for annotated methods in this class alone.
@ServerEndpoint(
    value = "/channels",
    subprotocols = WebSocketConnection.SUBPROTOCOL,
    configurator = WebSocketEndpoints.class)
public class WebSocketHubEndpoint {

  private final WebSocketEndpoint endpoint;

  /** As for the other endpoint. */
  public WebSocketHubEndpoint() {
    this(new WebSocketEndpoint());
  }

  WebSocketHubEndpoint(WebSocketEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  @OnOpen
  public void open(Session session) {
    endpoint.open(session);
  }

  @OnMessage
  public void text(String part, boolean isLast) {
    endpoint.text(part, isLast);
  }

  @OnMessage
  public void binary(ByteBuffer part, boolean isLast) {
    endpoint.binary(part, isLast);
  }

  @OnMessage
  public void pong(PongMessage pong) {
    endpoint.pong(pong);
  }

  @OnClose
  public void close(CloseReason reason) {
    endpoint.close(reason);
  }

  @OnError
  public void error(Throwable e) {
    endpoint.error(e);
  }
}
