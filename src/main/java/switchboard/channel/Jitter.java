package switchboard.channel;

import java.util.concurrent.ThreadLocalRandom;

/** Spreads events that would otherwise happen to all clients at the same time. */
public final class Jitter {

  private Jitter() {}

  /** A random time of 0.8 to 1 times {@code millis}. */
  public static long below(long millis) {
    return millis - ThreadLocalRandom.current().nextLong(millis / 5 + 1);
  }

  /** A random time of 0.5 to 1.5 times {@code millis}. */
  public static long around(long millis) {
    return millis / 2 + ThreadLocalRandom.current().nextLong(millis + 1);
  }
}
