package switchboard.channel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/**
 * The server goes: nobody new is let in, and those who are here are sent away by and by, each when
 * it has heard all that was appended before, and each with a time to come again. Otherwise all of
 * them would come to another server in the same moment.
 *
 * <p><b>Threads.</b> {@link #run} waits on the calling thread; the first call drains, the others
 * return at once.
 */
public final class Drain {

  private static final long STEP_MILLIS = 20;
  private static final int AT_LEAST_A_STEP = 2;

  /** For the last words to be written. */
  private static final long LAST_WORDS_MILLIS = 1_000;

  private final Connections connections;
  private final Arrivals arrivals;
  private final long budgetMillis;

  /**
   * Sends away nobody yet.
   *
   * @param arrivals bodies that will not be waited for
   * @param budget over how long; less where few are here
   */
  public Drain(Connections connections, Arrivals arrivals, Duration budget) {
    this.connections = connections;
    this.arrivals = arrivals;
    this.budgetMillis = budget.toMillis();
  }

  /** Sends everybody away. */
  public void run() {
    if (!connections.stop()) {
      return;
    }
    List<Connection> left = new ArrayList<>(connections.all());
    Collections.shuffle(left); // no transport and no channel goes as a block
    long steps = Math.max(1, budgetMillis / STEP_MILLIS);
    int aStep = Math.max(AT_LEAST_A_STEP, (int) Math.ceil((double) left.size() / steps));
    for (long step = 0; step < steps && !left.isEmpty() && sleep(); step++) {
      endSome(left, aStep);
    }
    arrivals.endAll(Ending.SERVER_STOPPING);
    connections.endAll(Ending.SERVER_STOPPING); // also those who have not heard all: time is up
    long lastStep = LAST_WORDS_MILLIS / STEP_MILLIS;
    for (long step = 0; step < lastStep && connections.count() > 0 && sleep(); step++) {
      // what is still being written
    }
    connections.endAll(Ending.SERVER_STOPPING); // the second time without a word
  }

  private static void endSome(List<Connection> left, int howMany) {
    int ended = 0;
    for (Iterator<Connection> next = left.iterator(); next.hasNext() && ended < howMany; ) {
      Connection connection = next.next();
      if (connection.hasHeardAll()) {
        next.remove();
        connection.end(Ending.SERVER_STOPPING);
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
