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

  public Dispatch(Executor workers) {
    this.workers = workers;
  }

  /** Whether a worker will do it. */
  boolean start(Runnable walk) {
    try {
      workers.execute(walk);
      return true;
    } catch (RejectedExecutionException e) {
      LOG.log(Level.FINE, "dispatch: no worker takes the walk", e);
      return false;
    }
  }

  void failed(Channel channel, RuntimeException e) {
    LOG.log(Level.WARNING, e, () -> "channel \"" + channel.name() + "\" – failed");
  }
}
