package switchboard.access;

import org.jspecify.annotations.Nullable;
import switchboard.config.Grants;

/**
 * A client: its address, its token if it sent one, and its login to the server if it has one.
 *
 * @param address where the client is
 * @param token valid when it was received; {@code null} for none
 * @param login the login to the server; {@code null} for none
 * @param sinceMillis when it was identified, by the monotonic clock
 */
public record Caller(
    String address, @Nullable Token token, @Nullable Login login, long sinceMillis) {

  /** A user who has logged in to the server, and the grants of the user's roles. */
  public record Login(String name, Grants grants) {}

  /** Whether it has neither a token nor a login. */
  public boolean isAnonymous() {
    return token == null && login == null;
  }

  /** The name from the token or the login, for the log. */
  String name() {
    if (token != null) {
      return "subject \"" + token.subject() + "\"";
    }
    return login == null ? "anonymous" : "login \"" + login.name() + "\"";
  }
}
