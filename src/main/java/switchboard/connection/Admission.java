package switchboard.connection;

import java.time.Duration;
import switchboard.time.MonotonicClock;

/**
 * Limits new connections per second for some time after a start, when all clients of the former
 * server reconnect at once. Each client that is refused is given another time to retry, so that
 * they do not return all at once. A library such as Bucket4j would tell all of them the same time.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Admission {

  private static final long SECOND_MILLIS = 1_000;

  private final int perSecond;
  private final long untilMillis;
  private final MonotonicClock clock;
  private double left;
  private double queued;
  private long atMillis;

  /**
   * Starts now.
   *
   * @param perSecond how many are admitted a second; 0 for all
   * @param lasts for how long; after that all are admitted
   */
  public Admission(int perSecond, Duration lasts, MonotonicClock clock) {
    this.perSecond = perSecond;
    this.clock = clock;
    this.atMillis = clock.millis();
    this.untilMillis = atMillis + lasts.toMillis();
    this.left = perSecond;
  }

  /** Admits all. */
  public static Admission open() {
    return new Admission(0, Duration.ZERO, MonotonicClock.system());
  }

  /** 0 if a connection is admitted; otherwise when the client may retry. */
  long waitMillis() {
    if (perSecond == 0 || clock.millis() >= untilMillis) {
      return 0;
    }
    return next();
  }

  private synchronized long next() {
    long now = clock.millis();
    double passed = (double) (now - atMillis) / SECOND_MILLIS * perSecond;
    atMillis = now;
    left = Math.min(perSecond, left + passed);
    queued = Math.max(0, queued - passed);
    if (left >= 1) {
      left--;
      return 0;
    }
    // After those that were refused before: each gets a time of its own.
    queued++;
    return SECOND_MILLIS + (long) (queued / perSecond * SECOND_MILLIS);
  }
}
