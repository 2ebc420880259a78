package switchboard.transport;

import java.util.ArrayDeque;
import java.util.Queue;
import switchboard.channel.Subscription;

/**
 * Decides which subscription of a connection sends its batch: one at a time, whatever the number of
 * channels, so that a client that is far behind costs one page. The messages of the others stay in
 * their logs.
 *
 * <p><b>Threads.</b> Safe. Subscriptions are resumed under no lock.
 */
final class Turns {

  // Guarded by itself.
  private final Queue<Subscription> waiting = new ArrayDeque<>(2);
  private boolean isTaken;

  /** Whether the subscription may send now; if not, it is resumed later. */
  boolean take(Subscription subscription) {
    synchronized (waiting) {
      if (isTaken) {
        if (!waiting.contains(subscription)) {
          waiting.add(subscription);
        }
        return false;
      }
      isTaken = true;
      return true;
    }
  }

  /**
   * The batch is written: the subscription that has waited longest and still has a batch is next.
   */
  void pass() {
    Subscription next;
    synchronized (waiting) {
      isTaken = false;
      next = waiting.poll();
    }
    while (next != null) {
      next.resume();
      synchronized (waiting) {
        next = isTaken ? null : waiting.poll();
      }
    }
  }
}
