package switchboard.log;

import java.time.Duration;

/**
 * How much a log keeps. It removes its oldest messages as soon as a limit is exceeded, but never
 * the newest append, however large.
 *
 * @param maxMessages at most this many messages, 1 or more
 * @param maxBytes at most this many bytes of messages, 1 or more
 * @param maxAge nothing older than this; {@link Duration#ZERO} for no limit
 * @param maxProducers for at most this many producers, retries are told from new appends
 */
public record Retention(int maxMessages, long maxBytes, Duration maxAge, int maxProducers) {

  /** Without a limit on producers. */
  public Retention(int maxMessages, long maxBytes, Duration maxAge) {
    this(maxMessages, maxBytes, maxAge, Integer.MAX_VALUE);
  }

  public Retention {
    if (maxMessages < 1 || maxBytes < 1 || maxAge.isNegative()) {
      throw new IllegalArgumentException(
          "retention of %d messages, %d bytes, %s: all must be positive"
              .formatted(maxMessages, maxBytes, maxAge));
    }
  }
}
