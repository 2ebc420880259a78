package switchboard.transport;

import jakarta.servlet.ServletContext;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;
import switchboard.http.WebSocketHandshake;

/**
 * Creates the endpoint of each WebSocket with the shared objects.
 *
 * <p>Otherwise Payara creates it with {@code BeanManager.createInjectionTarget} and searches
 * injection points and interceptors each time: a sixth of the Java time of a handshake (Payara
 * Micro 6.2025.10).
 *
 * <p><b>Threads.</b> Safe.
 */
public class WebSocketEndpoints extends ServerEndpointConfig.Configurator {

  private volatile WebSockets sockets;
  private volatile ServerEndpointConfig.Configurator standard;

  /** Adds the endpoints for one channel and for several to an application. */
  static void add(ServletContext context, String channels) {
    var container = (ServerContainer) context.getAttribute(ServerContainer.class.getName());
    WebSocketEndpoints endpoints = new WebSocketEndpoints();
    try {
      container.addEndpoint(endpoints.config(channels));
      container.addEndpoint(endpoints.config(channels + "/{name}"));
    } catch (DeploymentException e) {
      throw new IllegalStateException("no WebSocket at \"%s\"".formatted(channels), e);
    }
  }

  private ServerEndpointConfig config(String path) {
    return ServerEndpointConfig.Builder.create(WebSocketEndpoint.class, path)
        .subprotocols(List.of(WebSocketHandshake.SUBPROTOCOL))
        .configurator(this)
        .build();
  }

  // Called several times for each handshake; the API searches the service files each time.
  @Override
  public ServerEndpointConfig.Configurator getContainerDefaultConfigurator() {
    if (standard == null) {
      standard = super.getContainerDefaultConfigurator();
    }
    return standard;
  }

  @Override
  public <T> T getEndpointInstance(Class<T> type) {
    return type.cast(new WebSocketEndpoint(sockets()));
  }

  // Two threads at once get the same result.
  private WebSockets sockets() {
    if (sockets == null) {
      sockets = WebSockets.find();
    }
    return sockets;
  }
}
