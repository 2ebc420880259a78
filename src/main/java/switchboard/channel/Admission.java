package switchboard.channel;

import java.time.Duration;
import switchboard.time.MonotonicClock;

/**
 * The door after a start: clients of the server that went before come all at once, and are let in
 * by and by, so many a second. Those who are not are told when to come, one after another, so that
 * they do not come all at once again.
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
   * Opens now.
   *
   * @param perSecond how many are let in a second; 0 for all
   * @param lasts for how long; after that everybody is let in
   */
  public Admission(int perSecond, Duration lasts, MonotonicClock clock) {
    this.perSecond = perSecond;
    this.clock = clock;
    this.atMillis = clock.millis();
    this.untilMillis = atMillis + lasts.toMillis();
    this.left = perSecond;
  }

  /** Lets everybody in. */
  public static Admission open() {
    return new Admission(0, Duration.ZERO, MonotonicClock.system());
  }

  /** 0 for one who is let in; else when to come again. */
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
    // Behind those who were told before: each gets a place of its own in the time to come.
    queued++;
    return SECOND_MILLIS + (long) (queued / perSecond * SECOND_MILLIS);
  }
}
