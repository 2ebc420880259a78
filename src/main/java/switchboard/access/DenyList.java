package switchboard.access;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import switchboard.time.Clocks;

/**
 * Tokens that are good no longer though they say so, by their id, and subjects whose tokens and
 * connections up to now are good no longer. Each is kept for as long as a token may be valid.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 150 bytes each, for {@value #MAX} of each kind at the most.
 */
final class DenyList {

  static final int MAX = 100_000;
  private static final int MAX_LENGTH = 64;

  /** When something was denied, by both clocks. */
  private record Denial(Instant at, long atMillis) {}

  private final Duration keptFor;
  private final Clocks clocks;
  private final Map<String, Denial> tokens = new ConcurrentHashMap<>();
  private final Map<String, Denial> subjects = new ConcurrentHashMap<>();

  /**
   * Nothing is denied yet.
   *
   * @param keptFor as long as the longest a token can be valid
   */
  DenyList(Duration keptFor, Clocks clocks) {
    this.keptFor = keptFor;
    this.clocks = clocks;
  }

  /** Denies the token of that id; false where there is no room. */
  boolean denyToken(String id) {
    return put(tokens, id);
  }

  /** Denies what was issued to the subject up to now; false where there is no room. */
  boolean denySubject(String subject) {
    return put(subjects, subject);
  }

  private boolean put(Map<String, Denial> denied, String written) {
    String name = key(written);
    if (denied.size() >= MAX && !denied.containsKey(name)) {
      return false;
    }
    denied.put(name, new Denial(clocks.wall().instant(), clocks.elapsed().millis()));
    return true;
  }

  // Whoever issues tokens may give them ids and subjects of thousands of characters.
  private static String key(String name) {
    return name.length() <= MAX_LENGTH ? name : Authorizer.hash(name);
  }

  /** Whether a token or a login is denied. */
  boolean denies(Caller caller) {
    if (tokens.isEmpty() && subjects.isEmpty()) {
      return false;
    }
    Token token = caller.token();
    if (token != null && (tokens.containsKey(key(token.id())) || isBefore(token))) {
      return true;
    }
    Denial denied = caller.login() == null ? null : subjects.get(key(caller.login().name()));
    return denied != null && caller.sinceMillis() <= denied.atMillis();
  }

  // A token says in whole seconds when it was issued: one of the very second counts as older.
  private boolean isBefore(Token token) {
    Denial denied = subjects.get(key(token.subject()));
    return denied != null && !token.issuedAt().isAfter(denied.at().truncatedTo(ChronoUnit.SECONDS));
  }

  /** What the clock does: forgets what no token can be as old as. */
  void tick() {
    if (tokens.isEmpty() && subjects.isEmpty()) {
      return;
    }
    tokens.values().removeIf(this::isOld);
    subjects.values().removeIf(this::isOld);
  }

  // By both: a wall clock that is set forward for a while, or back, must not let a token that was
  // denied be good again.
  private boolean isOld(Denial denial) {
    return denial.at().isBefore(clocks.wall().instant().minus(keptFor))
        && denial.atMillis() < clocks.elapsed().millis() - keptFor.toMillis();
  }
}
