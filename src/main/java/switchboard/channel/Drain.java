package switchboard.channel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.time.MonotonicClock;

/**
 * The server goes: nobody new is let in, and those who are here are sent away by and by, each when
 * it has heard all that was appended before, and each with a time to come again. Otherwise all of
 * them would come to another server in the same moment.
 *
 * <p>Of those who have heard all, as many have gone as is even over the budget. Those who have not
 * (they are slow, or publishers do not let up) are waited for, but are not left for the last
 * moment: after a quarter of the budget they go too, evenly until it is over. They come again with
 * their offset.
 *
 * <p><b>Threads.</b> {@link #run} waits on the calling thread; the first call drains, the others
 * return at once.
 */
public final class Drain {

  private static final Logger LOG = Logger.getLogger(Drain.class.getName());
  private static final long STEP_MILLIS = 20;

  /** Few are not worth the whole budget: ten a second are a stampede nowhere. */
  private static final long MILLIS_EACH = 100;

  /** For the last words to be written. */
  private static final long LAST_WORDS_MILLIS = 1_000;

  private final Connections connections;
  private final PendingBodies bodies;
  private final long budgetMillis;
  private final MonotonicClock clock;

  /**
   * Sends away nobody yet.
   *
   * @param bodies bodies that will not be waited for
   * @param budget over how long; less where few are here
   */
  public Drain(
      Connections connections, PendingBodies bodies, Duration budget, MonotonicClock clock) {
    this.connections = connections;
    this.bodies = bodies;
    this.budgetMillis = budget.toMillis();
    this.clock = clock;
  }

  /** Sends everybody away. */
  public void run() {
    if (!connections.stop()) {
      return;
    }
    long startMillis = clock.millis();
    List<Connection> left = new ArrayList<>(connections.all());
    Collections.shuffle(left); // no transport and no channel goes as a block
    int all = left.size();
    long evenMillis = Math.min(budgetMillis, all * MILLIS_EACH);
    // By the clock: on a machine that has too much to do, a step takes what it takes.
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

  /** How many of {@code all} are to be gone now, if they go evenly from one time to another. */
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
      Thread.currentThread().interrupt(); // whoever stops the server has no time left
      return false;
    }
  }
}
