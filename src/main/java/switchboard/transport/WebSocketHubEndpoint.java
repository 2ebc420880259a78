package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.websocket.server.ServerEndpoint;

/** Several channels over one WebSocket, at the URL without a name. */
@ServerEndpoint(value = "/channels", subprotocols = WebSocketConnection.SUBPROTOCOL)
@Dependent
public class WebSocketHubEndpoint extends WebSocketEndpoint {}
