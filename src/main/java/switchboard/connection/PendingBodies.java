package switchboard.connection;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Ending;

/**
 * Memory for clients that are slow to send or to read: request bodies and parts of WebSocket frames
 * until they are complete, answers, events and frames until they are read. All of it is counted in
 * bytes, in one budget, before and after a client is authenticated. What does not fit is refused.
 *
 * <p>No thread waits for a slow client. The bodies of requests and answers are registered here, so
 * that one tick reaches them all and ends those that are too late.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> One atomic addition for each body or frame of more than {@value #FREE_BYTES}
 * bytes, none for smaller ones: they are part of what a connection costs.
 */
public final class PendingBodies {

  /** How much a client may hold uncounted: it is part of what a connection costs. */
  public static final int FREE_BYTES = 8 << 10;

  /** {@code /metrics} and the page's files are smaller: they must be there under an attack. */
  private static final int SMALL_ANSWER_BYTES = 64 << 10;

  /** The body of a request or of an answer that is not complete. */
  public interface PendingBody {

    /** About once a second: time to end it if it is too late. */
    void tick(long nowMillis);

    /** Ends it and tells the client why. */
    void end(Ending ending);
  }

  private static final Logger LOG = Logger.getLogger(PendingBodies.class.getName());

  private final Set<PendingBody> underWay = ConcurrentHashMap.newKeySet();
  private final AtomicLong heldBytes = new AtomicLong();
  private final long maxBytes;

  /**
   * None yet.
   *
   * @param maxBytes how much may be held together
   */
  public PendingBodies(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** It is pending from now until {@link #remove}. */
  public void add(PendingBody body) {
    underWay.add(body);
  }

  /** It is complete, or was ended. */
  public void remove(PendingBody body) {
    underWay.remove(body);
  }

  /**
   * Whether this many more bytes may be held; the caller has to {@link #release} them.
   *
   * @param isBeginning of a body of which nothing is held yet. A quarter is reserved for those, so
   *     that large stalled bodies do not keep out small ones, which are most.
   */
  public boolean reserve(long bytes, boolean isBeginning) {
    if (heldBytes.addAndGet(bytes) <= (isBeginning ? maxBytes : maxBytes - maxBytes / 4)) {
      return true;
    }
    release(bytes);
    return false;
  }

  /** This many bytes are no longer held. */
  public void release(long bytes) {
    heldBytes.addAndGet(-bytes);
  }

  /** The share of one client, which holds nothing yet. */
  public Share share() {
    return new Share();
  }

  /**
   * What one client holds.
   *
   * <p><b>Threads.</b> Safe.
   */
  public final class Share implements AutoCloseable {

    private long bytes;
    private boolean isClosed;

    private Share() {}

    /**
     * From now on it holds this many in all; up to {@link #FREE_BYTES} nothing is counted.
     *
     * @return whether there is room; if not, it holds as many as before
     */
    public boolean hold(long total) {
      return hold(total, false);
    }

    /** The same for a whole answer: a small one may also use what is reserved for beginnings. */
    public boolean holdAnswer(long total) {
      return hold(total, total <= SMALL_ANSWER_BYTES);
    }

    private synchronized boolean hold(long total, boolean isSmall) {
      long counted = total <= FREE_BYTES ? 0 : total;
      long more = counted - bytes;
      if (isClosed || (more > 0 && !reserve(more, isSmall))) {
        return false;
      }
      if (more < 0) {
        release(-more);
      }
      bytes = counted;
      return true;
    }

    /** It holds nothing, and never will again. */
    @Override
    public synchronized void close() {
      isClosed = true;
      release(bytes);
      bytes = 0;
    }
  }

  /** How many bodies are pending. */
  public int count() {
    return underWay.size();
  }

  /** How many bytes are held. */
  public long heldBytes() {
    return heldBytes.get();
  }

  /** How many bytes may be held. */
  public long maxBytes() {
    return maxBytes;
  }

  /** Once a second: ticks each body. */
  public void tick(long nowMillis) {
    for (PendingBody body : underWay) {
      try {
        body.tick(nowMillis);
      } catch (RuntimeException e) {
        // An error in one connection must not affect the others.
        LOG.log(Level.SEVERE, "checking a pending body failed", e);
        endBroken(body);
      }
    }
  }

  private void endBroken(PendingBody body) {
    try {
      body.end(Ending.INTERNAL);
    } catch (RuntimeException e) {
      LOG.log(Level.FINE, "a body could not be ended", e);
      remove(body);
    }
  }

  /** Ends all. */
  void endAll(Ending ending) {
    for (PendingBody body : underWay) {
      body.end(ending);
    }
  }
}
