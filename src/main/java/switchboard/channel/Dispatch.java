package switchboard.channel;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The few workers that deliver to subscriptions, so that publishers do not have to.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Dispatch {

  private static final Logger LOG = Logger.getLogger(Dispatch.class.getName());

  private final Executor workers;
  private final Counters counters;
  private volatile long lastWorkMillis;

  /**
   * Work for {@code workers}.
   *
   * @param counters counts walks and what they find
   */
  public Dispatch(Executor workers, Counters counters) {
    this.workers = workers;
    this.counters = counters;
  }

  Counters counters() {
    return counters;
  }

  /** Runs it on a worker; whether one accepted it. */
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

  /** Once a second: checks that a worker is available. */
  void tick(long nowMillis) {
    start(() -> lastWorkMillis = nowMillis);
  }

  /** When a worker last ran the check of a tick; 0 before the first time. */
  public long lastWorkMillis() {
    return lastWorkMillis;
  }

  private void timed(Runnable walk, long asked) {
    long started = System.nanoTime();
    try {
      walk.run();
    } finally {
      counters.dispatched(started - asked, System.nanoTime() - started);
    }
  }

  void failed(Channel channel, RuntimeException e) {
    LOG.log(Level.SEVERE, e, () -> "channel \"" + channel.name() + "\" – failed");
  }
}
