package switchboard.http;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Jitter;
import switchboard.connection.Connections;
import switchboard.connection.RateLimiter;
import switchboard.log.Gap;

/**
 * A refused request, as in {@code docs/reference/endings.md}: a problem document (RFC 9457) over
 * HTTP, an {@code error} over a WebSocket.
 */
public final class Problem extends RuntimeException {

  // Kept: each look-up of the provider asks the class loader.
  private static final JsonBuilderFactory JSON = Json.createBuilderFactory(null);

  public static final String MEDIA_TYPE = "application/problem+json";

  private static final Logger LOG = Logger.getLogger(Problem.class.getName());
  private static final long SOON_MILLIS = 2_000;
  private static final long serialVersionUID = 1;

  private final transient Ending ending;
  private final transient Map<String, String> headers = new LinkedHashMap<>();
  private transient @Nullable Gap gap;
  private transient long retryAfterMillis;

  /**
   * An error of a request.
   *
   * @param detail what is wrong with this request, quoting it
   */
  public Problem(Ending ending, @Nullable String detail) {
    // No stack trace: it is an answer, and a flood of bad requests must stay cheap.
    super(detail, null, false, false);
    this.ending = ending;
    // 429 Too Many Requests, 503 Service Unavailable, 507 Insufficient Storage
    if (ending.status() == 429 || ending.status() == 503 || ending.status() == 507) {
      retryAfter(Jitter.around(SOON_MILLIS));
    }
  }

  /**
   * Converts any exception to a problem. An exception that is not a refusal is unexpected: its
   * stack is logged once, and the client is referred to the log.
   */
  public static Problem of(Throwable e) {
    if (e instanceof Problem problem) {
      return problem;
    }
    if (e instanceof CompletionException && e.getCause() != null) {
      return of(e.getCause());
    }
    if (e instanceof Channels.Refused refused) {
      return new Problem(refused.ending(), refused.getMessage());
    }
    if (e instanceof RejectedExecutionException) {
      // The threads of an application reject work only when it stops.
      return new Problem(Ending.SERVER_STOPPING, Ending.SERVER_STOPPING.title());
    }
    LOG.log(Level.SEVERE, "a request failed", e);
    return new Problem(Ending.INTERNAL, "the cause is in the server's log");
  }

  /** Runs a parser that throws {@link IllegalArgumentException} for invalid input. */
  public static <T> T orElse(Ending ending, java.util.function.Supplier<T> parse) {
    try {
      return parse.get();
    } catch (IllegalArgumentException e) {
      throw new Problem(ending, e.getMessage());
    }
  }

  /** Adds an HTTP header to the response. */
  public Problem with(String header, Object value) {
    headers.put(header, value.toString());
    return this;
  }

  /** Sets when the client may retry. */
  public Problem retryAfter(long millis) {
    retryAfterMillis = millis;
    return with("Retry-After", (millis + 999) / 1_000); // whole seconds (RFC 9110 §10.2.3)
  }

  /** Whether a later retry may succeed; after 410 the client must send another request. */
  boolean isPassing() {
    return ending.retry() && ending.status() != 410;
  }

  /** When the client may retry, also if there is no header. */
  long retryAfterMillis() {
    return retryAfterMillis > 0 ? retryAfterMillis : Jitter.around(SOON_MILLIS);
  }

  /** Refuses requests while the server is stopping. */
  public static void requireNotStopping(Connections connections) {
    if (connections.isStopping()) {
      throw new Problem(Ending.SERVER_STOPPING, Ending.SERVER_STOPPING.title());
    }
  }

  /** Refuses an append above the rate limit of its address. */
  public static void requirePace(Connections connections, RateLimiter pace, String address) {
    requireNotStopping(connections);
    long waitMillis = pace.waitMillis(address);
    if (waitMillis > 0) {
      throw new Problem(Ending.RATE_LIMITED, "appends from " + address + " exceed the rate limit")
          .retryAfter(waitMillis);
    }
  }

  /** The problem of a refused connection. */
  public static Problem refused(Connections.Refusal refusal) {
    return new Problem(refusal.ending(), refusal.ending().title())
        .retryAfter(Jitter.around(refusal.retryAfterMillis()));
  }

  /** Adds the gap and the offset to continue from. */
  public Problem gap(Gap gap) {
    this.gap = gap;
    return with(Headers.NEXT_OFFSET, gap.earliest());
  }

  public Ending ending() {
    return ending;
  }

  Map<String, String> headers() {
    return headers;
  }

  public JsonObject toJson() {
    JsonObjectBuilder json =
        JSON.createObjectBuilder()
            .add("type", ending.type())
            .add("title", ending.title())
            .add("status", ending.status())
            .add("detail", getMessage());
    if (retryAfterMillis > 0) {
      json.add("retryAfterMillis", retryAfterMillis);
    }
    if (gap != null) {
      json.add("earliest", gap.earliest().toString());
      json.add("reset", reset(gap));
    }
    return json.build();
  }

  /** The reason of a gap, and the number of missing messages if it is known. */
  public static JsonObject reset(Gap gap) {
    JsonObjectBuilder reset = JSON.createObjectBuilder().add("reason", gap.reason().token());
    if (gap.reason() == Gap.Reason.TRIMMED) {
      reset.add("missed", gap.missed());
    }
    return reset.build();
  }

  public HttpAnswer toAnswer() {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("Cache-Control", "no-store");
    all.put("Content-Type", MEDIA_TYPE);
    return new HttpAnswer(ending.status(), all, toBytes());
  }

  /**
   * The answer to an EventSource for a temporary refusal: only the time to reconnect, because it
   * gives up after any status other than 200. It keeps its last id, because none is sent.
   */
  HttpAnswer toEventStream() {
    // The comment is for human readers.
    String text =
        ": %s %s\nretry: %s\n\n".formatted(ending.status(), ending.slug(), retryAfterMillis());
    return new HttpAnswer(200, Headers.OF_EVENT_STREAM, text.getBytes(StandardCharsets.US_ASCII));
  }

  byte[] toBytes() {
    return toJson().toString().getBytes(StandardCharsets.UTF_8);
  }
}
