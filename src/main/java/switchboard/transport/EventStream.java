package switchboard.transport;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.Jitter;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Connection;
import switchboard.connection.ConnectionObserver;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.http.Headers;
import switchboard.http.Problem;
import switchboard.http.ResponseStream;
import switchboard.log.Gap;
import switchboard.log.Reading;
import switchboard.log.UpToDate;
import switchboard.time.Clocks;

/**
 * A response that does not end: one or more subscriptions written as server-sent events (WHATWG
 * HTML §9.2, in the shape of Durable Streams PROTOCOL.md §5.8), written without blocking.
 *
 * <p><b>Threads.</b> Safe. What {@link EventStreamWriter} writes is made under its lock, one event
 * at a time.
 *
 * <p><b>Cost.</b> About 400 bytes in addition to the server's own for a request; it references only
 * the shared batch that is being written.
 */
final class EventStream implements Connection, EventStreamWriter.Listener, EventStreamSink.Stream {

  private static final Logger LOG = Logger.getLogger(EventStream.class.getName());
  private static final long CROWDED_MILLIS = 4_000;
  // Proxies buffer and compress if they may, which delays messages.
  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  private final ReadRequest request;
  private final List<EventStreamSink> sinks;
  private final ResponseStream out;
  private final EventStreamWriter writer;
  private final String address;
  private final Connections connections;
  private final Settings settings;
  private final Clocks clocks;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicBoolean goodbye = new AtomicBoolean();
  private final AtomicBoolean isRevocationLogged = new AtomicBoolean();
  private final long heartbeatMillis;
  private final long oldMillis; // by the clock of ticks
  private String cursor; // guarded by the writer's lock

  /** Whether the client got everything, including the end of the channels. */
  static boolean isOver(ReadRequest request) {
    return request.isResumed() && request.places().stream().allMatch(EventStream::isAtTheEnd);
  }

  /**
   * Throws errors that need a status: if it is not known what follows, and a gap that the client
   * would not notice.
   */
  static void requireReadable(ReadRequest request, Counters counters) {
    List<Reading> first = request.places().stream().map(ReadPosition::read).toList();
    if (!request.hearsResets() && first.get(0) instanceof Gap gap) {
      counters.told(gap);
      throw PollAnswer.gone(gap);
    }
  }

  /** The headers of the answer. */
  static Map<String, String> headers(ReadRequest request) {
    Map<String, String> headers = new HashMap<>(Headers.OF_EVENT_STREAM);
    if (!request.isMany() && request.place().kind() == ContentType.Kind.BINARY) {
      headers.put(Headers.SSE_ENCODING, "base64");
    }
    return headers;
  }

  /** Starts an event stream for a request that {@link PollEndpoint} accepted. */
  static void start(
      ReadRequest request,
      String address,
      ResponseStream out,
      Connections connections,
      PendingBodies bodies,
      Settings settings,
      Clocks clocks) {
    EventStream stream =
        new EventStream(request, address, out, connections, bodies.share(), settings, clocks);
    Ending late = connections.add(stream);
    if (late == null) {
      connections.tell(stream, ConnectionObserver.Sight.OPENED, "");
      try {
        stream.open();
      } catch (RuntimeException | Error e) {
        stream.leave(Ending.INTERNAL.slug()); // the caller answers the request
        throw e;
      }
    } else {
      stream.end(late); // the client reconnects and gets the reason then
    }
  }

  private static boolean isAtTheEnd(ReadPosition place) {
    return place.read() instanceof UpToDate at && at.closed();
  }

  private EventStream(
      ReadRequest request,
      String address,
      ResponseStream out,
      Connections connections,
      PendingBodies.Share share,
      Settings settings,
      Clocks clocks) {
    this.request = request;
    this.out = out;
    this.writer = new EventStreamWriter(out, share, clocks, this);
    this.address = address;
    this.connections = connections;
    this.settings = settings;
    this.clocks = clocks;
    this.cursor = request.cursor();
    this.oldMillis =
        clocks.ticks().millis() + Jitter.below(settings.millis(Settings.EVENT_STREAM_MAX_AGE));
    // Streams that got the same message at the same time must not all get their comment at the
    // same time.
    this.heartbeatMillis = Jitter.below(settings.millis(Settings.HEARTBEAT_INTERVAL));
    Turns turns = new Turns();
    this.sinks =
        request.places().stream().map(place -> new EventStreamSink(place, this, turns)).toList();
  }

  private void open() {
    writer.start(this::hello, () -> sinks.forEach(EventStreamSink::start));
  }

  // The first bytes are sent at once, because a browser regards the stream as open only then.
  // If there are no messages yet, they also contain the start offset.
  private byte[] hello() {
    byte[] hello = retry();
    boolean isAtTheEnd =
        request.places().stream()
            .allMatch(place -> place.read() instanceof UpToDate at && !at.closed());
    if (!isAtTheEnd && !request.isMany()) {
      return hello;
    }
    boolean isUpToDate = isAtTheEnd && request.places().stream().allMatch(ReadPosition::isCurrent);
    byte[] control = Wire.control(id(), nextCursor(), isUpToDate);
    byte[] both = java.util.Arrays.copyOf(hello, hello.length + control.length);
    System.arraycopy(control, 0, both, hello.length, control.length);
    return both;
  }

  // Also the last line when the server stops: the time to reconnect.
  private byte[] retry() {
    String retry = "retry: " + Jitter.around(settings.millis(Settings.RETRY)) + "\n\n";
    return retry.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public ReadRequest request() {
    return request;
  }

  @Override
  public Counters counters() {
    return connections.counters();
  }

  @Override
  public void enqueue(Supplier<byte[]> bytes, Runnable done) {
    writer.enqueue(bytes, done);
  }

  @Override
  public void channelEnded() {
    if (sinks.stream().allMatch(EventStreamSink::hasEnded)) {
      finish(Ending.CHANNEL_CLOSED.slug());
    }
  }

  @Override
  public String id() {
    return ReadRequest.combined(sinks.stream().map(EventStreamSink::next).toList());
  }

  // The client's cursor is used for the first control event; after that the clock advances.
  @Override
  public String nextCursor() {
    String next = Cursor.next(cursor, clocks.wall().millis());
    cursor = null;
    return next;
  }

  @Override
  public void tick(long nowMillis) {
    long silentMillis = nowMillis - writer.lastWriteMillis();
    boolean isBusy = writer.isBusy();
    if (isRevoked()) {
      LOG.fine(() -> this + " – closing: the token is no longer valid");
    }
    long ticksMillis = clocks.ticks().millis();
    long writingMillis = ticksMillis - writer.writingSinceMillis();
    if (isBusy && writingMillis >= settings.millis(Settings.WRITE_TIMEOUT)) {
      LOG.fine(() -> this + " – closed: a write timed out (millis=" + writingMillis + ")");
      hangUp();
    } else if (!isBusy && ticksMillis >= oldMillis) {
      // The client sends nothing, and writes to it may end up in buffers of proxies: only the
      // age remains as a criterion.
      finish("max-age");
    } else if (!isBusy && silentMillis >= silenceMillis()) {
      enqueue(() -> COMMENT, () -> connections.tell(this, ConnectionObserver.Sight.COMMENT, ""));
    }
  }

  // A server detects a lost client when it writes to it.
  private long silenceMillis() {
    return connections.isCrowded() ? Math.min(heartbeatMillis, CROWDED_MILLIS) : heartbeatMillis;
  }

  // Sent in the stream, because an EventSource does not show its page the response to the next
  // request.
  @Override
  public boolean isRevoked() {
    Problem problem = request.guard().revocation();
    if (problem != null && isRevocationLogged.compareAndSet(false, true)) {
      request.guard().logRevocation(toString());
      enqueue(() -> Wire.endingEvent(problem), () -> end(problem.ending()));
    }
    return problem != null;
  }

  private void hangUp() {
    if (leave(Ending.TOO_SLOW.slug())) {
      connections.counters().ended(Ending.TOO_SLOW);
      out.disconnect();
    }
  }

  @Override
  public void end(Ending ending) {
    if (ending == Ending.SERVER_STOPPING && goodbye.compareAndSet(false, true)) {
      enqueue(this::retry, () -> end(ending));
    } else if (finish(ending.slug())) {
      connections.counters().ended(ending);
    }
  }

  @Override
  public boolean hasHeardAll() {
    return sinks.stream().allMatch(EventStreamSink::hasHeardAll);
  }

  @Override
  public boolean finish(String why) {
    boolean isFirst = leave(why);
    if (isFirst) {
      out.complete();
    }
    return isFirst;
  }

  private boolean leave(String why) {
    if (!over.compareAndSet(false, true)) {
      return false;
    }
    connections.remove(this);
    writer.stop();
    connections.tell(this, ConnectionObserver.Sight.ENDED, why);
    sinks.forEach(EventStreamSink::cancel);
    return true;
  }

  @Override
  public void broke(Throwable e) {
    LOG.log(Level.FINEST, e, () -> this + " – the client disconnected");
    end(Ending.CONNECTION_LOST);
  }

  @Override
  public void ended() {
    leave("completed");
  }

  @Override
  public String label() {
    return request.label();
  }

  @Override
  public String address() {
    return address;
  }

  @Override
  public Transport transport() {
    return Transport.EVENT_STREAM;
  }

  @Override
  public String toString() {
    return "channel \""
        + request.place().channel().name()
        + "\""
        + (request.isMany() ? " and others" : "")
        + " – event stream";
  }
}
