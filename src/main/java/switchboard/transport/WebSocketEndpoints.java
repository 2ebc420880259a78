package switchboard.transport;

import jakarta.websocket.server.ServerEndpointConfig;

/**
 * Makes the endpoint of each WebSocket, with what all of them share.
 *
 * <p>Left to itself, Payara makes one by {@code BeanManager.createInjectionTarget}, and so looks
 * anew for what is to be injected and intercepted: a sixth of the time that Java code spent on a
 * handshake (Payara Micro 6.2025.10).
 *
 * <p><b>Threads.</b> Safe.
 */
public class WebSocketEndpoints extends ServerEndpointConfig.Configurator {

  private volatile WebSockets sockets;
  private volatile ServerEndpointConfig.Configurator standard;

  // Asked several times for each handshake; the API looks through the service files every time.
  @Override
  public ServerEndpointConfig.Configurator getContainerDefaultConfigurator() {
    if (standard == null) {
      standard = super.getContainerDefaultConfigurator();
    }
    return standard;
  }

  @Override
  public <T> T getEndpointInstance(Class<T> type) {
    WebSocketEndpoint endpoint = new WebSocketEndpoint(sockets());
    boolean isHub = type == WebSocketHubEndpoint.class;
    return type.cast(isHub ? new WebSocketHubEndpoint(endpoint) : endpoint);
  }

  // Two threads at once find the same.
  private WebSockets sockets() {
    if (sockets == null) {
      sockets = WebSockets.find();
    }
    return sockets;
  }
}
