package switchboard.channel;

import java.util.regex.Pattern;

/**
 * A channel's name: one path segment of a URL that never needs escaping.
 *
 * @param value 1 to 128 of letters, digits, {@code . _ - ~} (the unreserved characters of RFC 3986
 *     §2.3), and not {@code .} or {@code ..}, which a URL cannot carry as a segment
 */
public record ChannelName(String value) {

  static final int MAX_LENGTH = 128;
  private static final String RULE = "letters, digits, '.', '_', '-', '~'; 1 to 128 characters";
  private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9._~-]{1," + MAX_LENGTH + "}");

  /** Checks the name; the message quotes what is not allowed. */
  public ChannelName {
    if (!ALLOWED.matcher(value).matches() || value.equals(".") || value.equals("..")) {
      throw new IllegalArgumentException(
          "channel name \"%s\": %s (%s)".formatted(shorten(value), offence(value), RULE));
    }
  }

  private static String offence(String value) {
    if (value.isEmpty()) {
      return "it is empty";
    }
    if (value.length() > MAX_LENGTH) {
      return "it has " + value.length() + " characters";
    }
    return value
        .codePoints()
        .mapToObj(Character::toString)
        .filter(character -> !ALLOWED.matcher(character).matches())
        .findFirst()
        .map(character -> "'" + character + "' is not allowed")
        .orElse("it means a folder in a URL");
  }

  private static String shorten(String value) {
    return value.length() <= MAX_LENGTH ? value : value.substring(0, MAX_LENGTH) + "…";
  }

  @Override
  public String toString() {
    return value;
  }
}
