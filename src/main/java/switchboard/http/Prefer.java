package switchboard.http;

import switchboard.channel.Ending;

/** The request header {@code Prefer: wait=N} (RFC 7240 §4.3). */
public final class Prefer {

  private Prefer() {}

  /**
   * The wait in seconds; -1 if it is not specified. The first {@code wait} is used, but not a
   * parameter of another preference (RFC 7240 §2).
   *
   * @param header its value, or {@code null}
   */
  public static int waitSeconds(String header) {
    for (String preference : Headers.list(header)) {
      String[] parts = Headers.split(preference, ';').get(0).split("=", 2);
      if (parts[0].strip().equalsIgnoreCase("wait")) {
        String seconds = parts.length < 2 ? "" : Headers.unquoted(parts[1].strip());
        return seconds.isEmpty() ? -1 : parse(seconds); // an empty value says nothing
      }
    }
    return -1;
  }

  private static int parse(String seconds) {
    if (seconds.length() > 9 || !seconds.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "Prefer: wait=%s: not a whole number of seconds".formatted(seconds));
    }
    return Integer.parseInt(seconds);
  }
}
