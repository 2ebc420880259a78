package switchboard.transport;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Connection;
import switchboard.channel.Connections;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Sink;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.UpToDate;

/**
 * One response that goes on: a subscription written as server-sent events (WHATWG HTML §9.2, in the
 * shape of Durable Streams PROTOCOL.md §5.8), with the Servlet API's non-blocking output.
 *
 * <p><b>Threads.</b> Safe. Bytes are handed over under this object's lock; {@code done} runs
 * outside it.
 *
 * <p><b>Cost.</b> About 300 bytes beside the server's own for a request; of the messages it holds
 * the one shared batch that is being written.
 */
final class EventStream implements Sink, Connection, WriteListener, AsyncListener {

  private static final Logger LOG = Logger.getLogger(EventStream.class.getName());
  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  private final ReadRequest request;
  private final AsyncContext context;
  private final ServletOutputStream out;
  private final Connections connections;
  private final Settings settings;
  private final InstantSource clock;
  private final AtomicBoolean over = new AtomicBoolean();
  private final long heartbeatMillis;
  private String cursor;
  private volatile Subscription subscription;
  private volatile long lastWriteMillis;

  // Guarded by this: what is being written now.
  private byte[] pending;
  private boolean unflushed;
  private boolean busy;
  private boolean last;
  private Runnable whenWritten;

  static void start(
      ReadRequest request,
      HttpServletRequest servletRequest,
      HttpServletResponse response,
      Connections connections,
      Settings settings,
      InstantSource clock)
      throws IOException {
    connections.count(Transport.EVENT_STREAM);
    if (request.isResumed() && isAtTheEnd(request)) {
      // An EventSource that was told "closed" comes again all the same; 204 makes it stop for good
      // (WHATWG HTML §9.2.3).
      response.setStatus(HttpServletResponse.SC_NO_CONTENT);
      return;
    }
    response.setContentType("text/event-stream");
    // Proxies buffer and compress what they may; a message in a buffer is a message that is late.
    response.setHeader("Cache-Control", "no-cache, no-store, no-transform");
    response.setHeader("X-Accel-Buffering", "no");
    if (request.channel().contentType().kind() == ContentType.Kind.BINARY) {
      response.setHeader(Headers.SSE_ENCODING, "base64");
    }
    AsyncContext context = servletRequest.startAsync();
    context.setTimeout(0);
    EventStream stream =
        new EventStream(request, context, response.getOutputStream(), connections, settings, clock);
    context.addListener(stream);
    connections.add(stream);
    stream.open();
  }

  private static boolean isAtTheEnd(ReadRequest request) {
    return request.read() instanceof UpToDate at && at.closed();
  }

  private EventStream(
      ReadRequest request,
      AsyncContext context,
      ServletOutputStream out,
      Connections connections,
      Settings settings,
      InstantSource clock) {
    this.request = request;
    this.context = context;
    this.out = out;
    this.connections = connections;
    this.settings = settings;
    this.clock = clock;
    this.cursor = request.cursor();
    this.lastWriteMillis = clock.millis();
    // Streams that got the same message at once must not all get their comment at once.
    this.heartbeatMillis = Jitter.below(settings.millis(Settings.HEARTBEAT_AFTER));
  }

  private void open() {
    long retryMillis = Jitter.around(settings.millis(Settings.RETRY));
    byte[] hello = ("retry: " + retryMillis + "\n\n").getBytes(StandardCharsets.US_ASCII);
    // First bytes at once: until they come, a browser does not call the stream open. Where nothing
    // is to be read yet, they also say from where the client listens.
    if (request.read() instanceof UpToDate upToDate && !upToDate.closed()) {
      hello = concat(hello, Wire.control(upToDate.next(), nextCursor(), true));
    }
    synchronized (this) {
      pending = hello;
      busy = true;
      whenWritten = this::subscribe;
    }
    out.setWriteListener(this);
  }

  private void subscribe() {
    subscription = request.channel().subscribe(request.from(), this);
    if (over.get()) {
      subscription.cancel();
    }
  }

  @Override
  public void write(Batch batch, Runnable done) {
    Wire.Events form = new Wire.Events(request.channel().contentType().kind(), nextCursor());
    write(batch.as(form), batch.closed(), done);
  }

  @Override
  public void gap(Gap gap, Runnable done) {
    write(Wire.resetEvent(gap), false, done);
  }

  @Override
  public void closed(Offset end) {
    if (!over.get()) { // else the last batch has said so
      write(Wire.closedControl(end), true, () -> {});
    }
  }

  @Override
  public void end(Ending ending) {
    // Nothing is said: an EventSource comes again and learns the ending from the answer it gets.
    finish();
  }

  // The client's own cursor counts for the first control event; after that the clock moves on.
  private String nextCursor() {
    String next = Cursor.next(cursor, clock.millis());
    cursor = null;
    return next;
  }

  private void write(byte[] bytes, boolean isLast, Runnable done) {
    synchronized (this) {
      if (busy) {
        // Only a heartbeat can be in the way: it has three bytes and goes first.
        Runnable before = whenWritten;
        whenWritten =
            () -> {
              before.run();
              write(bytes, isLast, done);
            };
        return;
      }
      pending = bytes;
      busy = true;
      last = isLast;
      whenWritten = done;
      lastWriteMillis = clock.millis();
    }
    push();
  }

  @Override
  public void onWritePossible() {
    push();
  }

  private void push() {
    Runnable written;
    boolean wasLast;
    synchronized (this) {
      try {
        if (!busy || !handOver()) {
          return; // the container calls onWritePossible
        }
      } catch (IOException | RuntimeException e) {
        onError(e);
        return;
      }
      busy = false;
      written = whenWritten;
      wasLast = last;
    }
    if (wasLast) {
      finish();
    }
    written.run();
  }

  private boolean handOver() throws IOException {
    while (out.isReady()) {
      if (pending != null) {
        byte[] bytes = pending;
        pending = null;
        unflushed = true;
        out.write(bytes);
      } else if (unflushed) {
        unflushed = false;
        out.flush();
      } else {
        return true;
      }
    }
    return false;
  }

  @Override
  public void tick(long nowMillis) {
    long silentMillis = nowMillis - lastWriteMillis;
    boolean isBusy;
    synchronized (this) {
      isBusy = busy;
    }
    if (isBusy && silentMillis >= settings.millis(Settings.STUCK_AFTER)) {
      LOG.log(Level.FINE, () -> this + " – ended: a write is stuck (millis=" + silentMillis + ")");
      finish();
    } else if (!isBusy && silentMillis >= heartbeatMillis) {
      write(COMMENT, false, () -> {});
    }
  }

  private void finish() {
    if (leave()) {
      try {
        context.complete();
      } catch (IllegalStateException e) {
        LOG.log(Level.FINEST, "completed already by the container", e);
      }
    }
  }

  private boolean leave() {
    if (!over.compareAndSet(false, true)) {
      return false;
    }
    connections.remove(this);
    if (subscription != null) {
      subscription.cancel();
    }
    return true;
  }

  @Override
  public void onError(Throwable e) {
    LOG.log(Level.FINEST, e, () -> this + " – the client is gone");
    finish();
  }

  @Override
  public void onComplete(AsyncEvent event) {
    leave();
  }

  @Override
  public void onError(AsyncEvent event) {
    finish();
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    finish();
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    // this request is never started anew
  }

  @Override
  public Transport transport() {
    return Transport.EVENT_STREAM;
  }

  @Override
  public String toString() {
    return "channel \"" + request.channel().name() + "\" – event stream";
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = java.util.Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
