package switchboard.access;

import org.jspecify.annotations.Nullable;

/** A refused request. The message has the reason and contains no secret. */
public final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** The kind of a refusal. */
  public enum Reason {
    /** No token was sent, and a token might help. */
    UNAUTHORIZED,
    /** The token is not valid. */
    INVALID_TOKEN,
    /** The token has expired. */
    TOKEN_EXPIRED,
    /** The token or its subject is on the deny list. */
    TOKEN_DENIED,
    /** The caller is identified, but not allowed to do this. */
    FORBIDDEN,
    /** Too many refused requests from this address. */
    TOO_MANY_FAILURES,
    /** The issuer's keys cannot be fetched. */
    KEYS_UNAVAILABLE
  }

  private final Reason reason;
  private final long retryAfterMillis;

  Refusal(Reason reason, @Nullable String why) {
    this(reason, why, 0);
  }

  Refusal(Reason reason, @Nullable String why, long retryAfterMillis) {
    super(why, null, false, false);
    this.reason = reason;
    this.retryAfterMillis = retryAfterMillis;
  }

  public Reason reason() {
    return reason;
  }

  /** How long to wait; 0 if waiting does not help. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }
}
