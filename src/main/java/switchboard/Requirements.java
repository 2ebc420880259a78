package switchboard;

import jakarta.servlet.ServletContext;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import switchboard.config.HttpAdapter;

/**
 * Stops the deployment on a server without a required API. Otherwise a part would seem to work, but
 * long polls would never end.
 */
final class Requirements {

  /**
   * The attribute in which a server with WebSockets puts its container (Jakarta WebSocket §7.1.1).
   */
  private static final String WEBSOCKETS = "jakarta.websocket.server.ServerContainer";

  /**
   * The name under which a server with EJB binds the clock; as a string, because its class may not
   * load.
   */
  private static final String CLOCK = "java:module/Clock";

  private Requirements() {}

  static boolean hasWebSockets(ServletContext context) {
    return context.getAttribute(WEBSOCKETS) != null;
  }

  static boolean hasEjb() {
    return isBound(CLOCK);
  }

  static void require(boolean hasWebSockets, boolean hasEjb) {
    List<String> missing = new ArrayList<>();
    if (!hasWebSockets) {
      missing.add("no WebSocket (jakarta.websocket)");
    }
    if (!hasEjb) {
      missing.add("no EJB (jakarta.ejb, EJB Lite)");
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "Switchboard cannot run here: this server has "
              + String.join(" and ", missing)
              + ". It needs the Web Profile of Jakarta EE 10 or 11; see docs/guide/servers.md");
    }
  }

  static boolean hasRest() {
    try {
      Class.forName("jakarta.ws.rs.core.Application", false, Requirements.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** Refuses an adapter that the server, or the embedded JAR, cannot carry. */
  static void requireAdapter(HttpAdapter adapter, boolean isEmbedded, boolean hasRest) {
    if (adapter != HttpAdapter.JAX_RS || (!isEmbedded && hasRest)) {
      return;
    }
    throw new IllegalStateException(
        "switchboard.http.adapter = \"jax-rs\": %s; use servlet"
            .formatted(
                isEmbedded
                    ? "switchboard-embedded.jar has no JAX-RS resource"
                    : "this server has no JAX-RS (jakarta.ws.rs)"));
  }

  private static boolean isBound(String name) {
    try {
      return new InitialContext().lookup(name) != null;
    } catch (NamingException e) {
      return false;
    }
  }
}
