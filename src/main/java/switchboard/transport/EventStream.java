package switchboard.transport;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Channel;
import switchboard.channel.Connection;
import switchboard.channel.Connections;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.PendingBodies;
import switchboard.channel.Sink;
import switchboard.channel.Subscription;
import switchboard.channel.Tally;
import switchboard.channel.Transport;
import switchboard.channel.Watcher;
import switchboard.config.Settings;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.UpToDate;
import switchboard.time.Clocks;

/**
 * One response that goes on: one or more subscriptions written as server-sent events (WHATWG HTML
 * §9.2, in the shape of Durable Streams PROTOCOL.md §5.8), with the Servlet API's non-blocking
 * output.
 *
 * <p><b>Threads.</b> Safe. Bytes are handed over under this object's lock; {@code done} runs
 * outside it.
 *
 * <p><b>Cost.</b> About 400 bytes beside the server's own for a request; of the messages it holds
 * the one shared batch that is being written.
 */
final class EventStream implements Connection, WriteListener, AsyncListener {

  private static final Logger LOG = Logger.getLogger(EventStream.class.getName());
  private static final long CROWDED_MILLIS = 4_000;
  // Proxies buffer and compress what they may; a message in a buffer is a message that is late.
  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Type", "text/event-stream",
          "Cache-Control", "no-cache, no-store, no-transform",
          "X-Accel-Buffering", "no");
  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  /** What is written next; made only then, since the id of several channels moves meanwhile. */
  private record Outgoing(Supplier<byte[]> bytes, Runnable done) {}

  private final ReadRequest request;
  private final List<Feed> feeds;
  private final AsyncContext context;
  private final ServletOutputStream out;
  private final TcpConnection.WriteQueue queue;
  private final Turns turns = new Turns();
  private final String address;
  private final Connections connections;
  private final PendingBodies.Share share;
  private final Settings settings;
  private final Clocks clocks;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicBoolean goodbye = new AtomicBoolean();
  private final AtomicBoolean isRevocationLogged = new AtomicBoolean();
  private final long heartbeatMillis;
  private final long oldMillis; // by the clock of ticks
  private volatile long lastWriteMillis;
  private volatile long writingSinceMillis; // by the clock of ticks

  // Guarded by this: what is to run when what is being written is written, and what waits, at most
  // one batch a feed. Who does not take what is written costs its bytes and not the batch as well.
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private Runnable current;
  private byte[] pending;
  private boolean unflushed;
  private String cursor;

  /** Whether its client was told all that there will be. */
  static boolean isOver(ReadRequest request) {
    return request.isResumed() && request.places().stream().allMatch(EventStream::isAtTheEnd);
  }

  /**
   * Refuses what has to be answered with a status: where it cannot be known what follows, and a gap
   * of which the client would not take note.
   */
  static void requireReadable(ReadRequest request, Tally tally) {
    List<Reading> first = request.places().stream().map(Place::read).toList();
    if (!request.hearsResets() && first.get(0) instanceof Gap gap) {
      tally.told(gap);
      throw PollAnswer.gone(gap);
    }
  }

  /** Begins one, for a request that {@link HttpRead} lets in. */
  static void start(
      ReadRequest request,
      HttpServletRequest servletRequest,
      HttpServletResponse response,
      Connections connections,
      PendingBodies bodies,
      Settings settings,
      Clocks clocks)
      throws IOException {
    HEADERS.forEach(response::setHeader);
    if (!request.isMany() && request.place().kind() == ContentType.Kind.BINARY) {
      response.setHeader(Headers.SSE_ENCODING, "base64");
    }
    String address = servletRequest.getRemoteAddr();
    ServletOutputStream out = response.getOutputStream();
    if (out.getClass().getName().startsWith("io.undertow.")) {
      // Of a larger buffer WildFly may leave a part to the next write, and it takes it from a pool:
      // when its client went, the buffer was now and then in the hands of another request already,
      // whose body was lost. → HandOverIT
      response.setBufferSize(1);
    }
    AsyncContext context = servletRequest.startAsync();
    context.setTimeout(0);
    EventStream stream =
        new EventStream(
            request, context, out, address, connections, bodies.share(), settings, clocks);
    context.addListener(stream);
    Ending late = connections.add(stream);
    if (late == null) {
      connections.tell(stream, Watcher.Sight.OPENED, "");
      try {
        stream.open();
      } catch (RuntimeException | Error e) {
        stream.leave(Ending.INTERNAL.slug()); // the request has its answer from whoever called
        throw e;
      }
    } else {
      stream.end(late); // it comes again, and is told by the answer
    }
  }

  /**
   * Answers an EventSource what passes: nothing but when to come again, since any status but 200 is
   * the end of it. It keeps its last id, for none is sent.
   */
  static HttpAnswer comeAgain(Problem problem) {
    // The comment is for people.
    String text =
        ": %d %s\nretry: %d\n\n"
            .formatted(
                problem.ending().status(), problem.ending().slug(), problem.retryAfterMillis());
    return new HttpAnswer(200, HEADERS, text.getBytes(StandardCharsets.US_ASCII));
  }

  private static boolean isAtTheEnd(Place place) {
    return place.read() instanceof UpToDate at && at.closed();
  }

  private EventStream(
      ReadRequest request,
      AsyncContext context,
      ServletOutputStream out,
      String address,
      Connections connections,
      PendingBodies.Share share,
      Settings settings,
      Clocks clocks) {
    this.request = request;
    this.feeds = request.places().stream().map(Feed::new).toList();
    this.context = context;
    this.out = out;
    this.queue = TcpConnection.keepLittleFor((HttpServletRequest) context.getRequest());
    this.address = address;
    this.connections = connections;
    this.share = share;
    this.settings = settings;
    this.clocks = clocks;
    this.cursor = request.cursor();
    this.lastWriteMillis = clocks.elapsed().millis();
    this.writingSinceMillis = clocks.ticks().millis();
    this.oldMillis =
        writingSinceMillis + Jitter.below(settings.millis(Settings.EVENT_STREAM_MAX_AGE));
    // Streams that got the same message at once must not all get their comment at once.
    this.heartbeatMillis = Jitter.below(settings.millis(Settings.HEARTBEAT_INTERVAL));
  }

  private void open() {
    synchronized (this) {
      waiting.add(new Outgoing(this::hello, this::listen));
    }
    out.setWriteListener(this);
  }

  // First bytes at once: until they come, a browser does not call the stream open. Where nothing is
  // to be read yet, they also say from where the client listens.
  private byte[] hello() {
    byte[] hello = retry();
    boolean isAtTheEnd =
        request.places().stream()
            .allMatch(place -> place.read() instanceof UpToDate at && !at.closed());
    if (!isAtTheEnd && !request.isMany()) {
      return hello;
    }
    boolean isUpToDate = isAtTheEnd && request.places().stream().allMatch(Place::isCurrent);
    byte[] control = Wire.control(id(), nextCursor(), isUpToDate);
    byte[] both = java.util.Arrays.copyOf(hello, hello.length + control.length);
    System.arraycopy(control, 0, both, hello.length, control.length);
    return both;
  }

  // Also the last thing said when the server stops: when to come again.
  private byte[] retry() {
    String retry = "retry: " + Jitter.around(settings.millis(Settings.RETRY)) + "\n\n";
    return retry.getBytes(StandardCharsets.US_ASCII);
  }

  private void listen() {
    feeds.forEach(feed -> feed.subscription.start());
  }

  /** One channel's way into the stream. */
  private final class Feed implements Sink {

    private final Place place;
    private final Channel channel;
    private Offset next; // guarded by the stream's lock
    private boolean hasEnded;
    private final Subscription subscription;

    private Feed(Place place) {
      this.place = place;
      this.channel = place.channel();
      this.next = place.from();
      this.subscription = channel.subscription(place.from(), this);
    }

    @Override
    public Transport transport() {
      return Transport.EVENT_STREAM;
    }

    @Override
    public String member() {
      return request.member();
    }

    @Override
    public boolean isFree(Subscription asking) {
      return turns.take(asking);
    }

    @Override
    public void write(Batch batch, Runnable done) {
      if (isRevoked()) {
        return;
      }
      connections.tally().sent(Transport.EVENT_STREAM, batch);
      boolean isLast = batch.closed();
      enqueue(
          () -> events(batch),
          () -> {
            turns.pass(); // first the others, who have waited
            written(isLast, done);
          });
    }

    private byte[] events(Batch batch) {
      next = batch.next();
      return request.isMany()
          ? frame("data", batch.encoded(new Wire.Frame(place.kind(), channel.name())).text())
          : batch.encoded(new Wire.Events(place.kind(), nextCursor()));
    }

    private void written(boolean wasLast, Runnable done) {
      // Of one channel the last events have said that they are the last.
      if (wasLast && !request.isMany()) {
        hasEnded();
      } else {
        done.run();
      }
    }

    @Override
    public void gap(Gap gap, Runnable done) {
      if (!request.hearsResets()) {
        finish(Ending.OFFSET_GONE.slug()); // it comes again with the offset it has, and is told 410
        return;
      }
      connections.tally().told(gap);
      enqueue(
          () -> {
            next = gap.earliest();
            return request.isMany()
                ? frame("reset", Wire.resetFrame(channel.name(), gap))
                : Wire.resetEvent(gap);
          },
          done);
    }

    @Override
    public void closed(Offset end) {
      enqueue(
          () ->
              request.isMany()
                  ? frame("closed", Wire.closedFrame(channel.name(), end))
                  : Wire.closedControl(end),
          this::hasEnded);
    }

    @Override
    public void end(Ending ending) {
      // Nothing is said: an EventSource comes again and learns the ending from the answer it gets.
      EventStream.this.end(ending);
    }

    private byte[] frame(String event, String frame) {
      return Wire.frameEvent(event, frame, id());
    }

    private void hasEnded() {
      hasEnded = true;
      if (feeds.stream().allMatch(feed -> feed.hasEnded)) {
        finish(Ending.CHANNEL_CLOSED.slug());
      }
    }
  }

  private String id() {
    return ReadRequest.combined(feeds.stream().map(feed -> feed.next).toList());
  }

  // The client's own cursor counts for the first control event; after that the clock moves on.
  private String nextCursor() {
    String next = Cursor.next(cursor, clocks.wall().millis());
    cursor = null;
    return next;
  }

  private void enqueue(Supplier<byte[]> bytes, Runnable done) {
    synchronized (this) {
      waiting.add(new Outgoing(bytes, done));
    }
    push();
  }

  @Override
  public void onWritePossible() {
    push();
  }

  private void push() {
    Runnable done = takeOver();
    while (done != null) {
      try {
        done.run();
      } catch (RuntimeException | Error e) {
        end(Problem.of(e).ending());
      }
      done = takeOver();
    }
  }

  /** Hands bytes over until the container wants no more; what is to run when a write is done. */
  private synchronized Runnable takeOver() {
    try {
      while (!over.get() && (current != null || !waiting.isEmpty()) && out.isReady()) {
        if (current == null) {
          Outgoing next = waiting.remove();
          current = next.done();
          pending = made(next);
          if (!share.hold(pending.length)) {
            pending = null;
            return () ->
                end(Ending.REQUEST_BUFFER_FULL); // its client comes again with the offset it has
          }
          lastWriteMillis = clocks.elapsed().millis();
          writingSinceMillis = clocks.ticks().millis();
        } else if (pending != null) {
          byte[] bytes = pending;
          pending = null;
          unflushed = true;
          queue.write(out, bytes, 0, bytes.length);
        } else if (unflushed) {
          unflushed = false;
          out.flush();
        } else {
          Runnable done = current;
          current = null;
          share.hold(0);
          return done;
        }
      }
    } catch (IOException | RuntimeException e) {
      onError(e);
    }
    return null; // the container calls onWritePossible
  }

  // What fails here is ours; from what the container throws the client disconnected.
  private byte[] made(Outgoing next) {
    try {
      return next.bytes().get();
    } catch (RuntimeException | Error e) {
      end(Problem.of(e).ending());
      return new byte[0];
    }
  }

  @Override
  public void tick(long nowMillis) {
    long silentMillis = nowMillis - lastWriteMillis;
    boolean isBusy;
    synchronized (this) {
      isBusy = current != null;
    }
    if (isRevoked()) {
      LOG.fine(() -> this + " – closing: the token is no longer valid");
    }
    long ticksMillis = clocks.ticks().millis();
    long writingMillis = ticksMillis - writingSinceMillis;
    if (isBusy && writingMillis >= settings.millis(Settings.WRITE_TIMEOUT)) {
      LOG.fine(() -> this + " – closed: a write timed out (millis=" + writingMillis + ")");
      hangUp();
    } else if (!isBusy && ticksMillis >= oldMillis) {
      // The peer says nothing, and what is written to it disappears in buffers on the way: age is
      // all that is left to go by.
      finish("max-age");
    } else if (!isBusy && silentMillis >= silenceMillis()) {
      enqueue(() -> COMMENT, () -> connections.tell(this, Watcher.Sight.COMMENT, ""));
    }
  }

  // A server notices that a client is gone when it writes to it.
  private long silenceMillis() {
    return connections.isCrowded() ? Math.min(heartbeatMillis, CROWDED_MILLIS) : heartbeatMillis;
  }

  // Told in the stream: an EventSource does not show its page the answer to the next request.
  private boolean isRevoked() {
    Problem problem = request.guard().revocation();
    if (problem != null && isRevocationLogged.compareAndSet(false, true)) {
      request.guard().logRevocation(toString());
      enqueue(() -> Wire.endingEvent(problem), () -> end(problem.ending()));
    }
    return problem != null;
  }

  // The server would keep what was not taken until its own time-out, and the connection for the
  // next
  // request of a client that reads none of the answer to this one.
  private void hangUp() {
    if (leave(Ending.TOO_SLOW.slug())) {
      connections.tally().ended(Ending.TOO_SLOW);
      // While the request is still ours.
      Closeable connection = TcpConnection.under((HttpServletRequest) context.getRequest());
      complete();
      TcpConnection.end(connection);
    }
  }

  @Override
  public void end(Ending ending) {
    if (ending == Ending.SERVER_STOPPING && goodbye.compareAndSet(false, true)) {
      enqueue(this::retry, () -> end(ending));
    } else if (finish(ending.slug())) {
      connections.tally().ended(ending);
    }
  }

  @Override
  public boolean hasHeardAll() {
    return feeds.stream().allMatch(feed -> feed.subscription.hasHeardAll());
  }

  private boolean finish(String why) {
    boolean isFirst = leave(why);
    if (isFirst) {
      complete();
    }
    return isFirst;
  }

  private void complete() {
    try {
      queue.restore();
      context.complete();
    } catch (IllegalStateException e) {
      LOG.log(Level.FINEST, "already completed by the container", e);
    }
  }

  private boolean leave(String why) {
    if (!over.compareAndSet(false, true)) {
      return false;
    }
    connections.remove(this);
    share.close();
    connections.tell(this, Watcher.Sight.ENDED, why);
    feeds.forEach(feed -> feed.subscription.cancel());
    return true;
  }

  @Override
  public void onError(Throwable e) {
    LOG.log(Level.FINEST, e, () -> this + " – the client disconnected");
    end(Ending.CONNECTION_LOST);
  }

  @Override
  public void onComplete(AsyncEvent event) {
    leave("completed");
  }

  @Override
  public void onError(AsyncEvent event) {
    end(Ending.CONNECTION_LOST);
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    finish(Ending.CONNECTION_LOST.slug());
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    // this request is never started anew
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
