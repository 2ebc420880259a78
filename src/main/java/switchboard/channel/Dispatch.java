package switchboard.channel;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The few workers that walk the channels' subscriptions, so that whoever publishes does not.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Dispatch {

  private static final Logger LOG = Logger.getLogger(Dispatch.class.getName());

  private final Executor workers;
  private final Tally tally;
  private volatile long lastWorkMillis;

  /**
   * Work for {@code workers}.
   *
   * @param tally where it is counted, and what the walks find
   */
  public Dispatch(Executor workers, Tally tally) {
    this.workers = workers;
    this.tally = tally;
  }

  Tally tally() {
    return tally;
  }

  /** Whether a worker will do it. */
  boolean start(Runnable walk) {
    long asked = System.nanoTime();
    try {
      workers.execute(() -> timed(walk, asked));
      return true;
    } catch (RejectedExecutionException e) {
      LOG.log(Level.FINE, "dispatch: the executor rejected the task", e);
      return false;
    }
  }

  /** What the clock does: sees whether a worker comes. */
  void tick(long nowMillis) {
    start(() -> lastWorkMillis = nowMillis);
  }

  /** When a worker last came when the clock asked for one; 0 before the first time. */
  public long lastWorkMillis() {
    return lastWorkMillis;
  }

  private void timed(Runnable walk, long asked) {
    long started = System.nanoTime();
    try {
      walk.run();
    } finally {
      tally.dispatched(started - asked, System.nanoTime() - started);
    }
  }

  void failed(Channel channel, RuntimeException e) {
    LOG.log(Level.SEVERE, e, () -> "channel \"" + channel.name() + "\" – failed");
  }
}
