package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.security.Principal;
import org.jspecify.annotations.Nullable;

/**
 * The client that requests a WebSocket. It is passed from the request to the connection as the
 * request's principal: every server keeps the principal with the session of this request, while
 * values in the endpoint's configuration may be those of another handshake.
 *
 * @param guard the client's identity; {@code null} if it was refused
 * @param refusal the reason; {@code null} if it was not refused
 */
public record ClientPrincipal(String address, Guard guard, @Nullable Problem refusal)
    implements Principal {

  private static final String ATTRIBUTE = "switchboard.guard";

  /** The request with this client as its principal. */
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

  /** Stores the identity of the client in the request. */
  static void attachTo(HttpServletRequest request, Guard guard) {
    request.setAttribute(ATTRIBUTE, guard);
  }

  /** The same, or the reason of its refusal. */
  void attachTo(HttpServletRequest request) {
    request.setAttribute(ATTRIBUTE, refusal == null ? guard : refusal);
  }

  /** The client of the request; without one, it is refused. */
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
