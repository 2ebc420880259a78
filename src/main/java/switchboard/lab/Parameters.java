package switchboard.lab;

import jakarta.ws.rs.core.MultivaluedMap;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.http.Problem;

/** The query of a request to the lab. An invalid value is refused and quoted. */
record Parameters(MultivaluedMap<String, String> given, Settings settings) {

  private static final double MIN_INTERVAL_SECONDS = 0.2;
  private static final double MAX_INTERVAL_SECONDS = 60;
  private static final int MILLIS = 1_000;

  /** A whole number within a range. */
  int whole(String name, int min, int max) {
    String written = given.getFirst(name);
    try {
      int value = Integer.parseInt(written);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // reported below, like a number out of range
    }
    throw bad(name, written, "a whole number of %d to %d".formatted(min, max));
  }

  /** A number within a range. */
  double number(String name, double min, double max) {
    String written = given.getFirst(name);
    try {
      double value = Double.parseDouble(written == null ? "" : written);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // reported below, like a number out of range
    }
    throw bad(name, written, "a number of %s to %s".formatted(min, max));
  }

  /** A transport, by its key. */
  Transport transport(String name) {
    String written = given.getFirst(name);
    return Arrays.stream(Transport.values())
        .filter(transport -> transport.key().equals(written))
        .findAny()
        .orElseThrow(
            () ->
                bad(
                    name,
                    written,
                    Arrays.stream(Transport.values())
                        .map(Transport::key)
                        .collect(Collectors.joining(", "))));
  }

  /** A name under which a connection is observed. */
  String label(String name) {
    String written = given.getFirst(name);
    if (written == null || !written.matches("[A-Za-z0-9.-]{1,40}")) {
      throw bad(name, written, "1 to 40 letters, digits, '.' and '-'");
    }
    return written;
  }

  /** A crowd. */
  CrowdPlan plan(String channel) {
    int max = settings.get(Settings.CROWD_MAX_READERS);
    Map<Transport, Integer> readers = new EnumMap<>(Transport.class);
    for (Transport transport : Transport.values()) {
      String name = transport.key();
      readers.put(transport, given.containsKey(name) ? whole(name, 0, max) : 0);
    }
    int seconds = whole("seconds", 1, (int) settings.get(Settings.CROWD_MAX_TIME).toSeconds());
    double interval = number("pollInterval", MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS);
    int wait = whole("wait", 1, (int) settings.get(Settings.LONG_POLL_MAX_WAIT).toSeconds());
    return new CrowdPlan(
        channel,
        readers,
        Duration.ofSeconds(seconds),
        Duration.ofMillis((long) (interval * MILLIS)),
        Duration.ofSeconds(wait));
  }

  private static Problem bad(String name, String written, String allowed) {
    return new Problem(
        Ending.BAD_PARAMETER,
        "%s %s: allowed: %s"
            .formatted(name, written == null ? "is missing" : '"' + written + '"', allowed));
  }
}
