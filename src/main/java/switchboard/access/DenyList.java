package switchboard.access;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import switchboard.time.Clocks;

/**
 * Revoked tokens, by their id, and subjects whose tokens and connections until now are revoked.
 * Each entry is kept for as long as a token may be valid.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 150 bytes each, for at most {@value #MAX} of each kind.
 */
final class DenyList {

  static final int MAX = 100_000;
  private static final int MAX_LENGTH = 64;

  /** The time of a denial, by both clocks. */
  private record Denial(Instant at, long atMillis) {}

  private final Duration keptFor;
  private final Clocks clocks;
  private final Map<String, Denial> tokens = new ConcurrentHashMap<>();
  private final Map<String, Denial> subjects = new ConcurrentHashMap<>();

  /**
   * An empty list.
   *
   * @param keptFor the longest time that a token can be valid
   */
  DenyList(Duration keptFor, Clocks clocks) {
    this.keptFor = keptFor;
    this.clocks = clocks;
  }

  /** Denies the token with that id; false if the list is full. */
  boolean denyToken(String id) {
    return put(tokens, id);
  }

  /** Denies everything issued to the subject until now; false if the list is full. */
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

  // An issuer may use ids and subjects of thousands of characters.
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

  // A token has its time of issue in whole seconds; one of the same second counts as older.
  private boolean isBefore(Token token) {
    Denial denied = subjects.get(key(token.subject()));
    return denied != null && !token.issuedAt().isAfter(denied.at().truncatedTo(ChronoUnit.SECONDS));
  }

  /** Called by the clock: removes entries that are older than any valid token. */
  void tick() {
    if (tokens.isEmpty() && subjects.isEmpty()) {
      return;
    }
    tokens.values().removeIf(this::isOld);
    subjects.values().removeIf(this::isOld);
  }

  // By both clocks: changing the wall clock must not make a denied token valid again.
  private boolean isOld(Denial denial) {
    return denial.at().isBefore(clocks.wall().instant().minus(keptFor))
        && denial.atMillis() < clocks.elapsed().millis() - keptFor.toMillis();
  }
}
