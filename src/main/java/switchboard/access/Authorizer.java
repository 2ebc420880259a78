package switchboard.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.config.Action;
import switchboard.config.Grants;
import switchboard.config.NamePatterns;
import switchboard.config.RoleGrants;
import switchboard.config.Settings;
import switchboard.time.Clocks;

/**
 * Identifies clients and decides what they may do. All transports use it.
 *
 * <pre>
 *   allowed: open to everyone   or   granted by its token   or   granted by its roles
 * </pre>
 *
 * <p>A client with an invalid token is refused, even where access is open to everyone; otherwise it
 * would not notice that its token has no effect.
 *
 * <p>Each refusal is a line in the log {@code switchboard.access} with address, caller, action and
 * reason. Refusals above {@code switchboard.access.max-failures-per-minute} of one address are not
 * logged.
 *
 * <p><b>Threads.</b> Safe. Verifying a token may wait for the issuer's keys.
 *
 * <p><b>Cost.</b> A check: at worst the length of the granting patterns times that of the channel's
 * name. A token that was verified within the last minute is not verified again; each of up to
 * {@value #MAX_KNOWN} such tokens uses about 1 KB.
 */
public final class Authorizer {

  static final int MAX_KNOWN = 10_000;

  /** Memory limit for verified tokens together, and the approximate overhead of one. */
  static final int MAX_KNOWN_BYTES = 8 << 20;

  private static final int KNOWN_BYTES = 500;
  private static final Duration KNOWN_FOR = Duration.ofMinutes(1);
  private static final Duration REMEMBERED_FOR = Duration.ofMinutes(10);
  private static final Logger LOG = Logger.getLogger("switchboard.access");

  /**
   * No channel has this name. A caller that is allowed an action on it is allowed the action on all
   * channels.
   */
  private static final String ALL = "*";

  private record Known(Token token, long checkedMillis) {}

  private final Grants open;
  private final RoleGrants roles;
  private final NamePatterns tokenChannels;
  private final @Nullable Tokens tokens;
  private final DenyList denied;
  private final FailedAttempts failures;
  private final int maxFailures;
  private final Clocks clocks;
  private final Predicate<String> serversOwn;
  private final AtomicLong knownBytes = new AtomicLong(); // since they were last forgotten
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  /**
   * Reads the access settings.
   *
   * @param serversOwn names of channels that only the server creates and appends to, whatever was
   *     granted
   */
  public Authorizer(Settings settings, Clocks clocks, Predicate<String> serversOwn) {
    this.serversOwn = serversOwn;
    this.open = settings.get(Settings.OPEN);
    this.roles = settings.get(Settings.ROLES);
    this.tokenChannels = settings.get(Settings.TOKEN_CHANNELS);
    this.tokens = settings.takesTokens() ? new Tokens(settings, clocks) : null;
    this.denied =
        new DenyList(
            settings
                .get(Settings.TOKEN_MAX_LIFETIME)
                .plus(settings.get(Settings.TOKEN_LEEWAY).multipliedBy(2)),
            clocks);
    this.maxFailures = settings.get(Settings.MAX_FAILURES);
    this.failures = new FailedAttempts(maxFailures, clocks.elapsed());
    this.clocks = clocks;
  }

  /** The effective access, for the log. */
  public String summary() {
    if (!open.isEmpty()) {
      return "OPEN to everyone: " + open;
    }
    return isClosed()
        ? "CLOSED to everyone: set switchboard.access.open, switchboard.access.roles or a key"
            + " for tokens"
        : "open only to clients with a token or a role";
  }

  /** Whether anything is open to everyone. */
  public boolean isOpen() {
    return !open.isEmpty();
  }

  /** Whether no client may do anything, with any token or login. */
  public boolean isClosed() {
    return open.isEmpty() && tokens == null && roles.isEmpty();
  }

  /** Whether tokens are verified here; otherwise they may be meant for the application server. */
  public boolean takesTokens() {
    return tokens != null;
  }

  /** A login with its grants; must be created during the request. */
  public Caller.Login login(String name, Predicate<String> isInRole) {
    return new Caller.Login(name, roles.of(isInRole));
  }

  /**
   * Identifies a client.
   *
   * @param token as received, or {@code null}
   * @param login the login to the application server, or {@code null}
   * @throws Refusal if the token is not valid
   */
  public Caller identify(String address, @Nullable String token, Caller.@Nullable Login login) {
    long now = clocks.elapsed().millis();
    if (token == null || tokens == null) {
      return new Caller(address, null, login, now);
    }
    Caller caller = new Caller(address, verified(tokens, address, token, now), login, now);
    Refusal refusal = revocation(caller);
    if (refusal != null) {
      throw refused(caller, "a token", refusal);
    }
    return caller;
  }

  private Token verified(Tokens tokens, String address, String written, long nowMillis) {
    String hash = hash(written);
    Known seen = known.get(hash);
    if (seen != null && nowMillis - seen.checkedMillis() < KNOWN_FOR.toMillis()) {
      return seen.token();
    }
    long waitMillis = seen == null ? failures.waitMillis(address) : 0;
    if (waitMillis > 0) {
      failures.add(address);
      throw tooMany(waitMillis);
    }
    try {
      Token token = tokens.verify(written);
      int cost = KNOWN_BYTES + 3 * written.length();
      if (known.size() >= MAX_KNOWN || knownBytes.addAndGet(cost) > MAX_KNOWN_BYTES) {
        known.clear();
        knownBytes.set(cost);
      }
      known.put(hash, new Known(token, nowMillis));
      return token;
    } catch (Refusal refusal) {
      known.remove(hash);
      if (refusal.reason() == Refusal.Reason.KEYS_UNAVAILABLE) {
        // Not the client's fault, so it must not count for its address. It is logged once.
        throw refusal;
      }
      throw refused(new Caller(address, null, null, nowMillis), "a token", refusal);
    }
  }

  /**
   * Refuses an action that was not granted.
   *
   * @param channel the channel's name, whether or not it exists
   * @throws Refusal if the caller may not do that
   */
  public void require(Caller caller, Action action, String channel) {
    if (!permits(caller, action, channel)) {
      Refusal refusal =
          isServersOwn(action, channel)
              ? new Refusal(Refusal.Reason.FORBIDDEN, "only the server appends to this channel")
              : refusal(caller);
      throw refused(caller, action.token() + " of channel \"" + channel + "\"", refusal);
    }
  }

  /**
   * Refuses an action on all channels, such as denying a token, if it was not granted.
   *
   * @throws Refusal if the caller may not do that with all channels
   */
  public void requireForAll(Caller caller, Action action) {
    if (!permits(caller, action, ALL)) {
      throw refused(caller, action.token() + " of all channels", refusal(caller));
    }
  }

  /**
   * Refuses an action that the caller may do with no channel.
   *
   * @throws Refusal if there is none
   */
  public void requireSomewhere(Caller caller, Action action) {
    if (!permitsSomewhere(caller, action)) {
      throw refused(caller, action.token() + " of any channel", refusal(caller));
    }
  }

  /** Whether the caller may do that; not logged. */
  public boolean permits(Caller caller, Action action, String channel) {
    return !isServersOwn(action, channel)
        && (open.permit(action, channel)
            || (caller.token() != null
                && (channel.equals(ALL) || tokenChannels.match(channel))
                && caller.token().grants().permit(action, channel))
            || (caller.login() != null && caller.login().grants().permit(action, channel)));
  }

  private boolean isServersOwn(Action action, String channel) {
    return (action == Action.APPEND || action == Action.CREATE) && serversOwn.test(channel);
  }

  /** Whether there may be a channel with which the caller may do that. */
  public boolean permitsSomewhere(Caller caller, Action action) {
    return open.permitSomewhere(action)
        || (caller.token() != null && caller.token().grants().permitSomewhere(action))
        || (caller.login() != null && caller.login().grants().permitSomewhere(action));
  }

  private Refusal refusal(Caller caller) {
    if (!caller.isAnonymous()) {
      return new Refusal(Refusal.Reason.FORBIDDEN, "your token or role does not allow it");
    }
    return tokens == null
        ? new Refusal(Refusal.Reason.FORBIDDEN, "it is not open to everyone")
        : new Refusal(Refusal.Reason.UNAUTHORIZED, "a token is required");
  }

  /** Why a caller is no longer authorized; {@code null} while it is. */
  public @Nullable Refusal revocation(Caller caller) {
    if (caller.isAnonymous()) {
      return null;
    }
    Token token = caller.token();
    if (token != null && !clocks.wall().instant().isBefore(token.expiresAt())) {
      return new Refusal(Refusal.Reason.TOKEN_EXPIRED, "the token has expired");
    }
    return denied.denies(caller)
        ? new Refusal(Refusal.Reason.TOKEN_DENIED, "the token or its subject is on the deny list")
        : null;
  }

  /**
   * The caller with a newer token of the same subject, so that a connection stays with one user.
   *
   * @throws Refusal if the token is not valid or has another subject
   */
  public Caller refresh(Caller caller, String token) {
    if (tokens == null || caller.login() != null) {
      throw refused(
          caller,
          "a token",
          new Refusal(Refusal.Reason.FORBIDDEN, "this connection does not accept a token"));
    }
    Caller next = identify(caller.address(), token, null);
    Token before = caller.token();
    Token after = next.token();
    if (before != null && after != null && !before.subject().equals(after.subject())) {
      throw refused(
          next,
          "a token",
          new Refusal(Refusal.Reason.FORBIDDEN, "the token belongs to another subject"));
    }
    return next;
  }

  /** Denies the token with that {@code jti} from now on; false if the list is full. */
  public boolean denyToken(Caller by, String id) {
    LOG.info(() -> line(by, "denies token \"" + id + "\""));
    return denied.denyToken(id);
  }

  /** Denies all current tokens of {@code subject}; false if the list is full. */
  public boolean denySubject(Caller by, String subject) {
    LOG.info(() -> line(by, "denies subject \"" + subject + "\""));
    return denied.denySubject(subject);
  }

  /** Logs and counts a refusal; returns what the client gets. */
  public Refusal refused(Caller caller, String what, Refusal refusal) {
    int count = failures.add(caller.address());
    if (maxFailures == 0 || count <= maxFailures) {
      LOG.info(
          () ->
              line(caller, what + " refused: " + refusal.getMessage())
                  + (count == maxFailures
                      ? " (further refusals within a minute are not logged)"
                      : ""));
      return refusal;
    }
    long waitMillis = failures.waitMillis(caller.address());
    return waitMillis > 0 ? tooMany(waitMillis) : refusal;
  }

  private static Refusal tooMany(long waitMillis) {
    return new Refusal(
        Refusal.Reason.TOO_MANY_FAILURES,
        "too many requests from your address were refused",
        waitMillis);
  }

  private static String line(Caller caller, String what) {
    return printable("address " + caller.address() + " – " + caller.name() + " – " + what);
  }

  // A subject may contain line breaks, which would forge log lines.
  private static String printable(String text) {
    String one = text.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "?");
    return one.length() <= 500 ? one : one.substring(0, 500) + "…";
  }

  static String hash(String token) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Called by the clock: removes old entries. */
  public void tick() {
    failures.tick();
    denied.tick();
    long oldMillis = clocks.elapsed().millis() - REMEMBERED_FOR.toMillis();
    known.values().removeIf(seen -> seen.checkedMillis() < oldMillis);
  }
}
