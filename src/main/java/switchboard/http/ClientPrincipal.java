package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.security.Principal;

/**
 * Who asks for a WebSocket, on its way from the request to the connection. It goes as the request's
 * principal: that is the one thing which every server keeps with the session it makes of this very
 * request, while what a handshake leaves in the endpoint's configuration may be another's.
 *
 * @param guard who it is; {@code null} where that was refused
 * @param refusal why; {@code null} where it was not
 */
public record ClientPrincipal(String address, Guard guard, Problem refusal) implements Principal {

  private static final String ATTRIBUTE = "switchboard.guard";

  /** The request, with this one as whom it comes from. */
  HttpServletRequest asPrincipalOf(HttpServletRequest request) {
    return new HttpServletRequestWrapper(request) {
      @Override
      public Principal getUserPrincipal() {
        return ClientPrincipal.this;
      }
    };
  }

  @Override
  public String getName() {
    return guard == null || guard.caller().login() == null ? "" : guard.caller().login().name();
  }

  /** Leaves with the request who it comes from. */
  static void attachTo(HttpServletRequest request, Guard guard) {
    request.setAttribute(ATTRIBUTE, guard);
  }

  /** The same, or why that was refused. */
  void attachTo(HttpServletRequest request) {
    request.setAttribute(ATTRIBUTE, refusal == null ? guard : refusal);
  }

  /** Who the request comes from. Without that nothing is done. */
  static Guard of(HttpServletRequest request) {
    if (request.getAttribute(ATTRIBUTE) instanceof Problem problem) {
      throw problem;
    }
    if (request.getAttribute(ATTRIBUTE) instanceof Guard guard) {
      return guard;
    }
    throw new IllegalStateException(request.getRequestURI() + ": the client was not identified");
  }
}
