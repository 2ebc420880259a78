package switchboard.transport;

import switchboard.channel.Ending;

/** The request header {@code Prefer: wait=N} (RFC 7240 §4.3). */
final class Prefer {

  private Prefer() {}

  /**
   * How many seconds the client is ready to wait; -1 where it does not say.
   *
   * @param header its value, or {@code null}
   */
  static int waitSeconds(String header) {
    if (header == null) {
      return -1;
    }
    for (String preference : header.split("[,;]")) {
      String[] parts = preference.split("=", 2);
      if (parts.length == 2 && parts[0].strip().equalsIgnoreCase("wait")) {
        return parse(parts[1].strip().replace("\"", ""));
      }
    }
    return -1;
  }

  private static int parse(String seconds) {
    if (seconds.isEmpty()
        || seconds.length() > 9
        || !seconds.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "Prefer: wait=%s: not a whole number of seconds".formatted(seconds));
    }
    return Integer.parseInt(seconds);
  }
}
