package switchboard.http;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.access.Refusal;
import switchboard.channel.ChannelName;
import switchboard.channel.Ending;
import switchboard.config.Action;

/**
 * Asks the authorizer for one client, and reports refusals as in {@code docs/reference/endings.md}
 * and RFC 6750.
 *
 * <p><b>Threads.</b> Immutable.
 */
public record Guard(Authorizer authorizer, Caller caller) {

  private static final String CHALLENGE = "Bearer realm=\"switchboard\"";

  /** Refuses an action that the client may not do, whether or not the channel exists. */
  public void require(Action action, ChannelName channel) {
    orProblem(
        () -> {
          authorizer.require(caller, action, channel.value());
          return null;
        });
  }

  /** Refuses an action that the client may not do with all channels. */
  void requireForAll(Action action) {
    orProblem(
        () -> {
          authorizer.requireForAll(caller, action);
          return null;
        });
  }

  /** Refuses an action that the client may do with no channel. */
  public void requireSomewhere(Action action) {
    orProblem(
        () -> {
          authorizer.requireSomewhere(caller, action);
          return null;
        });
  }

  public boolean permits(Action action, ChannelName channel) {
    return authorizer.permits(caller, action, channel.value());
  }

  /** Whether there may be a channel with which the client may do that. */
  public boolean maySomewhere(Action action) {
    return authorizer.permitsSomewhere(caller, action);
  }

  /** Whether the client is not identified and a token could identify it. */
  public boolean isWithoutToken() {
    return caller.isAnonymous() && authorizer.takesTokens();
  }

  /** Why the client is no longer authorized; {@code null} while it is. */
  public @Nullable Problem revocation() {
    Refusal refusal = authorizer.revocation(caller);
    return refusal == null ? null : problem(refusal);
  }

  /** Logs that the client was disconnected because of {@link #revocation}. */
  public void logRevocation(String what) {
    Refusal refusal = authorizer.revocation(caller);
    if (refusal != null) {
      authorizer.refused(caller, what, refusal);
    }
  }

  /** The same client with a newer token. */
  public Guard refreshed(String token) {
    return new Guard(authorizer, orProblem(() -> authorizer.refresh(caller, token)));
  }

  /** Runs a check and converts its refusal to a problem. */
  static <T> T orProblem(Supplier<T> asking) {
    try {
      return asking.get();
    } catch (Refusal refusal) {
      throw problem(refusal);
    }
  }

  private static Problem problem(Refusal refusal) {
    Ending ending =
        switch (refusal.reason()) {
          case UNAUTHORIZED -> Ending.UNAUTHORIZED;
          case INVALID_TOKEN -> Ending.INVALID_TOKEN;
          case TOKEN_EXPIRED -> Ending.TOKEN_EXPIRED;
          case TOKEN_DENIED -> Ending.TOKEN_DENIED;
          case FORBIDDEN -> Ending.FORBIDDEN;
          case TOO_MANY_FAILURES -> Ending.TOO_MANY_FAILURES;
          case KEYS_UNAVAILABLE -> Ending.KEYS_UNAVAILABLE;
        };
    Problem problem = new Problem(ending, refusal.getMessage());
    switch (refusal.reason()) {
      // RFC 6750 §3.1: a client without credentials gets no error code.
      case UNAUTHORIZED -> problem.with("WWW-Authenticate", CHALLENGE);
      case INVALID_TOKEN, TOKEN_EXPIRED, TOKEN_DENIED ->
          problem.with("WWW-Authenticate", challenge("invalid_token", refusal));
      case FORBIDDEN -> problem.with("WWW-Authenticate", challenge("insufficient_scope", refusal));
      case TOO_MANY_FAILURES -> problem.retryAfter(refusal.retryAfterMillis());
      case KEYS_UNAVAILABLE -> {
        // the problem itself has the time to retry
      }
    }
    return problem;
  }

  // The text is ours, printable ASCII without quotes; it contains nothing from a request.
  private static String challenge(String error, Refusal refusal) {
    return "%s, error=\"%s\", error_description=\"%s\""
        .formatted(CHALLENGE, error, refusal.getMessage());
  }
}
