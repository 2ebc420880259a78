package switchboard.access;

import switchboard.config.Grants;

/**
 * Who asks: at an address, with a token or without, logged in to the server or not.
 *
 * @param address where the client is
 * @param token that was good when it came; {@code null} for none
 * @param login whom the server knows it as; {@code null} for nobody
 * @param sinceMillis when that was found out, by the clock of elapsed time
 */
public record Caller(String address, Token token, Login login, long sinceMillis) {

  /** Somebody who has logged in to the server, and what the roles grant that it has there. */
  public record Login(String name, Grants grants) {}

  /** Neither token nor login. */
  public boolean isAnonymous() {
    return token == null && login == null;
  }

  /** For the log: whom the token or the server names. */
  String name() {
    if (token != null) {
      return "subject \"" + token.subject() + "\"";
    }
    return login == null ? "anonymous" : "login \"" + login.name() + "\"";
  }
}
