package switchboard.channel;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a channel lives (Durable Streams PROTOCOL.md §5.1).
 *
 * @param ttl it ends when it was not read or written for this long; {@code null} for no limit
 * @param expiresAt it ends at this time; {@code null} for no limit
 * @param written the header value, so that answers have the same
 */
public record Lifetime(
    @Nullable Duration ttl, @Nullable Instant expiresAt, @Nullable String written) {

  /** Until it is deleted. */
  public static final Lifetime UNBOUNDED = new Lifetime(null, null, null);

  // At most 317 years, in milliseconds far from the end of a long.
  private static final Pattern SECONDS = Pattern.compile("0|[1-9][0-9]{0,9}");
  // RFC 3339 has years of four digits; Java's own format has more.
  private static final Pattern TIME = Pattern.compile("[0-9]{4}-.*");

  /**
   * From the headers {@code Stream-TTL} and {@code Stream-Expires-At}; each may be {@code null}.
   *
   * @throws IllegalArgumentException if one is malformed or both are given; the message quotes it
   */
  public static Lifetime parse(@Nullable String ttl, @Nullable String expiresAt) {
    if (ttl != null && expiresAt != null) {
      throw new IllegalArgumentException(
          "Stream-TTL \"%s\" and Stream-Expires-At \"%s\": only one may be given"
              .formatted(ttl, expiresAt));
    }
    if (ttl != null) {
      return new Lifetime(parseTtl(ttl), null, ttl);
    }
    return expiresAt == null ? UNBOUNDED : new Lifetime(null, parseTime(expiresAt), expiresAt);
  }

  private static Duration parseTtl(String ttl) {
    if (!SECONDS.matcher(ttl).matches()) {
      throw new IllegalArgumentException(
          "Stream-TTL \"%s\": not a whole number of seconds of 1 to 10 digits without leading zeros"
              .formatted(ttl));
    }
    return Duration.ofSeconds(Long.parseLong(ttl));
  }

  private static Instant parseTime(String time) {
    try {
      if (!TIME.matcher(time).matches()) {
        throw new DateTimeParseException("the year must have four digits", time, 0);
      }
      return OffsetDateTime.parse(time).toInstant();
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "Stream-Expires-At \"%s\": not an RFC 3339 timestamp".formatted(time), e);
    }
  }

  /** Whether two requests ask for the same. */
  public boolean matches(Lifetime other) {
    return java.util.Objects.equals(ttl, other.ttl)
        && java.util.Objects.equals(expiresAt, other.expiresAt);
  }

  /** For messages, after other text: {@code , Stream-TTL: 60}; empty without a limit. */
  @Override
  public String toString() {
    if (written == null) {
      return "";
    }
    return (ttl == null ? ", Stream-Expires-At: " : ", Stream-TTL: ") + written;
  }

  boolean isOver(long unusedMillis, long wallMillis) {
    return (ttl != null && unusedMillis >= ttl.toMillis())
        || (expiresAt != null && wallMillis >= expiresAt.toEpochMilli());
  }
}
