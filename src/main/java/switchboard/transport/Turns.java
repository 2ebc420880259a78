package switchboard.transport;

import java.util.ArrayDeque;
import java.util.Queue;
import switchboard.channel.Subscription;

/**
 * Whose batch is on its way over a connection of several channels: one at a time, whatever the
 * number of channels, so that a client that has much to catch up with costs one page. The others
 * wait in their logs.
 *
 * <p><b>Threads.</b> Safe. Subscriptions are resumed under no lock.
 */
final class Turns {

  // Guarded by itself.
  private final Queue<Subscription> waiting = new ArrayDeque<>(2);
  private boolean isTaken;

  /** Whether it is the subscription's turn; if not, it is resumed when it is. */
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

  /** The batch is written: whoever has waited longest, and still has one, is next. */
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
