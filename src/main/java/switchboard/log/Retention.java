package switchboard.log;

import java.time.Duration;

/**
 * How much a log keeps. It forgets its oldest messages as soon as one of the bounds is passed, but
 * never the newest append, however large.
 *
 * @param maxMessages at most this many messages, 1 or more
 * @param maxBytes at most this many bytes of messages, 1 or more
 * @param maxAge nothing older than this; {@link Duration#ZERO} for no bound on age
 */
public record Retention(int maxMessages, long maxBytes, Duration maxAge) {

  public Retention {
    if (maxMessages < 1 || maxBytes < 1 || maxAge.isNegative()) {
      throw new IllegalArgumentException(
          "retention of %d messages, %d bytes, %s: all must be positive"
              .formatted(maxMessages, maxBytes, maxAge));
    }
  }
}
