package switchboard.transport;

import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import switchboard.channel.Ending;
import switchboard.http.Problem;

/**
 * A number that grows with time, so that the URLs of successive live requests differ and a cache
 * that merges equal requests cannot repeat an old empty response (Durable Streams PROTOCOL.md
 * §10.1).
 */
final class Cursor {

  private static final long INTERVAL_MILLIS = 20_000;
  private static final long EPOCH_MILLIS = Instant.parse("2024-10-09T00:00:00Z").toEpochMilli();
  private static final int JITTER_SECONDS = 3_600;

  private Cursor() {}

  /**
   * The cursor for the response.
   *
   * @param asked the client's last cursor, or {@code null}
   */
  static String next(String asked, long nowMillis) {
    long current = (nowMillis - EPOCH_MILLIS) / INTERVAL_MILLIS;
    if (asked == null) {
      return Long.toString(current);
    }
    long last = parse(asked);
    if (last < current) {
      return Long.toString(current);
    }
    long jitterMillis = 1_000L * ThreadLocalRandom.current().nextInt(1, JITTER_SECONDS + 1);
    return Long.toString(last + Math.max(1, jitterMillis / INTERVAL_MILLIS));
  }

  private static long parse(String asked) {
    // 15 digits leave room for the jitter below 2^63 and are exact in JavaScript.
    if (asked.isEmpty()
        || asked.length() > 15
        || !asked.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new Problem(Ending.BAD_PARAMETER, "cursor \"%s\": not a cursor".formatted(asked));
    }
    return Long.parseLong(asked);
  }
}
