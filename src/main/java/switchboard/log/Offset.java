package switchboard.log;

import java.util.Objects;

/**
 * A position in a channel's log: the boundary in front of message {@code number}.
 *
 * <p>Outside it is one opaque token, {@code <epoch>_<number>}, both in base 36 with leading zeros,
 * 18 characters in all, for instance {@code 0k3f9x2a_00000001a}. Fixed width makes the tokens of
 * one log sort as strings in log order, which the Durable Streams protocol asks for (PROTOCOL.md
 * §8).
 *
 * @param epoch which run of the log; a log that starts empty after a restart has a greater one
 * @param number how many messages were appended before this position
 */
public record Offset(long epoch, long number) implements Comparable<Offset> {

  private static final int RADIX = 36;
  private static final int EPOCH_WIDTH = 8;
  private static final int NUMBER_WIDTH = 9;
  private static final int WIDTH = EPOCH_WIDTH + 1 + NUMBER_WIDTH;
  private static final long EPOCH_LIMIT = (long) Math.pow(RADIX, EPOCH_WIDTH);
  private static final long NUMBER_LIMIT = (long) Math.pow(RADIX, NUMBER_WIDTH);

  /** Stands for the beginning of any log; never an offset of a log itself. */
  public static final Offset BEGINNING = new Offset(0, 0);

  public Offset {
    Objects.checkIndex(epoch, EPOCH_LIMIT);
    Objects.checkIndex(number, NUMBER_LIMIT);
  }

  /**
   * Reads a token as {@link #toString()} wrote it.
   *
   * @throws IllegalArgumentException if {@code token} is no offset; the message quotes it
   */
  public static Offset parse(String token) {
    if (token.length() != WIDTH || token.charAt(EPOCH_WIDTH) != '_') {
      throw malformed(token);
    }
    return new Offset(digits(token, 0, EPOCH_WIDTH), digits(token, EPOCH_WIDTH + 1, WIDTH));
  }

  private static long digits(String token, int start, int end) {
    long value = 0;
    for (int i = start; i < end; i++) {
      char c = token.charAt(i);
      int digit;
      if (c >= '0' && c <= '9') {
        digit = c - '0';
      } else if (c >= 'a' && c <= 'z') {
        digit = c - 'a' + 10;
      } else {
        // Character.digit would also take 'A' and '١': two tokens for one offset.
        throw malformed(token);
      }
      value = value * RADIX + digit;
    }
    return value;
  }

  private static IllegalArgumentException malformed(String token) {
    return new IllegalArgumentException(
        "offset \"%s\": not an offset of this server (it looks like %s, or is -1 or now)"
            .formatted(token, BEGINNING));
  }

  /** The offset {@code count} messages further on in the same epoch. */
  public Offset plus(long count) {
    return new Offset(epoch, number + count);
  }

  @Override
  public int compareTo(Offset other) {
    int byEpoch = Long.compare(epoch, other.epoch);
    return byEpoch != 0 ? byEpoch : Long.compare(number, other.number);
  }

  @Override
  public String toString() {
    char[] token = new char[WIDTH];
    write(epoch, token, 0, EPOCH_WIDTH);
    token[EPOCH_WIDTH] = '_';
    write(number, token, EPOCH_WIDTH + 1, WIDTH);
    return new String(token);
  }

  private static void write(long value, char[] token, int start, int end) {
    for (int i = end - 1; i >= start; i--) {
      token[i] = Character.forDigit((int) (value % RADIX), RADIX);
      value /= RADIX;
    }
  }
}
