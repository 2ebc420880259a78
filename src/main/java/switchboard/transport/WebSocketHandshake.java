package switchboard.transport;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import jakarta.websocket.Session;
import switchboard.access.Authorizer;
import switchboard.access.Caller;

/** What a WebSocket's connection knows of the request that asked for it. */
final class WebSocketHandshake {

  private WebSocketHandshake() {}

  /**
   * Who asked for it. Where a server upgrades before {@link ChannelsFilter} has seen the request,
   * that is nobody, who may do what everybody may.
   */
  static Visitor visitor(Session session, Authorizer authorizer) {
    return session.getUserPrincipal() instanceof Visitor visitor
        ? visitor
        : new Visitor("", new Guard(authorizer, new Caller("", null, null, 0)), null);
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
}
