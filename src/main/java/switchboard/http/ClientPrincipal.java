package switchboard.http;

import java.security.Principal;
import org.jspecify.annotations.Nullable;

/**
 * The client of a request. Of a request for a WebSocket it is passed to the connection as the
 * request's principal: every server keeps the principal with the session of this request, while
 * values in the endpoint's configuration may be those of another handshake.
 *
 * @param channel the channel's name in the path; empty for several channels
 * @param guard the client's identity; one that may do nothing if it was refused
 * @param refusal the reason; {@code null} if it was not refused
 */
public record ClientPrincipal(
    String address, String channel, Guard guard, @Nullable Problem refusal) implements Principal {

  @Override
  public String getName() {
    return guard == null || guard.caller().login() == null ? "" : guard.caller().login().name();
  }

  /** Its identity, unless it was refused. */
  Guard require() {
    if (refusal != null) {
      throw refusal;
    }
    return guard;
  }
}
