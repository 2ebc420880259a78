package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import switchboard.channel.Channel;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Listing;
import switchboard.channel.Presence;
import switchboard.channel.PresenceSnapshot;
import switchboard.channel.Transport;
import switchboard.config.Action;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.container.BlockingExecutor;
import switchboard.http.Exchange;
import switchboard.http.Guard;
import switchboard.http.Headers;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;
import switchboard.http.Query;
import switchboard.publish.AppendEndpoint;
import switchboard.publish.AppendRequest;
import switchboard.publish.CreateEndpoint;
import switchboard.time.Clocks;

/**
 * The channels' URLs over HTTP (Durable Streams PROTOCOL.md §5): the only place with their methods
 * and what each of them does. It is the same for every adapter.
 *
 * <p><b>Threads.</b> Safe.
 */
@Dependent
class ChannelEndpoint {

  /** The methods of a channel. */
  private enum Verb {
    GET,
    HEAD,
    PUT,
    POST,
    DELETE,
    OPTIONS
  }

  private static final Map<String, Verb> VERBS =
      EnumSet.allOf(Verb.class).stream().collect(Collectors.toMap(Verb::name, verb -> verb));
  private static final Set<Verb> ALL = EnumSet.allOf(Verb.class);
  private static final Set<Verb> OF_PRESENCE = EnumSet.of(Verb.GET, Verb.HEAD, Verb.OPTIONS);
  private static final String CHANNELS = "/channels";
  private static final int MAX_LISTED = 1_000;
  private static final Pattern PRESENCE = Pattern.compile("([^/]+)/presence");

  private final Channels channels;
  private final Presence presence;
  private final Connections connections;
  private final RateLimiter pace;
  private final Settings settings;
  private final PollEndpoint reads;

  @Inject
  ChannelEndpoint(
      Channels channels,
      Presence presence,
      Connections connections,
      PendingBodies bodies,
      RateLimiter pace,
      Settings settings,
      Clocks clocks,
      BlockingExecutor threads) {
    this(channels, presence, connections, bodies, pace, settings, clocks, threads.executor());
  }

  ChannelEndpoint(
      Channels channels,
      Presence presence,
      Connections connections,
      PendingBodies bodies,
      RateLimiter pace,
      Settings settings,
      Clocks clocks,
      Executor executor) {
    this.channels = channels;
    this.presence = presence;
    this.connections = connections;
    this.pace = pace;
    this.settings = settings;
    this.reads = new PollEndpoint(channels, connections, bodies, settings, clocks, executor);
  }

  /** Whether a path, below the application's and ours, is for a channel or for several channels. */
  static boolean isAt(String path) {
    return path.equals(CHANNELS) || path.startsWith(CHANNELS + "/");
  }

  /**
   * Whether an API that receives no body and sends only complete responses is sufficient: for all
   * requests except appends, creations and event streams.
   */
  boolean isPlain(Exchange exchange) {
    return switch (exchange.request().method()) {
      case "HEAD", "DELETE", "OPTIONS" -> true;
      case "GET" -> !isEventStream(exchange);
      default -> false;
    };
  }

  private boolean isEventStream(Exchange exchange) {
    try {
      return ReadRequest.transport(query(exchange), exchange.request()::header)
          == Transport.EVENT_STREAM;
    } catch (Problem problem) {
      return false; // it is refused with a whole answer
    }
  }

  /** Answers a request, now or later, in every case. */
  void handle(Exchange exchange) {
    try {
      String name = exchange.request().channel();
      if (PRESENCE.matcher(name).matches()) {
        handlePresence(exchange, name.substring(0, name.indexOf('/')));
      } else {
        handle(exchange, name);
      }
    } catch (RuntimeException | Error e) {
      exchange.refuse(Problem.of(e));
    }
  }

  private void handle(Exchange exchange, String name) {
    switch (verb(exchange, ALL)) {
      case GET -> get(name, query(exchange), exchange);
      case HEAD -> exchange.answer(metadata(name, exchange.request().guard()));
      case PUT -> create(name, exchange);
      case POST -> append(name, exchange);
      case DELETE -> exchange.answer(delete(name, exchange.request().guard()));
      case OPTIONS -> exchange.answer(methods(ALL));
    }
  }

  private void get(String name, Query query, Exchange exchange) {
    boolean isListing =
        name.isEmpty()
            && query.all("channel").isEmpty()
            && query.get("offset") == null
            && ReadRequest.transport(query, exchange.request()::header) == Transport.POLL;
    if (isListing) {
      exchange.answer(list(query, exchange.request().guard()));
    } else {
      reads.start(name, query, exchange);
    }
  }

  private void handlePresence(Exchange exchange, String name) {
    if (verb(exchange, OF_PRESENCE) == Verb.OPTIONS) {
      exchange.answer(methods(OF_PRESENCE));
    } else {
      exchange.answer(presence(name, exchange.request().guard()));
    }
  }

  private static Verb verb(Exchange exchange, Set<Verb> allowed) {
    Verb verb = VERBS.get(exchange.request().method());
    if (verb == null || !allowed.contains(verb)) {
      throw new Problem(Ending.METHOD_NOT_ALLOWED, names(allowed) + " are allowed")
          .with("Allow", names(allowed));
    }
    return verb;
  }

  private static String names(Set<Verb> verbs) {
    return verbs.stream().map(Verb::name).collect(Collectors.joining(", "));
  }

  private static HttpAnswer methods(Set<Verb> allowed) {
    return new HttpAnswer(
        200, Map.of("Content-Type", "text/plain", "Allow", names(allowed)), utf8(names(allowed)));
  }

  private Query query(Exchange exchange) {
    return Query.parse(exchange.request().query(), settings.get(Settings.MAX_QUERY_BYTES));
  }

  // The headers are parsed before the body is read (see AppendEndpoint).
  private void append(String name, Exchange exchange) {
    Channel channel = ReadPosition.find(channels, exchange.request().guard(), Action.APPEND, name);
    AppendEndpoint append = AppendEndpoint.parse(channel, exchange.request()::header);
    receive(exchange, append::answer);
  }

  private void create(String name, Exchange exchange) {
    CreateEndpoint create = CreateEndpoint.parse(name, exchange);
    receive(exchange, body -> create.answer(channels, body));
  }

  private void receive(Exchange exchange, Exchange.Use use) {
    Problem.requirePace(connections, pace, exchange.request().address());
    AppendRequest.requirePlain(exchange.request()::header);
    Guard guard = exchange.request().guard();
    exchange.receive(
        body -> {
          Problem.requireNotStopping(connections);
          requireStillAuthorized(exchange, guard);
          return use.answer(body);
        });
  }

  // The body may have arrived later.
  private static void requireStillAuthorized(Exchange exchange, Guard guard) {
    Problem revocation = exchange.isHeld() ? guard.revocation() : null;
    if (revocation != null) {
      throw revocation;
    }
  }

  /** Metadata and end of the channel (PROTOCOL.md §5.5). */
  private HttpAnswer metadata(String name, Guard guard) {
    Channel channel = ReadPosition.find(channels, guard, Action.READ, name);
    if (!channel.isCurrent()) {
      throw new Problem(
          Ending.STORE_UNAVAILABLE, "channel \"%s\": its end is not known".formatted(name));
    }
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", channel.contentType().value());
    if (!channel.contentType().isShownAsText()) {
      headers.put(Headers.DISPOSITION, Headers.ATTACHMENT);
    }
    headers.put(Headers.NEXT_OFFSET, channel.end().toString());
    if (channel.isClosed()) {
      headers.put(Headers.CLOSED, Headers.TRUE);
    }
    if (channel.lifetime().ttl() != null) {
      headers.put(Headers.TTL, channel.lifetime().written());
    } else if (channel.lifetime().expiresAt() != null) {
      headers.put(Headers.EXPIRES_AT, channel.lifetime().written());
    }
    headers.put("Cache-Control", "no-store");
    return new HttpAnswer(200, headers, null);
  }

  /** Deletes the channel; its readers are told (PROTOCOL.md §5.4). */
  private CompletionStage<HttpAnswer> delete(String name, Guard guard) {
    Channel channel = ReadPosition.find(channels, guard, Action.DELETE, name);
    return channels.delete(channel.name()).thenApply(was -> new HttpAnswer(204, Map.of(), null));
  }

  /** The number of subscribers and, if the channel returns them, their names. */
  private HttpAnswer presence(String name, Guard guard) {
    Channel channel = ReadPosition.find(channels, guard, Action.READ, name);
    PresenceSnapshot attendance = presence.of(channel);
    JsonObjectBuilder transports = Json.createObjectBuilder();
    for (Transport transport : Transport.values()) {
      transports.add(transport.key(), attendance.counts().getOrDefault(transport, 0));
    }
    JsonObjectBuilder json =
        Json.createObjectBuilder()
            .add("present", attendance.present())
            .add("transports", transports);
    if (attendance.atLeast()) {
      json.add("atLeast", true);
    }
    if (presence.tellsMembers(channel.name())) {
      json.add("members", Json.createArrayBuilder(attendance.members()));
    }
    return new HttpAnswer(
        200,
        Map.of("Content-Type", "application/json", "Cache-Control", "no-store"),
        utf8(json.build().toString()));
  }

  /** The channels that the client may read, some at a time. */
  private HttpAnswer list(Query query, Guard guard) {
    guard.requireSomewhere(Action.READ);
    Listing listing = listing(query.get("after"), limit(query.get("limit")));
    JsonArrayBuilder list = Json.createArrayBuilder();
    for (Listing.Entry channel : listing.channels()) {
      if (guard.permits(Action.READ, channel.name())) {
        list.add(
            Json.createObjectBuilder()
                .add("name", channel.name().value())
                .add("contentType", channel.contentType().value()));
      }
    }
    JsonObjectBuilder json = Json.createObjectBuilder().add("channels", list);
    if (listing.next() != null) {
      json.add("next", listing.next());
    }
    return new HttpAnswer(
        200,
        Map.of("Content-Type", "application/json", "Cache-Control", "no-store"),
        utf8(json.build().toString()));
  }

  private Listing listing(String after, int limit) {
    try {
      return channels.list(after, limit);
    } catch (IllegalArgumentException e) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "after \"%s\": not a position of this server; send the \"next\" of a response, or no after"
              .formatted(after));
    }
  }

  private static int limit(String written) {
    if (written == null) {
      return MAX_LISTED;
    }
    if (!written.matches("[0-9]{1,4}")
        || Integer.parseInt(written) < 1
        || Integer.parseInt(written) > MAX_LISTED) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "limit \"%s\": a number from 1 to %d is allowed".formatted(written, MAX_LISTED));
    }
    return Integer.parseInt(written);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
