package switchboard.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * All settings: each defined once, read once at the start, never changed.
 *
 * <p>Wrong settings stop the deployment, with all errors at once.
 *
 * <p><b>Threads.</b> Immutable.
 */
public final class Settings {

  private static final Definitions DEFINE = new Definitions();

  public static final Setting<String> PATH =
      DEFINE.setting(
          "switchboard.path",
          "/switchboard",
          "`/` and a name, once or several times: letters, digits and `.` `_` `~` `-`",
          "Where an application that has `switchboard-embedded.jar` has the channels, below its own"
              + " context path: `/push` for `/push/channels/news`. The WAR has them at `/channels`,"
              + " whatever this says.",
          Settings::path);
  public static final Setting<NamePatterns> AUTO_CREATE =
      DEFINE.setting(
          "switchboard.channels.auto-create",
          "",
          "channel names separated by commas, * for any characters",
          "Channels that come into being, for JSON, when first asked for; all others need a PUT.",
          NamePatterns::parse);
  public static final Setting<StoreUrl> STORE_URL =
      DEFINE.setting(
          "switchboard.store.url",
          "",
          "`redis://user:password@host:port/database`, `rediss://…` for TLS,"
              + " `redis-sentinel://user:password@host:port,host:port/database#master`,"
              + " `redis-cluster://user:password@host:port,host:port`, or nothing",
          "The Redis or Valkey that keeps the channels for several servers; empty for this server's"
              + " memory.",
          StoreUrl::parse);
  public static final Setting<String> STORE_PREFIX =
      DEFINE.setting(
          "switchboard.store.prefix",
          "sb:",
          "1 to 32 letters, digits and `:` `.` `_` `-`",
          "What the names of all keys in the store begin with; applications that share a store but"
              + " no channels have different ones.",
          Setting.matching(
              "[A-Za-z0-9:._-]{1,32}", "1 to 32 letters, digits and : . _ - are allowed"));
  public static final Setting<Integer> LOG_MAX_MESSAGES =
      DEFINE.number(
          "switchboard.log.max-messages",
          10_000,
          1,
          100_000_000,
          "How many messages a channel keeps at the most.");
  public static final Setting<Integer> LOG_MAX_BYTES =
      DEFINE.number(
          "switchboard.log.max-bytes",
          16 << 20,
          1_024,
          Integer.MAX_VALUE,
          "How many bytes of messages a channel keeps at the most.");
  public static final Setting<Duration> LOG_MAX_AGE =
      DEFINE.duration(
          "switchboard.log.max-age",
          "PT24H",
          "PT0S",
          "P3650D",
          "How long a channel keeps a message at the most; PT0S for no bound.");
  public static final Setting<Integer> LOG_MAX_MEMORY =
      DEFINE.number(
          "switchboard.log.max-memory-mib",
          0,
          0,
          1 << 20,
          "How many MiB all channels together keep at the most, with what it costs to keep them; 0"
              + " for a quarter of the heap. Near it the largest channels forget their oldest.");
  public static final Setting<Integer> MAX_CHANNELS =
      DEFINE.number(
          "switchboard.channels.max", 100_000, 1, 10_000_000, "How many channels there may be.");
  public static final Setting<Integer> MAX_SUBSCRIPTIONS =
      DEFINE.number(
          "switchboard.channel.max-subscriptions",
          100_000,
          1,
          10_000_000,
          "How many may listen to one channel.");
  public static final Setting<Integer> MAX_FORKS =
      DEFINE.number(
          "switchboard.channel.max-forks",
          1_000,
          0,
          1_000_000,
          "How many forks a channel may have.");
  public static final Setting<Integer> MAX_PRODUCERS =
      DEFINE.number(
          "switchboard.channel.max-producers",
          10_000,
          1,
          10_000_000,
          "How many producers a channel remembers, so that their retries are harmless.");
  public static final Setting<Integer> MAX_CHANNELS_PER_CONNECTION =
      DEFINE.number(
          "switchboard.connection.max-channels",
          128,
          1,
          1_024,
          "How many channels one request or one WebSocket may listen to.");
  public static final Setting<Integer> MAX_CONNECTIONS =
      DEFINE.number(
          "switchboard.connections.max",
          0,
          0,
          10_000_000,
          "How many long polls, event streams and WebSockets may be open; 0 for one for each 64 KiB"
              + " of heap, at the most 20,000.");
  public static final Setting<Integer> MAX_PER_ADDRESS =
      DEFINE.number(
          "switchboard.connections.max-per-address",
          0,
          0,
          10_000_000,
          "How many of them from one address; 0 for no bound. Behind a proxy see proxies.trusted.");
  public static final Setting<Integer> MAX_APPENDS_PER_SECOND =
      DEFINE.number(
          "switchboard.append.max-per-second",
          0,
          0,
          1_000_000,
          "How many appends a second one address may make on average, and at once; 0 for no bound.");
  public static final Setting<Integer> STARTUP_MAX_CONNECTIONS_PER_SECOND =
      DEFINE.number(
          "switchboard.startup.max-connections-per-second",
          0,
          0,
          1_000_000,
          "How many long polls, event streams and WebSockets a second are let in after a start; 0"
              + " for all.");
  public static final Setting<Duration> STARTUP_RAMP_DURATION =
      DEFINE.duration(
          "switchboard.startup.ramp-duration",
          "PT1M",
          "PT1S",
          "PT1H",
          "How long after a start that holds.");
  public static final Setting<Integer> MAX_HEADER_BYTES =
      DEFINE.number(
          "switchboard.request.max-header-bytes",
          16_384,
          1_024,
          1 << 20,
          "How large a request's headers may be together; the server software may allow less.");
  public static final Setting<Integer> MAX_QUERY_BYTES =
      DEFINE.number(
          "switchboard.request.max-query-bytes",
          8_192,
          256,
          1 << 20,
          "How long a request's query may be; the server software may allow less.");
  public static final Setting<Duration> BODY_TIMEOUT =
      DEFINE.duration(
          "switchboard.request.body-timeout",
          "PT20S",
          "PT1S",
          "PT1H",
          "How long a request's body may take to come; as long again when in that time 1,000 bytes"
              + " a second of it came.");
  public static final Setting<Integer> MAX_PENDING =
      DEFINE.number(
          "switchboard.request.max-pending-mib",
          0,
          0,
          1 << 20,
          "How many MiB are held together for clients that are slow to send or to read: bodies,"
              + " parts of WebSocket frames, answers, events and frames of more than 8 KiB; 0 for a"
              + " sixteenth of the heap.");
  public static final Setting<Integer> MESSAGE_MAX_BYTES =
      DEFINE.number(
          "switchboard.message.max-bytes",
          1 << 20,
          128,
          1 << 30,
          "How large a request body or a WebSocket frame of a client may be.");
  public static final Setting<Integer> PAGE_MAX_MESSAGES =
      DEFINE.number(
          "switchboard.page.max-messages",
          1_000,
          1,
          1_000_000,
          "How many messages one answer, event or frame carries at the most.");
  public static final Setting<Integer> PAGE_MAX_BYTES =
      DEFINE.number(
          "switchboard.page.max-bytes",
          256 << 10,
          1_024,
          1 << 30,
          "How many bytes of messages one answer, event or frame carries, unless one is larger.");
  public static final Setting<Duration> LONG_POLL_WAIT =
      DEFINE.duration(
          "switchboard.long-poll.wait",
          "PT10S",
          "PT1S",
          "PT10M",
          "How long a long poll waits when the client does not say.");
  public static final Setting<Duration> LONG_POLL_MAX_WAIT =
      DEFINE.duration(
          "switchboard.long-poll.max-wait",
          "PT60S",
          "PT1S",
          "PT10M",
          "The longest wait that a client may ask for with Prefer: wait=N.");
  public static final Setting<Duration> PRESENCE_LEASE =
      DEFINE.duration(
          "switchboard.presence.lease",
          "PT30S",
          "PT1S",
          "PT1H",
          "How long after its last answer a client that polls is counted among the listeners.");
  public static final Setting<Integer> MAX_POLLERS =
      DEFINE.number(
          "switchboard.presence.max-pollers",
          0,
          0,
          10_000_000,
          "How many clients that poll are remembered for that, by all channels together; of more it"
              + " is told that there are at least so many. 0 for one for each 16 KiB of heap.");
  public static final Setting<NamePatterns> PRESENCE_MEMBERS =
      DEFINE.setting(
          "switchboard.presence.members",
          "",
          "channel names separated by commas, * for any characters",
          "Channels that tell the names which their listeners give, and not only how many there are.",
          NamePatterns::parse);
  public static final Setting<NamePatterns> PRESENCE_CHANGES =
      DEFINE.setting(
          "switchboard.presence.changes",
          "",
          "channel names separated by commas, * for any characters",
          "Channels that tell who comes and leaves, as messages on the channel `<name>~presence`.",
          NamePatterns::parse);
  public static final Setting<Duration> HEARTBEAT_INTERVAL =
      DEFINE.duration(
          "switchboard.heartbeat.interval",
          "PT15S",
          "PT1S",
          "PT10M",
          "After so long without a message an event stream gets a comment and a WebSocket a"
              + " heartbeat frame, so that proxies and clients know that it lives.");
  public static final Setting<Duration> RETRY =
      DEFINE.duration(
          "switchboard.event-stream.retry",
          "PT2S",
          "PT0.1S",
          "PT10M",
          "How long an event stream's client is told to wait before it comes again; each is told"
              + " a value from half to one and a half times this.");
  public static final Setting<Duration> EVENT_STREAM_MAX_AGE =
      DEFINE.duration(
          "switchboard.event-stream.max-age",
          "PT10M",
          "PT1S",
          "PT24H",
          "An event stream is ended after so long and its client comes again by itself. Nothing else"
              + " tells a client that was cut off from one that has nothing to say.");
  public static final Setting<Duration> PING_INTERVAL =
      DEFINE.duration(
          "switchboard.websocket.ping-interval",
          "PT20S",
          "PT1S",
          "PT60S",
          "After so long without hearing from a WebSocket's client it gets a ping.");
  public static final Setting<Duration> PONG_TIMEOUT =
      DEFINE.duration(
          "switchboard.websocket.pong-timeout",
          "PT10S",
          "PT1S",
          "PT10M",
          "So long after a ping a client that has not been heard is given up.");
  public static final Setting<Boolean> FAST_PATH =
      DEFINE.flag(
          "switchboard.websocket.fast-path",
          true,
          "Whether WebSocket frames go out by a faster way than the standard API, on servers that"
              + " have one: Payara, GlassFish, WildFly.");
  public static final Setting<Boolean> POLL_FAST_PATH =
      DEFINE.flag(
          "switchboard.poll.fast-path",
          true,
          "Whether polls, long polls and all that has no body are answered with the Servlet API"
              + " alone; otherwise by way of JAX-RS (AsyncResponse), at twice to three times the"
              + " cost.");
  public static final Setting<Duration> WRITE_TIMEOUT =
      DEFINE.duration(
          "switchboard.write.timeout",
          "PT30S",
          "PT1S",
          "PT1H",
          "A client that does not take a write for so long is given up.");
  public static final Setting<Duration> DRAIN_TIMEOUT =
      DEFINE.duration(
          "switchboard.shutdown.drain-timeout",
          "PT5S",
          "PT0S",
          "PT5M",
          "Over how long clients are sent away when the server or the application stops; less where"
              + " they are few. What stops the server must give it this time and two seconds.");
  public static final Setting<Integer> DISPATCH_THREADS =
      DEFINE.number(
          "switchboard.dispatch.threads",
          0,
          0,
          1_024,
          "How many threads carry messages to clients; 0 for one a processor, at least 2.");
  public static final Setting<Grants> OPEN =
      DEFINE.setting(
          "switchboard.access.open",
          "",
          "patterns of channel names separated by commas, each with or without actions:"
              + " `news:read,chat-*:read+append`, `*`",
          "What everybody may do, without any token or login; empty for nothing. Without actions"
              + " all of `read`, `append`, `create` and `delete`.",
          text -> Grants.parse(text, Action.WITH_CHANNELS));
  public static final Setting<RoleGrants> ROLES =
      DEFINE.setting(
          "switchboard.access.roles",
          "",
          "`role=pattern:actions`, separated by commas: `reader=*:read,clerk=orders-*:read+append`",
          "What those may do who have logged in to the server and have a role there; `**` for all"
              + " who have logged in.",
          RoleGrants::parse);
  public static final Setting<Integer> MAX_FAILURES =
      DEFINE.number(
          "switchboard.access.max-failures-per-minute",
          300,
          0,
          1_000_000,
          "How often a minute one address may be refused before it is told to wait, unless it comes"
              + " with a token that was good before; 0 for no bound. Behind a proxy see"
              + " proxies.trusted.");
  public static final Setting<Secret> TOKEN_SECRET =
      DEFINE.setting(
          "switchboard.token.secret",
          "",
          "at least 32 bytes, or nothing",
          "What tokens are signed with by HS256, HS384 or HS512.",
          Secret::parse);
  public static final Setting<PublicKeys> TOKEN_PUBLIC_KEY =
      DEFINE.setting(
          "switchboard.token.public-key",
          "",
          "PEM or the name of a file with it, `PUBLIC KEY` or `CERTIFICATE`, RSA or EC, or nothing",
          "What the signatures of tokens are checked with; several are possible, so that one can"
              + " replace another.",
          PublicKeys::parse);
  public static final Setting<String> TOKEN_JWKS_URL =
      DEFINE.setting(
          "switchboard.token.jwks-url",
          "",
          "`https://…`, or `http://` on this machine, or nothing",
          "Where the issuer publishes its keys as a JWK Set (RFC 7517).",
          Setting.matching(
              "|https://\\S+|http://(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d+)?(/\\S*)?",
              "not https://…, or http:// on this machine"));
  public static final Setting<Duration> TOKEN_JWKS_REFRESH =
      DEFINE.duration(
          "switchboard.token.jwks-refresh",
          "PT5M",
          "PT10S",
          "P1D",
          "After so long they are fetched again; earlier for a key that is not among them.");
  public static final Setting<String> TOKEN_ISSUER =
      DEFINE.setting(
          "switchboard.token.issuer",
          "",
          "what the tokens' `iss` must be; needed where there is a key",
          "Who makes the tokens.",
          String::strip);
  public static final Setting<String> TOKEN_AUDIENCE =
      DEFINE.setting(
          "switchboard.token.audience",
          "",
          "what must be among the tokens' `aud`; needed where there is a key",
          "What this server is called in tokens.",
          String::strip);
  public static final Setting<NamePatterns> TOKEN_CHANNELS =
      DEFINE.setting(
          "switchboard.token.channels",
          "*",
          "channel names separated by commas, * for any characters",
          "The channels for which tokens count.",
          NamePatterns::parse);
  public static final Setting<Duration> TOKEN_LEEWAY =
      DEFINE.duration(
          "switchboard.token.leeway",
          "PT30S",
          "PT0S",
          "PT5M",
          "How far the issuer's clock may be from this server's.");
  public static final Setting<Duration> TOKEN_MAX_LIFETIME =
      DEFINE.duration(
          "switchboard.token.max-lifetime",
          "P1D",
          "PT1M",
          "P365D",
          "How long from now a token may be valid at the most; so long is kept what was denied.");
  public static final Setting<Duration> TOKEN_TIMEOUT =
      DEFINE.duration(
          "switchboard.token.timeout",
          "PT10S",
          "PT1S",
          "PT1M",
          "Within so long a WebSocket that came without a token must send one.");
  public static final Setting<List<String>> CORS_ORIGINS =
      DEFINE.setting(
          "switchboard.cors.origins",
          "",
          "origins separated by commas, such as `https://example.com`, `capacitor://localhost` or"
              + " `http://localhost:*`, or `*`",
          "Whose pages may use the channels from a browser, beside those of this server; `*` for all,"
              + " but with cookies or a login only those that are named.",
          OriginList::parse);
  public static final Setting<List<String>> HOSTS =
      DEFINE.setting(
          "switchboard.hosts",
          "",
          "host names separated by commas, without ports",
          "The names by which this server is reached, on all of its paths; a request for another Host"
              + " is refused, and only `/health` may also be asked by address. Empty: any name.",
          HostNames::parse);
  public static final Setting<Networks> TRUSTED_PROXIES =
      DEFINE.setting(
          "switchboard.proxies.trusted",
          "",
          "addresses and networks separated by commas, such as `10.0.0.0/8`",
          "Whose `Forwarded` and `X-Forwarded-*` headers are believed; those of all others are"
              + " ignored.",
          Networks::parse);
  public static final Setting<NamePatterns> TICKER =
      DEFINE.setting(
          "switchboard.ticker.channel",
          "ticker",
          "a channel name, or nothing",
          "The channel that gets the server's readings once a second; empty for none.",
          NamePatterns::parse);
  public static final Setting<Boolean> LAB =
      DEFINE.flag(
          "switchboard.lab.enabled",
          false,
          "Whether the page may set the rate of the lab's messages, send a crowd and have its own"
              + " connections watched; the run command switches it on.");
  public static final Setting<Integer> CROWD_MAX_READERS =
      DEFINE.number(
          "switchboard.lab.crowd.max-readers",
          100,
          0,
          2_000,
          "How many readers of one transport the lab's crowd has at the most; 0 for no crowd.");
  public static final Setting<Duration> CROWD_MAX_TIME =
      DEFINE.duration(
          "switchboard.lab.crowd.max-time",
          "PT30S",
          "PT1S",
          "PT10M",
          "How long the lab's crowd reads by one transport at the most.");

  /** Every setting there is, in the order of the documentation. */
  public static final List<Setting<?>> ALL = DEFINE.all();

  private static final String PREFIX = "switchboard.";

  private final Map<Setting<?>, Object> values = new HashMap<>();

  /**
   * Reads all settings.
   *
   * @param lookup the written value of a setting, or {@code null} where nobody set it
   * @param names all names somebody set, for finding misspelt ones
   * @throws IllegalArgumentException with one line for each thing that is wrong
   */
  public Settings(Function<Setting<?>, String> lookup, Iterable<String> names) {
    this(lookup, names, PREFIX);
  }

  /**
   * The same for one application.
   *
   * @param ours what names also begin with that were set for this application alone
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

  /** The setting that a name may stand for; {@code null} where it is one, or nobody's. */
  private static String meant(String name, String ours) {
    String start = name.startsWith(ours) ? ours : PREFIX;
    String today = Spelling.today(name, List.of(ours, PREFIX));
    if (today != null || !name.startsWith(start)) {
      return today;
    }
    List<String> known = ALL.stream().map(setting -> setting.keyBehind(start)).toList();
    return known.contains(name) ? null : Spelling.nearest(name, known);
  }

  // RFC 9068 §4: whoever takes a token checks who made it and for whom.
  private void requireWhoMakesTokens(List<String> errors) {
    if (takesTokens()) {
      for (Setting<String> setting : List.of(TOKEN_ISSUER, TOKEN_AUDIENCE)) {
        if (get(setting).isEmpty()) {
          errors.add(setting.key() + ": it is missing, and there is a key for tokens");
        }
      }
    }
  }

  /** Whether there is a key by which tokens can be checked. */
  public boolean takesTokens() {
    return !get(TOKEN_SECRET).isEmpty()
        || !get(TOKEN_PUBLIC_KEY).isEmpty()
        || !get(TOKEN_JWKS_URL).isEmpty();
  }

  /** The value in force. */
  @SuppressWarnings("unchecked")
  public <T> T get(Setting<T> setting) {
    return (T) values.get(setting);
  }

  /** The value in force, in milliseconds. */
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
      text.append('=').append(value == null ? "" : value);
    }
    return text.toString();
  }
}
