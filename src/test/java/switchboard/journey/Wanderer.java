package switchboard.journey;

import static switchboard.testing.Reader.array;
import static switchboard.testing.Reader.object;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import switchboard.channel.Transport;
import switchboard.testing.EventStreamParser;
import switchboard.testing.Http;
import switchboard.testing.Reader;

/**
 * A client that does as it is told: sent away, or refused, it comes again when the server said,
 * with its offset. It has no thread of its own, so that thousands fit into a test.
 */
final class Wanderer implements AutoCloseable {

  private static final HttpClient CLIENT = Http.newClient();
  private static final long POLL_MILLIS = 4_000;

  private final Transport transport;
  private final URI channel;
  private final Crowd crowd;
  private final Journal journal;
  private String offset = "-1";
  private long toldMillis;
  private boolean isIn;
  private boolean wasIn;
  private WebSocket socket;
  private volatile boolean isOver;

  /** What a crowd of these has in common. */
  interface Crowd {
    ScheduledExecutorService clock();

    /** One was let in, the first time or again. */
    void cameIn(Wanderer who, boolean again);

    /** One that was in is not any more; {@code why} in a word. */
    void wentOut(Wanderer who, String why);

    /** One was not let in, not found, or not answered. */
    void wasRefused(Wanderer who, String why);
  }

  Wanderer(String who, Transport transport, URI channel, Crowd crowd) {
    this.transport = transport;
    this.channel = channel;
    this.crowd = crowd;
    this.journal = new Journal(who);
  }

  Journal journal() {
    return journal;
  }

  Transport transport() {
    return transport;
  }

  /** Comes, now. */
  synchronized void come() {
    if (isOver) {
      return;
    }
    toldMillis = 0;
    switch (transport) {
      case POLL -> ask("");
      case LONG_POLL -> ask("&live=long-poll");
      case EVENT_STREAM -> stream();
      case WEBSOCKET -> open();
    }
  }

  private URI uri(String live) {
    return URI.create(channel + "?offset=" + offset + live);
  }

  private void comeIn(long millis) {
    crowd.clock().schedule(this::come, millis, TimeUnit.MILLISECONDS);
  }

  private void isIn() {
    if (!isIn) {
      isIn = true;
      crowd.cameIn(this, wasIn);
      wasIn = true;
    }
  }

  /** Comes again when it was told; where nobody said, in a second or three. */
  private synchronized void isOut(String why) {
    if (isIn) {
      isIn = false;
      crowd.wentOut(this, why);
    } else {
      crowd.wasRefused(this, why);
    }
    comeIn(toldMillis > 0 ? toldMillis : ThreadLocalRandom.current().nextLong(1_000, 3_000));
  }

  private void ask(String live) {
    HttpRequest request = HttpRequest.newBuilder(uri(live)).build();
    CLIENT
        .sendAsync(request, HttpResponse.BodyHandlers.ofString())
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                isOut(failure.toString());
              } else {
                answered(answer);
              }
            });
  }

  private synchronized void answered(HttpResponse<String> answer) {
    switch (answer.statusCode()) {
      case 200 -> hear(array(answer.body()), next(answer.headers()));
      case 204 -> offset = next(answer.headers());
      case 410 -> hearGap(object(answer.body()).getJsonObject("reset"), next(answer.headers()));
      default -> {
        isRefused(answer);
        return;
      }
    }
    isIn();
    comeIn(transport == Transport.POLL ? POLL_MILLIS : 0);
  }

  private synchronized void isRefused(HttpResponse<String> answer) {
    String type = answer.headers().firstValue("Content-Type").orElse("");
    String why = Integer.toString(answer.statusCode());
    if (type.startsWith("application/problem+json")) {
      JsonObject problem = object(answer.body());
      toldMillis = problem.getInt("retryAfterMillis", 0);
      why += " " + problem.getString("type").replaceFirst(".*:", "");
    }
    isOut(why);
  }

  private static String next(HttpHeaders headers) {
    return headers.firstValue("Stream-Next-Offset").orElseThrow();
  }

  private void hear(JsonArray messages, String next) {
    messages.forEach(message -> journal.note(message.toString()));
    offset = next;
  }

  private void hearGap(JsonObject reset, String next) {
    journal.note(Reader.gap(reset));
    offset = next;
  }

  private void stream() {
    HttpRequest request =
        HttpRequest.newBuilder(uri("")).header("Accept", "text/event-stream").build();
    CLIENT
        .sendAsync(
            request,
            answer ->
                answer.statusCode() == 200
                    ? BodySubscribers.fromLineSubscriber(
                        new Events(), events -> "", StandardCharsets.UTF_8, null)
                    : BodySubscribers.ofString(StandardCharsets.UTF_8))
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                isOut(failure.toString());
              } else if (answer.statusCode() == 200) {
                isOut("ended");
              } else {
                isRefused(answer);
              }
            });
  }

  /** What comes by one event stream. */
  private final class Events implements Flow.Subscriber<String> {
    private final EventStreamParser parser =
        new EventStreamParser(offset, this::dispatch, millis -> toldMillis = millis);

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      synchronized (Wanderer.this) {
        isIn();
      }
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
      parser.line(line);
    }

    private void dispatch(String event, String data, String id) {
      synchronized (Wanderer.this) {
        switch (event) {
          case "data" -> hear(array(data), id);
          case "reset" -> hearGap(object(data).getJsonObject("reset"), id);
          case "control" -> offset = id;
          default -> throw new IllegalStateException("unknown event " + event);
        }
      }
    }

    @Override
    public void onError(Throwable failure) {
      // sendAsync says so too
    }

    @Override
    public void onComplete() {
      // sendAsync says so too
    }
  }

  private void open() {
    URI uri = URI.create(uri("").toString().replaceFirst("^http", "ws"));
    CLIENT
        .newWebSocketBuilder()
        .subprotocols("switchboard.v1")
        .buildAsync(uri, new Frames())
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                isRefused(failure);
              }
            });
  }

  /** A handshake has no body to read: when to come again is in its header, in whole seconds. */
  private void isRefused(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    String why = cause.toString();
    if (cause instanceof WebSocketHandshakeException refusal) {
      why = "handshake " + refusal.getResponse().statusCode();
      toldMillis =
          refusal.getResponse().headers().firstValueAsLong("Retry-After").orElse(0) * 1_000;
    }
    isOut(why);
  }

  /** The frames of one WebSocket. */
  private final class Frames implements WebSocket.Listener {
    private final StringBuilder frame = new StringBuilder();
    private boolean hasEnded;

    @Override
    public void onOpen(WebSocket opened) {
      synchronized (Wanderer.this) {
        socket = opened;
        isIn();
      }
      opened.request(1);
    }

    @Override
    public CompletionStage<?> onText(WebSocket opened, CharSequence part, boolean isLast) {
      frame.append(part);
      if (isLast) {
        synchronized (Wanderer.this) {
          take(object(frame.toString()));
        }
        frame.setLength(0);
      }
      opened.request(1);
      return null;
    }

    private void take(JsonObject said) {
      if (said.containsKey("error")) {
        toldMillis = said.getJsonObject("error").getInt("retryAfterMillis", 0);
      } else if (said.containsKey("messages")) {
        hear(said.getJsonArray("messages"), said.getString("next"));
      } else if (said.containsKey("reset")) {
        hearGap(said.getJsonObject("reset"), said.getString("next"));
      } else if (said.containsKey("next")) {
        offset = said.getString("next");
      }
    }

    @Override
    public CompletionStage<?> onClose(WebSocket closed, int code, String why) {
      ended(code + " " + why);
      return null;
    }

    @Override
    public void onError(WebSocket failed, Throwable failure) {
      ended(failure.toString());
    }

    private void ended(String how) {
      synchronized (Wanderer.this) {
        if (!hasEnded) {
          hasEnded = true;
          isOut(how);
        }
      }
    }
  }

  @Override
  public synchronized String toString() {
    return "%s %s at %s, after %d".formatted(channel, transport, offset, journal.last());
  }

  /** Comes no more. */
  @Override
  public synchronized void close() {
    isOver = true;
    if (socket != null) {
      socket.abort();
    }
  }
}
