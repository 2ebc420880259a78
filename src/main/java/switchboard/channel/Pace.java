package switchboard.channel;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import switchboard.time.MonotonicClock;

/**
 * How often each of many may do something: so many times a second on average, and as many at once.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 100 bytes for each who did something within the last second or two; {@link
 * #tick} forgets the others. For {@value #MAX} at the most; those that come when there are as many
 * count as one.
 */
public final class Pace {

  static final int MAX = 10_000;
  private static final String OTHERS = "";
  private static final double SECOND_MILLIS = 1_000;

  private final int perSecond;
  private final MonotonicClock clock;
  private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

  /** What is left, as of when. */
  private record Bucket(double left, long atMillis) {}

  /**
   * Everybody starts with a second's worth.
   *
   * @param perSecond 0 for no bound
   */
  public Pace(int perSecond, MonotonicClock clock) {
    this.perSecond = perSecond;
    this.clock = clock;
  }

  /** Does it once, or says how long to wait before it may be done; 0 where it was done. */
  public long waitMillis(String who) {
    if (perSecond == 0) {
      return 0;
    }
    long now = clock.millis();
    Bucket after = buckets.compute(key(who), (name, bucket) -> taken(bucket, now));
    return after.left() >= 0 ? 0 : (long) Math.ceil(-after.left() / perSecond * SECOND_MILLIS);
  }

  private String key(String who) {
    return buckets.size() < MAX || buckets.containsKey(who) ? who : OTHERS;
  }

  // A refusal leaves a negative rest, and does not count: whoever is refused pays nothing for it.
  private Bucket taken(Bucket bucket, long nowMillis) {
    double left = (bucket == null ? perSecond : refilled(bucket, nowMillis)) - 1;
    return new Bucket(left, nowMillis);
  }

  private double refilled(Bucket bucket, long nowMillis) {
    double gained = (nowMillis - bucket.atMillis()) / SECOND_MILLIS * perSecond;
    double left = bucket.left() < 0 ? bucket.left() + 1 : bucket.left();
    return Math.min(perSecond, left + gained);
  }

  /** What the clock does: forgets those who have a full second's worth again. */
  public void tick(long nowMillis) {
    buckets.values().removeIf(bucket -> refilled(bucket, nowMillis) >= perSecond);
  }

  /** How many are remembered. */
  public int size() {
    return buckets.size();
  }
}
