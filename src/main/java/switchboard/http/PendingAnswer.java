package switchboard.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.config.Settings;
import switchboard.connection.PendingBodies;
import switchboard.container.TcpConnection;
import switchboard.container.WriteQueue;
import switchboard.time.MonotonicClock;

/**
 * A large response, written with the Servlet API's non-blocking output as fast as the client reads:
 * no thread waits for a client that does not read. Unread bytes are counted, and the next request
 * of the same connection starts only afterwards. So a client that sends many requests and reads no
 * response costs one response.
 *
 * <p>A client that reads nothing for {@code switchboard.write.timeout} is disconnected.
 *
 * <p><b>Threads.</b> Safe. Bytes are written under this object's lock.
 *
 * <p><b>Cost.</b> The response's bytes, counted in {@link PendingBodies}.
 */
public final class PendingAnswer implements WriteListener, PendingBodies.PendingBody {

  /**
   * What a pending response needs.
   *
   * @param ticks the clock for the write timeout
   */
  public record Place(
      PendingBodies bodies, Settings settings, MonotonicClock ticks, Counters counters) {}

  /**
   * Called by the container when a waiting request ends. The container accepts the listener only
   * while the request's own thread is active ({@code AsyncContext.addListener}), so before there is
   * a response.
   */
  static final class End implements AsyncListener {

    private @Nullable PendingAnswer answer;
    private boolean isOver;

    /** Whether the request has not ended yet; if it ends later, the response is notified. */
    private synchronized boolean isAwaitedBy(PendingAnswer pending) {
      answer = pending;
      return !isOver;
    }

    private synchronized @Nullable PendingAnswer over() {
      isOver = true;
      return answer;
    }

    @Override
    public void onComplete(AsyncEvent event) {
      PendingAnswer pending = over();
      if (pending != null) {
        pending.leave();
      }
    }

    @Override
    public void onError(AsyncEvent event) {
      PendingAnswer pending = over();
      if (pending != null) {
        pending.finish();
      }
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      onError(event);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      // this request is never dispatched again
    }
  }

  private static final Logger LOG = Logger.getLogger(PendingAnswer.class.getName());

  /** Bytes per write: Grizzly accepts a write completely, however little its client reads. */
  private static final int PART_BYTES = 16 << 10;

  private final Place place;
  private final PendingBodies.Share share;
  private final byte[] body;
  private final AsyncContext context;
  private final HttpServletRequest request;
  private final ServletOutputStream out;
  private final WriteQueue queue;
  private final boolean isQueued;
  private final AtomicBoolean isOver = new AtomicBoolean();
  private volatile long sinceMillis;
  private int handedOver; // guarded by this

  /** Whether a response is sent this way: it is large, or its client does not read. */
  static boolean isFor(HttpAnswer answer, HttpServletRequest request) {
    boolean isLarge = answer.body() != null && answer.body().length > PendingBodies.FREE_BYTES;
    return (isLarge || TcpConnection.isBehind(request, PendingBodies.FREE_BYTES))
        && request.isAsyncSupported();
  }

  /**
   * Sends a response in a request that is already asynchronous.
   *
   * @param end a listener of the request
   * @param share counts the response's bytes
   */
  static void send(
      HttpAnswer answer,
      HttpServletRequest request,
      HttpServletResponse response,
      AsyncContext context,
      End end,
      PendingBodies.Share share,
      Place place)
      throws IOException {
    answer.writeHead(response);
    ServletOutputStream out = TcpConnection.unbuffered(response);
    PendingAnswer pending =
        new PendingAnswer(answer.sent(request), request, context, out, share, place);
    place.bodies().add(pending);
    if (!end.isAwaitedBy(pending)) {
      pending.finish();
      return;
    }
    try {
      out.setWriteListener(pending);
    } catch (IllegalStateException e) {
      pending.onError(e);
    }
  }

  private PendingAnswer(
      byte[] body,
      HttpServletRequest request,
      AsyncContext context,
      ServletOutputStream out,
      PendingBodies.Share share,
      Place place) {
    this.body = body;
    this.request = request;
    this.context = context;
    this.out = out;
    this.share = share;
    this.place = place;
    this.isQueued = TcpConnection.hasWriteQueue(request);
    this.queue = TcpConnection.boundWriteQueue(request, PendingBodies.FREE_BYTES);
    this.sinceMillis = place.ticks().millis();
  }

  @Override
  public void onWritePossible() {
    try {
      if (isTaken()) {
        finish();
      }
    } catch (IOException | RuntimeException e) {
      onError(e);
    }
  }

  /** Writes as much as the server accepts; returns whether that was all. */
  private synchronized boolean isTaken() throws IOException {
    while (!isOver.get() && out.isReady()) {
      if (handedOver == body.length) {
        return true;
      }
      int length = Math.min(PART_BYTES, body.length - handedOver);
      out.write(body, handedOver, length);
      handedOver += length;
      sinceMillis = place.ticks().millis();
      // Grizzly would start the next request with this in its queue. The other servers write it
      // first, and Undertow is never ready again after the last byte.
      if (handedOver == body.length && !isQueued) {
        return true;
      }
    }
    return false; // the container calls onWritePossible
  }

  private void finish() {
    if (leave()) {
      try {
        queue.restore();
        context.complete();
      } catch (IllegalStateException e) {
        LOG.log(Level.FINEST, "already completed by the container", e);
      }
    }
  }

  private boolean leave() {
    if (!isOver.compareAndSet(false, true)) {
      return false;
    }
    place.bodies().remove(this);
    share.close();
    return true;
  }

  @Override
  public void tick(long nowMillis) {
    if (nowMillis - sinceMillis >= place.settings().millis(Settings.WRITE_TIMEOUT)) {
      end(Ending.TOO_SLOW);
    }
  }

  // Otherwise the server keeps unread bytes and the connection until its own timeout.
  @Override
  public void end(Ending ending) {
    if (!isOver.get()) {
      Closeable connection = TcpConnection.of(request); // while the request is still ours
      place.counters().ended(ending);
      finish();
      TcpConnection.disconnect(connection);
    }
  }

  @Override
  public void onError(Throwable e) {
    LOG.log(Level.FINEST, "the client disconnected before its response", e);
    finish();
  }
}
