package switchboard.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Ending;
import switchboard.time.MonotonicClock;

/**
 * Closes all connections when the server stops. New ones are refused; open ones are closed evenly
 * over a time budget, each when all messages appended before are delivered, and each with a time to
 * retry. Otherwise all clients would connect to another server at the same moment.
 *
 * <p>Clients that have received everything are closed at an even rate. The others (slow clients, or
 * those of channels with continuous appends) get more time, but not until the last moment: after a
 * quarter of the budget they are closed too, evenly until it is over. They reconnect with their
 * offset.
 *
 * <p><b>Threads.</b> {@link #run} waits on the calling thread; the first call drains, the others
 * return at once.
 */
public final class Drain {

  private static final Logger LOG = Logger.getLogger(Drain.class.getName());
  private static final long STEP_MILLIS = 20;

  /** A few connections do not need the whole budget: ten a second overload no server. */
  private static final long MILLIS_EACH = 100;

  /** For the last writes to finish. */
  private static final long LAST_WORDS_MILLIS = 1_000;

  private final Connections connections;
  private final PendingBodies bodies;
  private final long budgetMillis;
  private final MonotonicClock clock;

  /**
   * Closes nothing yet.
   *
   * @param bodies pending bodies, which are ended at once
   * @param budget over how long; less if there are few connections
   */
  public Drain(
      Connections connections, PendingBodies bodies, Duration budget, MonotonicClock clock) {
    this.connections = connections;
    this.bodies = bodies;
    this.budgetMillis = budget.toMillis();
    this.clock = clock;
  }

  /** Closes all connections. */
  public void run() {
    if (!connections.stop()) {
      return;
    }
    long startMillis = clock.millis();
    List<Connection> left = new ArrayList<>(connections.all());
    Collections.shuffle(left); // no transport and no channel goes as a block
    int all = left.size();
    long evenMillis = Math.min(budgetMillis, all * MILLIS_EACH);
    // By elapsed time: on a busy machine a step may take longer than planned.
    for (long passed = 0;
        passed < budgetMillis && !left.isEmpty() && sleep();
        passed = clock.millis() - startMillis) {
      int gone = all - left.size();
      end(left, share(all, passed, 0, evenMillis) - gone, Connection::hasHeardAll);
      gone = all - left.size();
      end(left, share(all, passed, budgetMillis / 4, budgetMillis) - gone, any -> true);
    }
    int late = left.size();
    bodies.endAll(Ending.SERVER_STOPPING);
    end(left, late, any -> true); // the others have heard it, but may not have taken it yet
    long untilMillis = clock.millis() + LAST_WORDS_MILLIS;
    while (connections.count() > 0 && clock.millis() < untilMillis && sleep()) {
      // what is still being written
    }
    connections.endAll(Ending.SERVER_STOPPING); // the second time without a word
    LOG.log(
        Level.FINE,
        () ->
            "all connections are closed (connections=%d, late=%d, millis=%d)"
                .formatted(all, late, clock.millis() - startMillis));
  }

  /** How many of {@code all} should be closed by now, at an even rate from one time to another. */
  private static int share(int all, long nowMillis, long fromMillis, long toMillis) {
    if (nowMillis >= toMillis) {
      return all;
    }
    return (int) (all * Math.max(0, nowMillis - fromMillis) / (toMillis - fromMillis));
  }

  private void end(List<Connection> left, int howMany, Predicate<Connection> which) {
    int ended = 0;
    for (Iterator<Connection> next = left.iterator(); next.hasNext() && ended < howMany; ) {
      Connection connection = next.next();
      if (which.test(connection)) {
        next.remove();
        connections.attempt(connection, each -> each.end(Ending.SERVER_STOPPING));
        ended++;
      }
    }
  }

  private static boolean sleep() {
    try {
      Thread.sleep(STEP_MILLIS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the server must stop now
      return false;
    }
  }
}
