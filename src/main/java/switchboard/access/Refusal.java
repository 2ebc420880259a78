package switchboard.access;

/** Somebody is refused something; the message says why, without anything that is secret. */
public final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** In which way. */
  public enum Reason {
    /** Whoever it is may not, and might with a token. */
    UNAUTHORIZED,
    /** The token is not valid. */
    INVALID_TOKEN,
    /** The token was good. */
    TOKEN_EXPIRED,
    /** The token or its subject is on the deny list. */
    TOKEN_DENIED,
    /** What is known of the caller grants it nothing of the kind. */
    FORBIDDEN,
    /** Too many were refused from there. */
    TOO_MANY_FAILURES,
    /** Where the issuer publishes its keys, they are not to be had. */
    KEYS_UNAVAILABLE
  }

  private final Reason reason;
  private final long retryAfterMillis;

  Refusal(Reason reason, String why) {
    this(reason, why, 0);
  }

  Refusal(Reason reason, String why, long retryAfterMillis) {
    super(why, null, false, false);
    this.reason = reason;
    this.retryAfterMillis = retryAfterMillis;
  }

  public Reason reason() {
    return reason;
  }

  /** How long to wait; 0 where waiting alone does not help. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }
}
