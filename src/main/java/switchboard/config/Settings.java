package switchboard.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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

  public static final Setting<String> PATH =
      new Setting<>(
          "switchboard.path",
          "/switchboard",
          "`/` and a name, once or several times: letters, digits and `.` `_` `~` `-`",
          "Where an application that has `switchboard-embedded.jar` has the channels, below its own"
              + " context path: `/push` for `/push/channels/news`. The WAR has them at `/channels`,"
              + " whatever this says.",
          Settings::path);
  public static final Setting<NamePatterns> AUTO_CREATE =
      new Setting<>(
          "switchboard.channels.auto-create",
          "",
          "channel names separated by commas, * for any characters",
          "Channels that come into being, for JSON, when first asked for; all others need a PUT.",
          NamePatterns::parse);
  public static final Setting<StoreUrl> STORE_URL =
      new Setting<>(
          "switchboard.store.url",
          "",
          "`redis://user:password@host:port/database`, `rediss://…` for TLS,"
              + " `redis-sentinel://user:password@host:port,host:port/database#master`,"
              + " `redis-cluster://user:password@host:port,host:port`, or nothing",
          "The Redis or Valkey that keeps the channels for several servers; empty for this server's"
              + " memory.",
          StoreUrl::parse);
  public static final Setting<String> STORE_PREFIX =
      new Setting<>(
          "switchboard.store.prefix",
          "sb:",
          "1 to 32 letters, digits and `:` `.` `_` `-`",
          "What the names of all keys in the store begin with; applications that share a store but"
              + " no channels have different ones.",
          Settings::prefix);
  public static final Setting<Integer> LOG_MAX_MESSAGES =
      Setting.number(
          "switchboard.log.max-messages",
          10_000,
          1,
          100_000_000,
          "How many messages a channel keeps at the most.");
  public static final Setting<Integer> LOG_MAX_BYTES =
      Setting.number(
          "switchboard.log.max-bytes",
          16 << 20,
          1_024,
          Integer.MAX_VALUE,
          "How many bytes of messages a channel keeps at the most.");
  public static final Setting<Duration> LOG_MAX_AGE =
      Setting.duration(
          "switchboard.log.max-age",
          "PT24H",
          "PT0S",
          "P3650D",
          "How long a channel keeps a message at the most; PT0S for no bound.");
  public static final Setting<Integer> LOG_MAX_MEMORY =
      Setting.number(
          "switchboard.log.max-memory-mib",
          0,
          0,
          1 << 20,
          "How many MiB all channels together keep at the most, with what it costs to keep them; 0"
              + " for a quarter of the heap. Near it the largest channels forget their oldest.");
  public static final Setting<Integer> MAX_CHANNELS =
      Setting.number(
          "switchboard.channels.max", 100_000, 1, 10_000_000, "How many channels there may be.");
  public static final Setting<Integer> MAX_SUBSCRIPTIONS =
      Setting.number(
          "switchboard.channel.max-subscriptions",
          100_000,
          1,
          10_000_000,
          "How many may listen to one channel.");
  public static final Setting<Integer> MAX_FORKS =
      Setting.number(
          "switchboard.channel.max-forks",
          1_000,
          0,
          1_000_000,
          "How many forks a channel may have.");
  public static final Setting<Integer> MAX_PRODUCERS =
      Setting.number(
          "switchboard.channel.max-producers",
          10_000,
          1,
          10_000_000,
          "How many producers a channel remembers, so that their retries are harmless.");
  public static final Setting<Integer> MAX_CHANNELS_PER_CONNECTION =
      Setting.number(
          "switchboard.connection.max-channels",
          128,
          1,
          1_024,
          "How many channels one request or one WebSocket may listen to.");
  public static final Setting<Integer> MAX_CONNECTIONS =
      Setting.number(
          "switchboard.connections.max",
          0,
          0,
          10_000_000,
          "How many long polls, event streams and WebSockets may be open; 0 for one for each 64 KiB"
              + " of heap, at the most 20,000.");
  public static final Setting<Integer> MAX_PER_ADDRESS =
      Setting.number(
          "switchboard.connections.max-per-address",
          0,
          0,
          10_000_000,
          "How many of them from one address; 0 for no bound. Behind a proxy see proxies.trusted.");
  public static final Setting<Integer> MAX_APPENDS_PER_SECOND =
      Setting.number(
          "switchboard.append.max-per-second",
          0,
          0,
          1_000_000,
          "How many appends a second one address may make on average, and at once; 0 for no bound.");
  public static final Setting<Integer> STARTUP_MAX_CONNECTIONS_PER_SECOND =
      Setting.number(
          "switchboard.startup.max-connections-per-second",
          0,
          0,
          1_000_000,
          "How many long polls, event streams and WebSockets a second are let in after a start; 0"
              + " for all.");
  public static final Setting<Duration> STARTUP_RAMP_DURATION =
      Setting.duration(
          "switchboard.startup.ramp-duration",
          "PT1M",
          "PT1S",
          "PT1H",
          "How long after a start that holds.");
  public static final Setting<Integer> MAX_HEADER_BYTES =
      Setting.number(
          "switchboard.request.max-header-bytes",
          16_384,
          1_024,
          1 << 20,
          "How large a request's headers may be together; the server software may allow less.");
  public static final Setting<Integer> MAX_QUERY_BYTES =
      Setting.number(
          "switchboard.request.max-query-bytes",
          8_192,
          256,
          1 << 20,
          "How long a request's query may be; the server software may allow less.");
  public static final Setting<Duration> BODY_TIMEOUT =
      Setting.duration(
          "switchboard.request.body-timeout",
          "PT20S",
          "PT1S",
          "PT1H",
          "How long a request's body may take to come; as long again when in that time 1,000 bytes"
              + " a second of it came.");
  public static final Setting<Integer> MAX_PENDING =
      Setting.number(
          "switchboard.request.max-pending-mib",
          0,
          0,
          1 << 20,
          "How many MiB are held together for clients that are slow to send or to read: bodies,"
              + " parts of WebSocket frames, answers, events and frames of more than 8 KiB; 0 for a"
              + " sixteenth of the heap.");
  public static final Setting<Integer> MESSAGE_MAX_BYTES =
      Setting.number(
          "switchboard.message.max-bytes",
          1 << 20,
          128,
          1 << 30,
          "How large a request body or a WebSocket frame of a client may be.");
  public static final Setting<Integer> PAGE_MAX_MESSAGES =
      Setting.number(
          "switchboard.page.max-messages",
          1_000,
          1,
          1_000_000,
          "How many messages one answer, event or frame carries at the most.");
  public static final Setting<Integer> PAGE_MAX_BYTES =
      Setting.number(
          "switchboard.page.max-bytes",
          256 << 10,
          1_024,
          1 << 30,
          "How many bytes of messages one answer, event or frame carries, unless one is larger.");
  public static final Setting<Duration> PRESENCE_LEASE =
      Setting.duration(
          "switchboard.presence.lease",
          "PT30S",
          "PT1S",
          "PT1H",
          "How long after its last answer a client that polls is counted among the listeners.");
  public static final Setting<Integer> MAX_POLLERS =
      Setting.number(
          "switchboard.presence.max-pollers",
          0,
          0,
          10_000_000,
          "How many clients that poll are remembered for that, by all channels together; of more it"
              + " is told that there are at least so many. 0 for one for each 16 KiB of heap.");
  public static final Setting<NamePatterns> PRESENCE_MEMBERS =
      new Setting<>(
          "switchboard.presence.members",
          "",
          "channel names separated by commas, * for any characters",
          "Channels that tell the names which their listeners give, and not only how many there are.",
          NamePatterns::parse);
  public static final Setting<NamePatterns> PRESENCE_CHANGES =
      new Setting<>(
          "switchboard.presence.changes",
          "",
          "channel names separated by commas, * for any characters",
          "Channels that tell who comes and leaves, as messages on the channel `<name>~presence`.",
          NamePatterns::parse);
  public static final Setting<Duration> LONG_POLL_WAIT =
      Setting.duration(
          "switchboard.long-poll.wait",
          "PT10S",
          "PT1S",
          "PT10M",
          "How long a long poll waits when the client does not say.");
  public static final Setting<Duration> LONG_POLL_MAX_WAIT =
      Setting.duration(
          "switchboard.long-poll.max-wait",
          "PT60S",
          "PT1S",
          "PT10M",
          "The longest wait that a client may ask for with Prefer: wait=N.");
  public static final Setting<Duration> HEARTBEAT_INTERVAL =
      Setting.duration(
          "switchboard.heartbeat.interval",
          "PT15S",
          "PT1S",
          "PT10M",
          "After so long without a message an event stream gets a comment and a WebSocket a"
              + " heartbeat frame, so that proxies and clients know that it lives.");
  public static final Setting<Duration> RETRY =
      Setting.duration(
          "switchboard.event-stream.retry",
          "PT2S",
          "PT0.1S",
          "PT10M",
          "How long an event stream's client is told to wait before it comes again; each is told"
              + " a value from half to one and a half times this.");
  public static final Setting<Duration> EVENT_STREAM_MAX_AGE =
      Setting.duration(
          "switchboard.event-stream.max-age",
          "PT10M",
          "PT1S",
          "PT24H",
          "An event stream is ended after so long and its client comes again by itself. Nothing else"
              + " tells a client that was cut off from one that has nothing to say.");
  public static final Setting<Duration> PING_INTERVAL =
      Setting.duration(
          "switchboard.websocket.ping-interval",
          "PT20S",
          "PT1S",
          "PT60S",
          "After so long without hearing from a WebSocket's client it gets a ping.");
  public static final Setting<Duration> PONG_TIMEOUT =
      Setting.duration(
          "switchboard.websocket.pong-timeout",
          "PT10S",
          "PT1S",
          "PT10M",
          "So long after a ping a client that has not been heard is given up.");
  public static final Setting<Boolean> FAST_PATH =
      Setting.flag(
          "switchboard.websocket.fast-path",
          true,
          "Whether WebSocket frames go out by a faster way than the standard API, on servers that"
              + " have one: Payara, GlassFish, WildFly.");
  public static final Setting<Boolean> POLL_FAST_PATH =
      Setting.flag(
          "switchboard.poll.fast-path",
          true,
          "Whether polls, long polls and all that has no body are answered with the Servlet API"
              + " alone; otherwise by way of JAX-RS (AsyncResponse), at twice to three times the"
              + " cost.");
  public static final Setting<Duration> WRITE_TIMEOUT =
      Setting.duration(
          "switchboard.write.timeout",
          "PT30S",
          "PT1S",
          "PT1H",
          "A client that does not take a write for so long is given up.");
  public static final Setting<Duration> DRAIN_TIMEOUT =
      Setting.duration(
          "switchboard.shutdown.drain-timeout",
          "PT5S",
          "PT0S",
          "PT5M",
          "Over how long clients are sent away when the server or the application stops; less where"
              + " they are few. What stops the server must give it this time and two seconds.");
  public static final Setting<Integer> DISPATCH_THREADS =
      Setting.number(
          "switchboard.dispatch.threads",
          0,
          0,
          1_024,
          "How many threads carry messages to clients; 0 for one a processor, at least 2.");
  public static final Setting<Grants> OPEN =
      new Setting<>(
          "switchboard.access.open",
          "",
          "patterns of channel names separated by commas, each with or without actions:"
              + " `news:read,chat-*:read+append`, `*`",
          "What everybody may do, without any token or login; empty for nothing. Without actions"
              + " all of `read`, `append`, `create` and `delete`.",
          text -> Grants.parse(text, Action.WITH_CHANNELS));
  public static final Setting<RoleGrants> ROLES =
      new Setting<>(
          "switchboard.access.roles",
          "",
          "`role=pattern:actions`, separated by commas: `reader=*:read,clerk=orders-*:read+append`",
          "What those may do who have logged in to the server and have a role there; `**` for all"
              + " who have logged in.",
          RoleGrants::parse);
  public static final Setting<Integer> MAX_FAILURES =
      Setting.number(
          "switchboard.access.max-failures-per-minute",
          300,
          0,
          1_000_000,
          "How often a minute one address may be refused before it is told to wait, unless it comes"
              + " with a token that was good before; 0 for no bound. Behind a proxy see"
              + " proxies.trusted.");
  public static final Setting<Secret> TOKEN_SECRET =
      new Setting<>(
          "switchboard.token.secret",
          "",
          "at least 32 bytes, or nothing",
          "What tokens are signed with by HS256, HS384 or HS512.",
          Secret::parse);
  public static final Setting<PublicKeys> TOKEN_PUBLIC_KEY =
      new Setting<>(
          "switchboard.token.public-key",
          "",
          "PEM or the name of a file with it, `PUBLIC KEY` or `CERTIFICATE`, RSA or EC, or nothing",
          "What the signatures of tokens are checked with; several are possible, so that one can"
              + " replace another.",
          PublicKeys::parse);
  public static final Setting<String> TOKEN_JWKS_URL =
      new Setting<>(
          "switchboard.token.jwks-url",
          "",
          "`https://…`, or `http://` on this machine, or nothing",
          "Where the issuer publishes its keys as a JWK Set (RFC 7517).",
          Settings::keysUrl);
  public static final Setting<Duration> TOKEN_JWKS_REFRESH =
      Setting.duration(
          "switchboard.token.jwks-refresh",
          "PT5M",
          "PT10S",
          "P1D",
          "After so long they are fetched again; earlier for a key that is not among them.");
  public static final Setting<String> TOKEN_ISSUER =
      new Setting<>(
          "switchboard.token.issuer",
          "",
          "what the tokens' `iss` must be; needed where there is a key",
          "Who makes the tokens.",
          String::strip);
  public static final Setting<String> TOKEN_AUDIENCE =
      new Setting<>(
          "switchboard.token.audience",
          "",
          "what must be among the tokens' `aud`; needed where there is a key",
          "What this server is called in tokens.",
          String::strip);
  public static final Setting<NamePatterns> TOKEN_CHANNELS =
      new Setting<>(
          "switchboard.token.channels",
          "*",
          "channel names separated by commas, * for any characters",
          "The channels for which tokens count.",
          NamePatterns::parse);
  public static final Setting<Duration> TOKEN_LEEWAY =
      Setting.duration(
          "switchboard.token.leeway",
          "PT30S",
          "PT0S",
          "PT5M",
          "How far the issuer's clock may be from this server's.");
  public static final Setting<Duration> TOKEN_MAX_LIFETIME =
      Setting.duration(
          "switchboard.token.max-lifetime",
          "P1D",
          "PT1M",
          "P365D",
          "How long from now a token may be valid at the most; so long is kept what was denied.");
  public static final Setting<Duration> TOKEN_TIMEOUT =
      Setting.duration(
          "switchboard.token.timeout",
          "PT10S",
          "PT1S",
          "PT1M",
          "Within so long a WebSocket that came without a token must send one.");
  public static final Setting<List<String>> CORS_ORIGINS =
      new Setting<>(
          "switchboard.cors.origins",
          "",
          "origins separated by commas, such as `https://example.com`, `capacitor://localhost` or"
              + " `http://localhost:*`, or `*`",
          "Whose pages may use the channels from a browser, beside those of this server; `*` for all,"
              + " but with cookies or a login only those that are named.",
          Settings::origins);
  public static final Setting<List<String>> HOSTS =
      new Setting<>(
          "switchboard.hosts",
          "",
          "host names separated by commas, without ports",
          "The names by which this server is reached, on all of its paths; a request for another Host"
              + " is refused, and only `/health` may also be asked by address. Empty: any name.",
          Settings::hosts);
  public static final Setting<Networks> TRUSTED_PROXIES =
      new Setting<>(
          "switchboard.proxies.trusted",
          "",
          "addresses and networks separated by commas, such as `10.0.0.0/8`",
          "Whose `Forwarded` and `X-Forwarded-*` headers are believed; those of all others are"
              + " ignored.",
          Networks::parse);
  public static final Setting<NamePatterns> TICKER =
      new Setting<>(
          "switchboard.ticker.channel",
          "ticker",
          "a channel name, or nothing",
          "The channel that gets the server's readings once a second; empty for none.",
          NamePatterns::parse);

  public static final Setting<Boolean> LAB =
      Setting.flag(
          "switchboard.lab.enabled",
          false,
          "Whether the page may set the rate of the lab's messages, send a crowd and have its own"
              + " connections watched; the run command switches it on.");
  public static final Setting<Integer> CROWD_MAX_READERS =
      Setting.number(
          "switchboard.lab.crowd.max-readers",
          100,
          0,
          2_000,
          "How many readers of one transport the lab's crowd has at the most; 0 for no crowd.");
  public static final Setting<Duration> CROWD_MAX_TIME =
      Setting.duration(
          "switchboard.lab.crowd.max-time",
          "PT30S",
          "PT1S",
          "PT10M",
          "How long the lab's crowd reads by one transport at the most.");

  /** Every setting there is, in the order of the documentation. */
  public static final List<Setting<?>> ALL =
      List.of(
          PATH,
          AUTO_CREATE,
          STORE_URL,
          STORE_PREFIX,
          LOG_MAX_MESSAGES,
          LOG_MAX_BYTES,
          LOG_MAX_AGE,
          LOG_MAX_MEMORY,
          MAX_CHANNELS,
          MAX_SUBSCRIPTIONS,
          MAX_FORKS,
          MAX_PRODUCERS,
          MAX_CHANNELS_PER_CONNECTION,
          MAX_CONNECTIONS,
          MAX_PER_ADDRESS,
          MAX_APPENDS_PER_SECOND,
          STARTUP_MAX_CONNECTIONS_PER_SECOND,
          STARTUP_RAMP_DURATION,
          MAX_HEADER_BYTES,
          MAX_QUERY_BYTES,
          BODY_TIMEOUT,
          MAX_PENDING,
          MESSAGE_MAX_BYTES,
          PAGE_MAX_MESSAGES,
          PAGE_MAX_BYTES,
          LONG_POLL_WAIT,
          LONG_POLL_MAX_WAIT,
          PRESENCE_LEASE,
          MAX_POLLERS,
          PRESENCE_MEMBERS,
          PRESENCE_CHANGES,
          HEARTBEAT_INTERVAL,
          RETRY,
          EVENT_STREAM_MAX_AGE,
          PING_INTERVAL,
          PONG_TIMEOUT,
          FAST_PATH,
          POLL_FAST_PATH,
          WRITE_TIMEOUT,
          DRAIN_TIMEOUT,
          DISPATCH_THREADS,
          OPEN,
          ROLES,
          MAX_FAILURES,
          TOKEN_SECRET,
          TOKEN_PUBLIC_KEY,
          TOKEN_JWKS_URL,
          TOKEN_JWKS_REFRESH,
          TOKEN_ISSUER,
          TOKEN_AUDIENCE,
          TOKEN_CHANNELS,
          TOKEN_LEEWAY,
          TOKEN_MAX_LIFETIME,
          TOKEN_TIMEOUT,
          CORS_ORIGINS,
          HOSTS,
          TRUSTED_PROXIES,
          TICKER,
          LAB,
          CROWD_MAX_READERS,
          CROWD_MAX_TIME);

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
        values.put(
            setting, setting.parser().apply(written == null ? setting.defaultValue() : written));
      } catch (IllegalArgumentException e) {
        errors.add("%s = \"%s\": %s".formatted(setting.key(), quoted(setting, written), why(e)));
      }
    }
    for (String name : names) {
      String start = name.startsWith(ours) ? ours : PREFIX;
      if (name.startsWith(start)
          && ALL.stream().noneMatch(setting -> setting.keyBehind(start).equals(name))) {
        errors.add("%s: no such setting; did you mean %s?".formatted(name, nearest(name, start)));
      }
    }
    if (errors.isEmpty()) {
      requireWhoMakesTokens(errors);
    }
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException("Settings are wrong:\n  " + String.join("\n  ", errors));
    }
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

  private static String why(IllegalArgumentException e) {
    return e.getCause() == null
        ? e.getMessage()
        : e.getMessage() + " (" + e.getCause().getClass().getSimpleName() + ")";
  }

  /** What is quoted goes to logs; a URL may be malformed because of its very password. */
  private static String quoted(Setting<?> setting, String written) {
    // Somebody may have put the private key where the public one belongs.
    if (setting.equals(TOKEN_SECRET) || (setting.equals(TOKEN_PUBLIC_KEY) && isPem(written))) {
      return "***";
    }
    return written == null ? null : written.replaceAll("://.*@", "://***@");
  }

  private static boolean isPem(String written) {
    return written != null && written.contains("-----");
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

  private static List<String> origins(String text) {
    return Arrays.stream(text.split(","))
        .map(String::strip)
        .filter(origin -> !origin.isEmpty())
        .map(origin -> origin.equals("*") ? origin : Origin.parse(origin))
        .toList();
  }

  private static String keysUrl(String text) {
    String url = text.strip();
    if (!url.matches("|https://\\S+|http://(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d+)?(/\\S*)?")) {
      throw new IllegalArgumentException("not https://…, or http:// on this machine");
    }
    return url;
  }

  private static List<String> hosts(String text) {
    List<String> hosts =
        Arrays.stream(text.split(",")).map(String::strip).filter(h -> !h.isEmpty()).toList();
    for (String host : hosts) {
      if (!host.matches("[A-Za-z0-9._~-]+|\\[[0-9A-Fa-f:.]+]")) {
        throw new IllegalArgumentException("\"" + host + "\" is not a host name without a port");
      }
    }
    return hosts;
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

  private static String prefix(String text) {
    if (!text.matches("[A-Za-z0-9:._-]{1,32}")) {
      throw new IllegalArgumentException("1 to 32 letters, digits and : . _ - are allowed");
    }
    return text;
  }

  private static String nearest(String name, String start) {
    return ALL.stream()
        .map(setting -> setting.keyBehind(start))
        .min(Comparator.comparingInt(key -> distance(key, name)))
        .orElseThrow();
  }

  // Levenshtein: how many characters to add, drop or change.
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
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
