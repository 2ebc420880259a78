package switchboard.channel;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What is held in memory for clients that are slow to send or slow to read: bodies of requests and
 * parts of WebSocket frames until they are whole, answers, events and frames until they are taken.
 * All of it is counted in bytes, in one budget, before and after a client has said who it is. What
 * does not fit is refused.
 *
 * <p>No thread waits for a slow client. The bodies of requests and answers are known here, so that
 * the one tick of the clock reaches them and gives up those that are too late.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> One atomic addition for each body or frame of more than {@value #FREE_BYTES}
 * bytes, none for smaller ones: they are part of what a connection costs.
 */
public final class PendingBodies {

  /** So much a client may hold beside what is counted: it is part of what a connection costs. */
  public static final int FREE_BYTES = 8 << 10;

  /** The body of a request or of an answer that is on its way. */
  public interface PendingBody {

    /** About once a second: time to give it up, perhaps. */
    void tick(long nowMillis);

    /** Gives it up and tells the client why. */
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

  /** It is under way from now until {@link #remove}. */
  public void add(PendingBody body) {
    underWay.add(body);
  }

  /** It is there, or given up. */
  public void remove(PendingBody body) {
    underWay.remove(body);
  }

  /**
   * Whether so many bytes more may be held; whoever may has to {@link #release} them.
   *
   * @param isBeginning of a body of which nothing is held yet. A quarter is kept for those: large
   *     bodies that do not go on must not keep out the small ones, which are most.
   */
  public boolean reserve(long bytes, boolean isBeginning) {
    if (heldBytes.addAndGet(bytes) <= (isBeginning ? maxBytes : maxBytes - maxBytes / 4)) {
      return true;
    }
    release(bytes);
    return false;
  }

  /** So many bytes are held no more. */
  public void release(long bytes) {
    heldBytes.addAndGet(-bytes);
  }

  /** The part of one client, which holds nothing yet. */
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
     * From now on it holds so many in all; nothing is counted up to {@link #FREE_BYTES}.
     *
     * @return whether there is room; where there is none, it holds as many as before
     */
    public synchronized boolean hold(long total) {
      long counted = total <= FREE_BYTES ? 0 : total;
      long more = counted - bytes;
      if (isClosed || (more > 0 && !reserve(more, false))) {
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

  /** How many bodies are under way. */
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

  /** What the clock does to each. */
  public void tick(long nowMillis) {
    for (PendingBody body : underWay) {
      try {
        body.tick(nowMillis);
      } catch (RuntimeException e) {
        // One broken connection must not keep the clock from the others.
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

  /** Gives all up. */
  void endAll(Ending ending) {
    for (PendingBody body : underWay) {
      body.end(ending);
    }
  }
}
