package switchboard.time;

/**
 * Elapsed time: a clock that never goes back and that nobody sets. What it shows means nothing by
 * itself; the difference of two readings is a duration.
 *
 * <p><b>Threads.</b> Safe.
 */
@FunctionalInterface
public interface MonotonicClock {

  /** Milliseconds since a moment that stays the same while the process lives. */
  long millis();

  /** The JVM's own; it begins at 1, so that 0 can mean never. */
  static MonotonicClock system() {
    long startNanos = System.nanoTime() - 1_000_000;
    return () -> (System.nanoTime() - startNanos) / 1_000_000;
  }
}
