package switchboard.connection;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import switchboard.time.MonotonicClock;

/**
 * A token bucket for each of many keys: a number of actions a second on average, and as many at
 * once.
 *
 * <p>Not Bucket4j: its buckets cost about the same time, but what this class is for would remain –
 * a bucket for each key, few enough keys, and none that nobody uses.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 100 bytes for each key that was active within the last two seconds; {@link
 * #tick} forgets the others. At most {@value #MAX} keys; any others share one bucket.
 */
public final class RateLimiter {

  static final int MAX = 10_000;
  private static final String OTHERS = "";
  private static final double SECOND_MILLIS = 1_000;

  private final int perSecond;
  private final MonotonicClock clock;
  private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

  /** What is left in a bucket, and since when. */
  private record Bucket(double left, long atMillis) {}

  /**
   * Each bucket starts with one second's worth.
   *
   * @param perSecond 0 for no limit
   */
  public RateLimiter(int perSecond, MonotonicClock clock) {
    this.perSecond = perSecond;
    this.clock = clock;
  }

  /** Uses one token; 0, or how long to wait if there is none. */
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

  // A refusal would leave a negative rest, and is not stored: it costs no token.
  private Bucket taken(Bucket bucket, long nowMillis) {
    double left = (bucket == null ? perSecond : refilled(bucket, nowMillis)) - 1;
    return new Bucket(left, nowMillis);
  }

  private double refilled(Bucket bucket, long nowMillis) {
    double gained = (nowMillis - bucket.atMillis()) / SECOND_MILLIS * perSecond;
    double left = bucket.left() < 0 ? bucket.left() + 1 : bucket.left();
    return Math.min(perSecond, left + gained);
  }

  /** Once a second: forgets buckets that are full again. */
  public void tick(long nowMillis) {
    buckets.values().removeIf(bucket -> refilled(bucket, nowMillis) >= perSecond);
  }

  /** How many buckets there are. */
  public int size() {
    return buckets.size();
  }
}
