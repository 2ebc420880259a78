package switchboard.access;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import switchboard.time.MonotonicClock;

/**
 * The number of refusals of each address within a minute. Not a rate of requests, which a library
 * such as Bucket4j limits: only refusals count, and an address is asked about before it is refused.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 100 bytes for each address that was refused within the last minute, for at
 * most {@value #MAX_ADDRESSES} addresses; further addresses count as one.
 */
final class FailedAttempts {

  static final int MAX_ADDRESSES = 10_000;
  private static final long MINUTE_MILLIS = 60_000;
  private static final String OTHERS = "";

  private record Minute(long startMillis, int count) {}

  private final int maxPerMinute;
  private final MonotonicClock clock;
  private final Map<String, Minute> minutes = new ConcurrentHashMap<>();

  /**
   * No refusals yet.
   *
   * @param maxPerMinute 0 for no limit
   */
  FailedAttempts(int maxPerMinute, MonotonicClock clock) {
    this.maxPerMinute = maxPerMinute;
    this.clock = clock;
  }

  /** How long an address must wait after too many refusals; 0 for no wait. */
  long waitMillis(String address) {
    if (maxPerMinute == 0) {
      return 0;
    }
    Minute minute = minutes.get(key(address));
    if (minute == null || minute.count() < maxPerMinute) {
      return 0;
    }
    return Math.max(0, minute.startMillis() + MINUTE_MILLIS - clock.millis());
  }

  /** Counts a refusal; returns the number within the minute. */
  int add(String address) {
    long now = clock.millis();
    return minutes
        .compute(
            key(address),
            (name, minute) ->
                minute == null || isOver(minute, now)
                    ? new Minute(now, 1)
                    : new Minute(minute.startMillis(), minute.count() + 1))
        .count();
  }

  private String key(String address) {
    return minutes.size() < MAX_ADDRESSES || minutes.containsKey(address) ? address : OTHERS;
  }

  private static boolean isOver(Minute minute, long nowMillis) {
    return nowMillis - minute.startMillis() >= MINUTE_MILLIS;
  }

  /** Called by the clock: removes past minutes. */
  void tick() {
    long now = clock.millis();
    minutes.values().removeIf(minute -> isOver(minute, now));
  }
}
