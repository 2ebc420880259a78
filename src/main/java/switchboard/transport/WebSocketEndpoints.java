package switchboard.transport;

import jakarta.servlet.ServletContext;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;

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

  /** Adds the endpoints for one channel and for several to an application. */
  static void add(ServletContext context, String channels) {
    var container = (ServerContainer) context.getAttribute(ServerContainer.class.getName());
    WebSocketEndpoints endpoints = new WebSocketEndpoints();
    try {
      container.addEndpoint(endpoints.config(channels, true));
      container.addEndpoint(endpoints.config(channels + "/{name}", false));
    } catch (DeploymentException e) {
      throw new IllegalStateException("no WebSocket at \"%s\"".formatted(channels), e);
    }
  }

  private ServerEndpointConfig config(String path, boolean isForMany) {
    ServerEndpointConfig config =
        ServerEndpointConfig.Builder.create(WebSocketEndpoint.class, path)
            .subprotocols(List.of(WebSocketConnection.SUBPROTOCOL))
            .configurator(this)
            .build();
    config.getUserProperties().put(WebSocketEndpoint.MANY, isForMany);
    return config;
  }

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
    return type.cast(new WebSocketEndpoint(sockets()));
  }

  // Two threads at once find the same.
  private WebSockets sockets() {
    if (sockets == null) {
      sockets = WebSockets.find();
    }
    return sockets;
  }
}
