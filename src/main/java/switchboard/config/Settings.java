package switchboard.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * All settings. Each is defined once, read once at the start, and never changes.
 *
 * <p>Invalid settings stop the deployment; the message has all errors.
 *
 * <p><b>Threads.</b> Immutable.
 */
public final class Settings {

  private static final Definitions DEFINE = new Definitions();

  public static final Setting<String> PATH =
      DEFINE.setting(
          "switchboard.path",
          "/switchboard",
          "`/` and a name, once or several times",
          "Path of the channels in an application that contains `switchboard-embedded.jar`.",
          Settings::path);
  public static final Setting<NamePatterns> AUTO_CREATE =
      DEFINE.setting(
          "switchboard.channels.auto-create",
          "",
          "channel names separated by commas; * matches any characters",
          "Channels that are created, for JSON, when they are first used; others need a" + " PUT.",
          NamePatterns::parse);
  public static final Setting<Optional<StoreUrl>> STORE_URL =
      DEFINE.setting(
          "switchboard.store.url",
          "",
          "`file:`, `redis[s]://`, `redis-sentinel://`, `redis[s]-cluster://` URL, or" + " empty",
          "Directory, or Redis or Valkey server, that keeps the channels; empty: this server's"
              + " memory.",
          text -> Optional.ofNullable(StoreUrl.parse(text)));
  public static final Setting<StoreSync> STORE_SYNC =
      DEFINE.setting(
          "switchboard.store.sync",
          "group",
          "group, interval or none",
          "When an append is answered: when it is on the disk, or (interval, none) when the system"
              + " has it.",
          StoreSync::parse);
  public static final Setting<Duration> STORE_SYNC_EVERY =
      DEFINE.duration(
          "switchboard.store.sync-every",
          "PT1S",
          "PT0.01S",
          "PT1M",
          "Within this time everything is on the disk, if `sync` is interval.");
  public static final Setting<Integer> STORE_SEGMENT =
      DEFINE.number(
          "switchboard.store.segment-mib",
          64,
          8,
          1_024,
          "Size of the files in the directory, in MiB.");
  public static final Setting<Integer> STORE_MAX_PENDING =
      DEFINE.number(
          "switchboard.store.max-pending-mib",
          0,
          0,
          65_536,
          "Maximum memory for appends that wait for the disk, in MiB; 0: a 64th of the heap.");
  public static final Setting<Duration> STORE_LOCK_WITHIN =
      DEFINE.duration(
          "switchboard.store.lock-within",
          "PT30S",
          "PT0S",
          "PT10M",
          "Time that a start waits for a directory that another server or application uses.");
  public static final Setting<Boolean> STORE_NEW =
      DEFINE.flag(
          "switchboard.store.new",
          true,
          "Whether an empty directory is a new store; if not, it is a disk that is not mounted.");
  public static final Setting<NamePatterns> STORE_MEMORY_CHANNELS =
      DEFINE.setting(
          "switchboard.store.memory-channels",
          "ticker",
          "channel names separated by commas; * matches any characters",
          "Channels that a directory does not keep: they are in memory, and empty after a start.",
          NamePatterns::parse);
  public static final Setting<String> STORE_PREFIX =
      DEFINE.setting(
          "switchboard.store.prefix",
          "sb:",
          "1 to 32 letters, digits and `:` `.` `_` `-`",
          "Prefix of all keys in the store.",
          Setting.matching(
              "[A-Za-z0-9:._-]{1,32}", "1 to 32 letters, digits and : . _ - are allowed"));
  public static final Setting<Integer> LOG_MAX_MESSAGES =
      DEFINE.number(
          "switchboard.log.max-messages",
          10_000,
          1,
          100_000_000,
          "Maximum number of messages that a channel keeps.");
  public static final Setting<Integer> LOG_MAX_BYTES =
      DEFINE.number(
          "switchboard.log.max-bytes",
          16 << 20,
          1_024,
          Integer.MAX_VALUE,
          "Maximum bytes of messages that a channel keeps.");
  public static final Setting<Duration> LOG_MAX_AGE =
      DEFINE.duration(
          "switchboard.log.max-age",
          "PT24H",
          "PT0S",
          "P3650D",
          "Maximum time that a channel keeps a message; PT0S: no limit.");
  public static final Setting<Integer> LOG_MAX_MEMORY =
      DEFINE.number(
          "switchboard.log.max-memory-mib",
          0,
          0,
          1 << 20,
          "Maximum memory for the messages of all channels, in MiB; 0: a quarter of the"
              + " heap.");
  public static final Setting<Integer> MAX_CHANNELS =
      DEFINE.number(
          "switchboard.channels.max", 100_000, 1, 10_000_000, "Maximum number of channels.");
  public static final Setting<Integer> MAX_SUBSCRIPTIONS =
      DEFINE.number(
          "switchboard.channel.max-subscriptions",
          100_000,
          1,
          10_000_000,
          "Maximum number of subscriptions to one channel.");
  public static final Setting<Integer> MAX_FORKS =
      DEFINE.number(
          "switchboard.channel.max-forks",
          1_000,
          0,
          1_000_000,
          "Maximum number of forks of one channel.");
  public static final Setting<Integer> MAX_PRODUCERS =
      DEFINE.number(
          "switchboard.channel.max-producers",
          10_000,
          1,
          10_000_000,
          "Maximum number of producers that a channel remembers to detect their retries.");
  public static final Setting<Integer> MAX_CHANNELS_PER_CONNECTION =
      DEFINE.number(
          "switchboard.connection.max-channels",
          128,
          1,
          1_024,
          "Maximum number of channels that one request or one WebSocket may read.");
  public static final Setting<Integer> MAX_CONNECTIONS =
      DEFINE.number(
          "switchboard.connections.max",
          0,
          0,
          10_000_000,
          "Maximum number of open long polls, event streams and WebSockets; 0: by the size"
              + " of the heap.");
  public static final Setting<Integer> MAX_PER_ADDRESS =
      DEFINE.number(
          "switchboard.connections.max-per-address",
          0,
          0,
          10_000_000,
          "Maximum number of them from one client address; 0: no limit.");
  public static final Setting<Integer> MAX_APPENDS_PER_SECOND =
      DEFINE.number(
          "switchboard.append.max-per-second",
          0,
          0,
          1_000_000,
          "Maximum appends per second from one client address; 0: no limit.");
  public static final Setting<Integer> STARTUP_MAX_CONNECTIONS_PER_SECOND =
      DEFINE.number(
          "switchboard.startup.max-connections-per-second",
          0,
          0,
          1_000_000,
          "Maximum connections accepted per second after a start; 0: no limit.");
  public static final Setting<Duration> STARTUP_RAMP_DURATION =
      DEFINE.duration(
          "switchboard.startup.ramp-duration",
          "PT1M",
          "PT1S",
          "PT1H",
          "How long this limit applies after a start.");
  public static final Setting<Integer> MAX_HEADER_BYTES =
      DEFINE.number(
          "switchboard.request.max-header-bytes",
          16_384,
          1_024,
          1 << 20,
          "Maximum total size of a request's headers.");
  public static final Setting<Integer> MAX_QUERY_BYTES =
      DEFINE.number(
          "switchboard.request.max-query-bytes",
          8_192,
          256,
          1 << 20,
          "Maximum length of a request's query string.");
  public static final Setting<Duration> BODY_TIMEOUT =
      DEFINE.duration(
          "switchboard.request.body-timeout",
          "PT20S",
          "PT1S",
          "PT1H",
          "Time to receive a request body; extended while at least 1,000 bytes per second"
              + " arrive.");
  public static final Setting<Integer> MAX_PENDING =
      DEFINE.number(
          "switchboard.request.max-pending-mib",
          0,
          0,
          1 << 20,
          "Maximum memory for clients that send or read slowly, in MiB; 0: a sixteenth of"
              + " the heap.");
  public static final Setting<Integer> MESSAGE_MAX_BYTES =
      DEFINE.number(
          "switchboard.message.max-bytes",
          1 << 20,
          128,
          1 << 30,
          "Maximum size of a request body or of a WebSocket frame from a client.");
  public static final Setting<Integer> PAGE_MAX_MESSAGES =
      DEFINE.number(
          "switchboard.page.max-messages",
          1_000,
          1,
          1_000_000,
          "Maximum number of messages in one response, event or frame.");
  public static final Setting<Integer> PAGE_MAX_BYTES =
      DEFINE.number(
          "switchboard.page.max-bytes",
          256 << 10,
          1_024,
          1 << 30,
          "Maximum bytes of messages in one response, event or frame.");
  public static final Setting<Duration> LONG_POLL_WAIT =
      DEFINE.duration(
          "switchboard.long-poll.wait",
          "PT10S",
          "PT1S",
          "PT10M",
          "How long a long poll waits if the client does not say.");
  public static final Setting<Duration> LONG_POLL_MAX_WAIT =
      DEFINE.duration(
          "switchboard.long-poll.max-wait",
          "PT60S",
          "PT1S",
          "PT10M",
          "Maximum wait that a client may request with Prefer: wait=N.");
  public static final Setting<Duration> PRESENCE_LEASE =
      DEFINE.duration(
          "switchboard.presence.lease",
          "PT30S",
          "PT1S",
          "PT1H",
          "How long a polling client counts as a subscriber after its last response.");
  public static final Setting<Integer> MAX_POLLERS =
      DEFINE.number(
          "switchboard.presence.max-pollers",
          0,
          0,
          10_000_000,
          "Maximum number of polling clients that presence remembers; 0: by the size of"
              + " the heap.");
  public static final Setting<NamePatterns> PRESENCE_MEMBERS =
      DEFINE.setting(
          "switchboard.presence.members",
          "",
          "channel names separated by commas; * matches any characters",
          "Channels whose presence lists the names that subscribers give, not only their number.",
          NamePatterns::parse);
  public static final Setting<NamePatterns> PRESENCE_CHANGES =
      DEFINE.setting(
          "switchboard.presence.changes",
          "",
          "channel names separated by commas; * matches any characters",
          "Channels whose joins and leaves are published as messages on the channel"
              + " `<name>~presence`.",
          NamePatterns::parse);
  public static final Setting<Duration> HEARTBEAT_INTERVAL =
      DEFINE.duration(
          "switchboard.heartbeat.interval",
          "PT15S",
          "PT1S",
          "PT10M",
          "Time without a message after which an event stream or a WebSocket gets a"
              + " heartbeat.");
  public static final Setting<Duration> RETRY =
      DEFINE.duration(
          "switchboard.event-stream.retry",
          "PT2S",
          "PT0.1S",
          "PT10M",
          "Average reconnection time that is sent to the clients of event streams.");
  public static final Setting<Duration> EVENT_STREAM_MAX_AGE =
      DEFINE.duration(
          "switchboard.event-stream.max-age",
          "PT10M",
          "PT1S",
          "PT24H",
          "Maximum age of an event stream; its client then reconnects.");
  public static final Setting<Duration> PING_INTERVAL =
      DEFINE.duration(
          "switchboard.websocket.ping-interval",
          "PT20S",
          "PT1S",
          "PT60S",
          "Time without data from a WebSocket's client after which the server sends a ping.");
  public static final Setting<Duration> PONG_TIMEOUT =
      DEFINE.duration(
          "switchboard.websocket.pong-timeout",
          "PT10S",
          "PT1S",
          "PT10M",
          "Time for a WebSocket's client to respond to a ping before it is disconnected.");
  public static final Setting<Boolean> FAST_PATH =
      DEFINE.flag(
          "switchboard.websocket.fast-path",
          true,
          "Whether WebSocket frames bypass the standard API on servers where that is" + " faster.");
  public static final Setting<HttpAdapter> HTTP_ADAPTER =
      DEFINE.setting(
          "switchboard.http.adapter",
          "servlet",
          HttpAdapter.ALL,
          "Server API that carries requests to channels; a poll by JAX-RS costs two to three times"
              + " as much.",
          HttpAdapter::parse);
  public static final Setting<Duration> WRITE_TIMEOUT =
      DEFINE.duration(
          "switchboard.write.timeout",
          "PT30S",
          "PT1S",
          "PT1H",
          "Time for a client to read what was written to it before it is disconnected.");
  public static final Setting<Duration> DRAIN_TIMEOUT =
      DEFINE.duration(
          "switchboard.shutdown.drain-timeout",
          "PT5S",
          "PT0S",
          "PT5M",
          "Time over which clients are disconnected when the server or the application"
              + " stops.");
  public static final Setting<Integer> DISPATCH_THREADS =
      DEFINE.number(
          "switchboard.dispatch.threads",
          0,
          0,
          1_024,
          "Number of threads that deliver messages; 0: one per processor, at least 2.");
  public static final Setting<Grants> OPEN =
      DEFINE.setting(
          "switchboard.access.open",
          "",
          "channel patterns, each with optional actions: `news:read,chat-*:read+append`",
          "What everyone may do without a token or a login; empty: nothing.",
          text -> Grants.parse(text, Action.WITH_CHANNELS));
  public static final Setting<RoleGrants> ROLES =
      DEFINE.setting(
          "switchboard.access.roles",
          "",
          "`role=pattern:actions`, separated by commas",
          "What users who have logged in to the server may do, by role.",
          RoleGrants::parse);
  public static final Setting<Integer> MAX_FAILURES =
      DEFINE.number(
          "switchboard.access.max-failures-per-minute",
          300,
          0,
          1_000_000,
          "Maximum refused requests per minute from one client address; 0: no limit.");
  public static final Setting<Secret> TOKEN_SECRET =
      DEFINE.setting(
          "switchboard.token.secret",
          "",
          "at least 32 bytes, or empty",
          "Shared secret of tokens signed with HS256, HS384 or HS512.",
          Secret::parse);
  public static final Setting<PublicKeys> TOKEN_PUBLIC_KEY =
      DEFINE.setting(
          "switchboard.token.public-key",
          "",
          "RSA or EC keys or certificates as PEM, the name of a PEM file, or empty",
          "Public keys that verify the signatures of tokens.",
          PublicKeys::parse);
  public static final Setting<String> TOKEN_JWKS_URL =
      DEFINE.setting(
          "switchboard.token.jwks-url",
          "",
          "`https://…`, or `http://` on this machine, or empty",
          "URL of the issuer's JWK Set (RFC 7517).",
          Setting.matching(
              "|https://\\S+|http://(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d+)?(/\\S*)?",
              "not https://…, or http:// on this machine"));
  public static final Setting<Duration> TOKEN_JWKS_REFRESH =
      DEFINE.duration(
          "switchboard.token.jwks-refresh",
          "PT5M",
          "PT10S",
          "P1D",
          "How often the JWK Set is fetched again; sooner for a token with an unknown key.");
  public static final Setting<String> TOKEN_ISSUER =
      DEFINE.setting(
          "switchboard.token.issuer",
          "",
          "the `iss` of the tokens; required if a key is set",
          "Issuer of the tokens.",
          String::strip);
  public static final Setting<String> TOKEN_AUDIENCE =
      DEFINE.setting(
          "switchboard.token.audience",
          "",
          "a value in the `aud` of the tokens; required if a key is set",
          "Name of this server in tokens.",
          String::strip);
  public static final Setting<NamePatterns> TOKEN_CHANNELS =
      DEFINE.setting(
          "switchboard.token.channels",
          "*",
          "channel names separated by commas; * matches any characters",
          "Channels to which tokens can grant access.",
          NamePatterns::parse);
  public static final Setting<Duration> TOKEN_LEEWAY =
      DEFINE.duration(
          "switchboard.token.leeway",
          "PT30S",
          "PT0S",
          "PT5M",
          "Allowed difference between the issuer's clock and this server's clock.");
  public static final Setting<Duration> TOKEN_MAX_LIFETIME =
      DEFINE.duration(
          "switchboard.token.max-lifetime",
          "P1D",
          "PT1M",
          "P365D",
          "Longest accepted remaining lifetime of a token.");
  public static final Setting<Duration> TOKEN_TIMEOUT =
      DEFINE.duration(
          "switchboard.token.timeout",
          "PT10S",
          "PT1S",
          "PT1M",
          "Time for a WebSocket that was opened without a token to send one.");
  public static final Setting<List<String>> CORS_ORIGINS =
      DEFINE.setting(
          "switchboard.cors.origins",
          "",
          "origins such as `https://example.com`, separated by commas, or `*`",
          "Origins whose pages may use the channels, in addition to this server's own.",
          OriginList::parse);
  public static final Setting<List<String>> HOSTS =
      DEFINE.setting(
          "switchboard.hosts",
          "",
          "host names separated by commas, without ports",
          "Host names of this server; empty: any name.",
          HostNames::parse);
  public static final Setting<Networks> TRUSTED_PROXIES =
      DEFINE.setting(
          "switchboard.proxies.trusted",
          "",
          "addresses and networks separated by commas, such as `10.0.0.0/8`",
          "Proxies whose `Forwarded` and `X-Forwarded-*` headers are trusted.",
          Networks::parse);
  public static final Setting<NamePatterns> TICKER =
      DEFINE.setting(
          "switchboard.ticker.channel",
          "ticker",
          "a channel name, or empty",
          "Channel that gets this server's readings once a second; empty: none.",
          NamePatterns::parse);
  public static final Setting<Boolean> LAB =
      DEFINE.flag(
          "switchboard.lab.enabled",
          false,
          "Whether the page may use the lab: publish at a rate, start a crowd, observe its"
              + " connections.");
  public static final Setting<Integer> CROWD_MAX_READERS =
      DEFINE.number(
          "switchboard.lab.crowd.max-readers",
          100,
          0,
          2_000,
          "Maximum number of readers per transport in the lab's crowd; 0: no crowd.");
  public static final Setting<Duration> CROWD_MAX_TIME =
      DEFINE.duration(
          "switchboard.lab.crowd.max-time",
          "PT30S",
          "PT1S",
          "PT10M",
          "Maximum time that the lab's crowd reads over one transport.");

  /** All settings, in the order of the documentation. */
  public static final List<Setting<?>> ALL = DEFINE.all();

  private static final String PREFIX = "switchboard.";

  private final Map<Setting<?>, Object> values = new HashMap<>();

  /**
   * Reads all settings.
   *
   * @param lookup the text of a setting, or {@code null} if it is not set
   * @param names all names that are set, to find misspelt ones
   * @throws IllegalArgumentException with one line for each error
   */
  public Settings(Function<Setting<?>, String> lookup, Iterable<String> names) {
    this(lookup, names, PREFIX);
  }

  /**
   * The same for one application.
   *
   * @param ours prefix of names that are set for this application only
   */
  Settings(Function<Setting<?>, String> lookup, Iterable<String> names, String ours) {
    List<String> errors = new ArrayList<>();
    for (Setting<?> setting : ALL) {
      String written = lookup.apply(setting);
      try {
        values.put(setting, setting.parse(written == null ? setting.defaultValue() : written));
      } catch (IllegalArgumentException e) {
        errors.add(e.getMessage());
      }
    }
    for (String name : names) {
      String meant = meant(name, ours);
      if (meant != null) {
        errors.add("%s: no such setting; did you mean %s?".formatted(name, meant));
      }
    }
    if (errors.isEmpty()) {
      requireWhoMakesTokens(errors);
    }
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException("Settings are wrong:\n  " + String.join("\n  ", errors));
    }
  }

  /** The setting that a name may be meant for; {@code null} if it is a known name or not ours. */
  private static @Nullable String meant(String name, String ours) {
    String start = name.startsWith(ours) ? ours : PREFIX;
    String today = Spelling.today(name, List.of(ours, PREFIX));
    if (today != null || !name.startsWith(start)) {
      return today;
    }
    List<String> known = ALL.stream().map(setting -> setting.keyBehind(start)).toList();
    return known.contains(name) ? null : Spelling.nearest(name, known);
  }

  // RFC 9068 §4: issuer and audience of a token must be checked.
  private void requireWhoMakesTokens(List<String> errors) {
    if (takesTokens()) {
      for (Setting<String> setting : List.of(TOKEN_ISSUER, TOKEN_AUDIENCE)) {
        if (get(setting).isEmpty()) {
          errors.add(setting.key() + ": it is missing, and there is a key for tokens");
        }
      }
    }
  }

  /** Whether there is a key that verifies tokens. */
  public boolean takesTokens() {
    return !get(TOKEN_SECRET).isEmpty()
        || !get(TOKEN_PUBLIC_KEY).isEmpty()
        || !get(TOKEN_JWKS_URL).isEmpty();
  }

  /** The effective value. */
  @SuppressWarnings("unchecked")
  public <T> T get(Setting<T> setting) {
    return (T) Objects.requireNonNull(values.get(setting));
  }

  /** The effective value, in milliseconds. */
  public long millis(Setting<Duration> setting) {
    return get(setting).toMillis();
  }

  private static String path(String text) {
    boolean isPath =
        text.length() <= 100
            && text.matches("(/[A-Za-z0-9._~-]+)+")
            && !text.matches("(?i).*/(\\.{1,2}|web-inf|meta-inf)(/.*)?");
    if (!isPath) {
      throw new IllegalArgumentException(
          "not a path such as /push: \"/\" and a name, once or several times; letters, digits and"
              + " . _ ~ - are allowed, but not the names \".\", \"..\", WEB-INF, META-INF, nor more"
              + " than 100 characters");
    }
    return text;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Setting<?> setting : ALL) {
      text.append(text.isEmpty() ? "" : ", ").append(setting.key().substring(PREFIX.length()));
      Object value = values.get(setting);
      text.append('=')
          .append(
              value instanceof Optional<?> given ? given.map(Object::toString).orElse("") : value);
    }
    return text.toString();
  }
}
