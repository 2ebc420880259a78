package switchboard.channel;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Requests whose bodies are on their way. No thread waits for one, so that no number of them keeps
 * others out; what bounds them is how many bytes of them may be held together, and the one tick of
 * the clock, by which those that are too late are given up.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Arrivals {

  /** A body that is on its way. */
  public interface Arrival {

    /** About once a second: time to give it up, perhaps. */
    void tick(long nowMillis);

    /** Gives it up and tells the client why. */
    void end(Ending ending);
  }

  private static final Logger LOG = Logger.getLogger(Arrivals.class.getName());

  private final Set<Arrival> underWay = ConcurrentHashMap.newKeySet();
  private final AtomicLong heldBytes = new AtomicLong();
  private final long maxBytes;

  /**
   * None yet.
   *
   * @param maxBytes how much of them may be held together
   */
  public Arrivals(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** It is under way from now until {@link #remove}. */
  public void add(Arrival arrival) {
    underWay.add(arrival);
  }

  /** It is there, or given up. */
  public void remove(Arrival arrival) {
    underWay.remove(arrival);
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

  /** How many are under way. */
  public int count() {
    return underWay.size();
  }

  /** How many bytes of them are held. */
  public long heldBytes() {
    return heldBytes.get();
  }

  /** What the clock does to each. */
  public void tick(long nowMillis) {
    for (Arrival arrival : underWay) {
      try {
        arrival.tick(nowMillis);
      } catch (RuntimeException e) {
        // One broken connection must not keep the clock from the others.
        LOG.log(Level.WARNING, "a body that was on its way failed at a tick", e);
        remove(arrival);
      }
    }
  }

  /** Gives all up. */
  void endAll(Ending ending) {
    for (Arrival arrival : underWay) {
      arrival.end(ending);
    }
  }
}
