package switchboard.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.config.Settings;
import switchboard.connection.PendingBodies;
import switchboard.container.TcpConnection;
import switchboard.time.MonotonicClock;

/**
 * The body of a request, which may arrive slowly. A body that arrived with the headers is used at
 * once, on the request's own thread. Otherwise that thread is released: a client that sends a byte
 * per second must not block one, and Payara Server has five. The server reports when there is more
 * to read (Servlet §3.7), and the body is used when it is complete.
 *
 * <p>The body must arrive within {@code switchboard.request.body-timeout}. The timeout is extended
 * as long as {@link #BYTES_A_SECOND} bytes per second arrive, so that slow networks are not
 * refused.
 *
 * <p><b>Threads.</b> Safe. The body is read under this object's lock, which is never held while it
 * is used or refused.
 *
 * <p><b>Cost.</b> A body that arrives with the headers: nothing. Others: up to twice their bytes,
 * which are counted in {@link PendingBodies}.
 */
public final class RequestBody implements ReadListener, PendingBodies.PendingBody {

  /** Uses a complete body, on any thread. */
  public interface Use {

    /**
     * Uses it.
     *
     * @param used must be run when the request is answered
     */
    void with(byte[] body, Runnable used);
  }

  /**
   * What receiving a body needs.
   *
   * @param clock for the timeout
   * @param executor threads on which bodies that arrived slowly are used
   * @param forLargeBodies threads on which large bodies are used, which may wait for each other
   */
  public record Place(
      PendingBodies bodies,
      Settings settings,
      MonotonicClock clock,
      Counters counters,
      Executor executor,
      Executor forLargeBodies) {}

  /** The slowest accepted network, about 8 kbit/s. */
  static final int BYTES_A_SECOND = 1_000;

  private static final Logger LOG = Logger.getLogger(RequestBody.class.getName());
  private static final int FIRST_BYTES = 4_096;
  private static final Runnable NOTHING = () -> {};

  private final Place place;
  private final Use use;
  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final ServletInputStream in;
  private final AsyncContext context;
  private final int limit;
  private final long length;

  // Used only by the clock: the start of the current period, and the bytes at its start.
  private long sinceMillis;
  private int countBefore;

  // Guarded by this.
  private byte[] bytes = new byte[0];
  private int count;
  private boolean isOver;
  private boolean isRefused;
  private boolean isCompleted;
  private @Nullable Closeable cutShort;

  /**
   * Receives a body and uses it. Immediate refusals are thrown; later ones are sent as the
   * response.
   */
  public static void receive(
      HttpServletRequest request, HttpServletResponse response, Place place, Use use)
      throws IOException {
    int limit = place.settings().get(Settings.MESSAGE_MAX_BYTES);
    long length = request.getContentLengthLong();
    if (length > limit) {
      throw tooLarge(limit);
    }
    boolean isNone =
        length < 0 && isHttp1(request) && request.getHeader("Transfer-Encoding") == null;
    if (length == 0 || isNone) {
      use.with(new byte[0], NOTHING);
      return;
    }
    ServletInputStream in = request.getInputStream();
    boolean isSmall = length > 0 && length <= ParsingLimit.FREE_BYTES;
    if (isSmall && in.available() >= length) {
      use.with(in.readNBytes((int) length), NOTHING);
      return;
    }
    new RequestBody(request, response, in, length, limit, place, use).begin();
  }

  // Without a length and a transfer encoding there is no body (RFC 9112 §6.3).
  private static boolean isHttp1(HttpServletRequest request) {
    return request.getProtocol().startsWith("HTTP/1");
  }

  private static Problem tooLarge(int limit) {
    return new Problem(Ending.TOO_LARGE, "the body has more than %d bytes".formatted(limit));
  }

  private RequestBody(
      HttpServletRequest request,
      HttpServletResponse response,
      ServletInputStream in,
      long length,
      int limit,
      Place place,
      Use use) {
    this.request = request;
    this.response = response;
    this.in = in;
    this.length = length;
    this.limit = limit;
    this.place = place;
    this.use = use;
    this.sinceMillis = place.clock().millis();
    this.context = request.startAsync();
    context.setTimeout(0); // the clock's tick is the time-out
  }

  private void begin() {
    place.bodies().add(this);
    try {
      in.setReadListener(this);
    } catch (RuntimeException | Error e) {
      refuse(Problem.of(e));
    }
  }

  @Override
  public void onDataAvailable() {
    Problem problem = null;
    boolean isWhole = false;
    synchronized (this) {
      try {
        while (!isOver && !isWhole && problem == null && in.isReady()) {
          problem = makeRoom();
          int read = problem == null ? in.read(bytes, count, bytes.length - count) : 0;
          count += Math.max(0, read);
          // A complete body is not read further, because Grizzly would wait for more on this
          // connection.
          isWhole = read < 0 || count == length;
          if (count > limit) {
            problem = tooLarge(limit);
          }
        }
      } catch (IOException e) {
        problem = brokeOff(e);
      } catch (RuntimeException | Error e) {
        problem = Problem.of(e);
      }
    }
    if (problem != null) {
      refuse(problem);
    } else if (isWhole) {
      onAllDataRead();
    }
    discard();
  }

  // The client may still be sending and read the response afterwards. The time for that is limited.
  private synchronized void discard() {
    if (!isRefused || isCompleted) {
      return;
    }
    byte[] unwanted = new byte[FIRST_BYTES];
    try {
      int read = 0;
      while (read >= 0 && count != length && count <= 2L * limit && in.isReady()) {
        read = in.read(unwanted);
        count += Math.max(0, read);
      }
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "the client disconnected", e);
    }
  }

  // There is room for one byte more than allowed, to detect a body that is too large.
  private @Nullable Problem makeRoom() {
    if (count < bytes.length) {
      return null;
    }
    long most = length >= 0 ? length : limit + 1L;
    int size = (int) Math.min(most, Math.max(FIRST_BYTES, 2L * bytes.length));
    if (!place.bodies().reserve(size - bytes.length, bytes.length == 0)) {
      return new Problem(Ending.REQUEST_BUFFER_FULL, Ending.REQUEST_BUFFER_FULL.title());
    }
    try {
      bytes = Arrays.copyOf(bytes, size);
    } catch (OutOfMemoryError e) {
      place.bodies().release(size - bytes.length);
      throw e;
    }
    return null;
  }

  public static Problem brokeOff(Throwable e) {
    return new Problem(Ending.BAD_MESSAGE, "the body is incomplete: " + e.getMessage());
  }

  @Override
  public void onAllDataRead() {
    byte[] body;
    synchronized (this) {
      if (isOver) {
        return;
      }
      // The copy first: if there is no memory for it, the body's timeout still ends the request.
      body = count == bytes.length ? bytes : Arrays.copyOf(bytes, count);
      isOver = true;
    }
    if (length >= 0 && body.length < length) {
      answer(
          brokeOff(new IOException("%d of %d bytes arrived".formatted(body.length, length))), true);
      return;
    }
    // Not on the server's thread that read it: on WildFly that one serves many connections.
    boolean isSmall = body.length <= ParsingLimit.FREE_BYTES;
    run(
        isSmall ? place.executor() : place.forLargeBodies(),
        () -> {
          try {
            use.with(body, () -> leave(false, null));
          } catch (RuntimeException | Error e) {
            answer(Problem.of(e), false);
          }
        });
  }

  private void run(Executor executor, Runnable work) {
    try {
      executor.execute(work);
    } catch (RuntimeException | Error e) { // it takes no work, or has no thread for it
      answer(Problem.of(e), true);
    }
  }

  @Override
  public void onError(Throwable e) {
    refuse(brokeOff(e));
  }

  @Override
  public void tick(long nowMillis) {
    Closeable connection;
    synchronized (this) {
      connection = cutShort;
    }
    if (connection != null) {
      // A second after the response, so that the client has time to read it.
      place.bodies().remove(this);
      TcpConnection.disconnect(connection);
      complete();
      return;
    }
    long withinMillis = place.settings().millis(Settings.BODY_TIMEOUT);
    if (nowMillis - sinceMillis < withinMillis) {
      return;
    }
    int now;
    synchronized (this) {
      now = count;
    }
    if (now - countBefore < withinMillis * BYTES_A_SECOND / 1_000) {
      end(Ending.BODY_TIMEOUT);
    } else {
      countBefore = now;
      sinceMillis = nowMillis;
    }
  }

  @Override
  public void end(Ending ending) {
    refuse(new Problem(ending, ending.title()));
  }

  private void refuse(Problem problem) {
    synchronized (this) {
      if (isOver) {
        return;
      }
      isOver = true;
      isRefused = true;
    }
    run(place.executor(), () -> answer(problem, true));
  }

  private void answer(Problem problem, boolean isCutShort) {
    place.counters().ended(problem.ending());
    try {
      if (isCutShort) {
        response.setHeader("Connection", "close");
      }
      problem.toAnswer().write(response);
      response.flushBuffer();
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "the client disconnected", e);
    } finally {
      leave(isCutShort, problem.ending());
    }
  }

  // The rest of a refused body is not needed and may never end. On WildFly the clock also ends
  // the request after the connection; otherwise a thread waits for the rest.
  private void leave(boolean isCutShort, @Nullable Ending ending) {
    Closeable connection = null;
    boolean isCompletedLater = false;
    if (isCutShort) { // while the request is still ours
      connection = TcpConnection.of(request);
      isCompletedLater =
          TcpConnection.waitsForBody(request)
              && ending != Ending.SERVER_STOPPING; // so is the clock
    }
    int held;
    synchronized (this) {
      cutShort = connection;
      held = bytes.length;
      bytes = new byte[0];
    }
    place.bodies().release(held);
    if (!isCutShort) {
      place.bodies().remove(this);
    }
    if (!isCompletedLater) {
      complete();
    }
  }

  private void complete() {
    synchronized (this) {
      if (isCompleted) {
        return;
      }
      isCompleted = true;
    }
    try {
      context.complete();
    } catch (IllegalStateException e) {
      LOG.log(Level.FINEST, "already completed by the container", e);
    }
  }
}
