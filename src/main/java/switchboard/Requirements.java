package switchboard;

import jakarta.servlet.ServletContext;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/**
 * Stops the deployment on a server that lacks what nothing here can do without: half of it would
 * seem to work, until nobody is told that a long poll's time is up.
 */
final class Requirements {

  /** Where a server that has WebSockets leaves its container (Jakarta WebSocket §7.1.1). */
  private static final String WEBSOCKETS = "jakarta.websocket.server.ServerContainer";

  /** Where a server that has EJB binds the clock; by its name, as its class may not load. */
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
              + ". It needs the Web Profile of Jakarta EE 10; see docs/servers.md");
    }
  }

  private static boolean isBound(String name) {
    try {
      return new InitialContext().lookup(name) != null;
    } catch (NamingException e) {
      return false;
    }
  }
}
