package switchboard.transport;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;

/** Takes along where the client is from the request: the WebSocket's session does not say. */
public class WebSocketHandshake extends ServerEndpointConfig.Configurator {

  private static final ThreadLocal<String> ADDRESS = new ThreadLocal<>();

  /**
   * Says where the client of the request is that this thread upgrades; {@code null} when it is
   * done. Where the server upgrades before the filter sees the request, nobody says it.
   */
  static void from(String address) {
    if (address == null) {
      ADDRESS.remove();
    } else {
      ADDRESS.set(address);
    }
  }

  /**
   * The answer without {@code Sec-WebSocket-Location}: a header of a draft, that Undertow still
   * sets, and wrong behind a proxy.
   */
  static HttpServletResponse withoutLocation(HttpServletResponse response) {
    return new HttpServletResponseWrapper(response) {
      @Override
      public void setHeader(String name, String value) {
        if (!name.equalsIgnoreCase("Sec-WebSocket-Location")) {
          super.setHeader(name, value);
        }
      }
    };
  }

  @Override
  public void modifyHandshake(
      ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
    String address = ADDRESS.get();
    config.getUserProperties().put(WebSocketConnection.ADDRESS, address == null ? "" : address);
  }
}
