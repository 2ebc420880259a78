package switchboard.time;

/**
 * Elapsed time: a clock that never goes back and cannot be set. A single reading has no meaning;
 * the difference of two readings is a duration.
 *
 * <p><b>Threads.</b> Safe.
 */
@FunctionalInterface
public interface MonotonicClock {

  /** Milliseconds since a fixed moment of this process. */
  long millis();

  /** The JVM's clock; it starts at 1, so that 0 can mean never. */
  static MonotonicClock system() {
    long startNanos = System.nanoTime() - 1_000_000;
    return () -> (System.nanoTime() - startNanos) / 1_000_000;
  }
}
