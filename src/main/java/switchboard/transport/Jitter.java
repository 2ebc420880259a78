package switchboard.transport;

import java.util.concurrent.ThreadLocalRandom;

/** Spreads what would otherwise happen to all clients at the same moment. */
final class Jitter {

  private Jitter() {}

  /** From four fifths of {@code millis} up to {@code millis}. */
  static long below(long millis) {
    return millis - ThreadLocalRandom.current().nextLong(millis / 5 + 1);
  }

  /** From half of {@code millis} to one and a half times. */
  static long around(long millis) {
    return millis / 2 + ThreadLocalRandom.current().nextLong(millis + 1);
  }
}
