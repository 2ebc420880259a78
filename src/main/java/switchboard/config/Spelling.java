package switchboard.config;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Suggestions for names of settings that do not exist.
 *
 * <p><b>Threads.</b> Immutable.
 */
final class Spelling {

  /** Former names and their current names, without the prefix. */
  static final Map<String, String> FORMER_NAMES =
      Map.ofEntries(
          Map.entry("admission.for", "startup.ramp-duration"),
          Map.entry("admission.max-per-second", "startup.max-connections-per-second"),
          Map.entry("dispatch.workers", "dispatch.threads"),
          Map.entry("drain.budget", "shutdown.drain-timeout"),
          Map.entry("heartbeat.after", "heartbeat.interval"),
          Map.entry("log.max-total-mib", "log.max-memory-mib"),
          Map.entry("poll.fast-path", "http.adapter"),
          Map.entry("request.body-within", "request.body-timeout"),
          Map.entry("request.max-bodies-mib", "request.max-pending-mib"),
          Map.entry("token.within", "token.timeout"),
          Map.entry("websocket.ping-after", "websocket.ping-interval"),
          Map.entry("websocket.pong-within", "websocket.pong-timeout"),
          Map.entry("write.stuck-after", "write.timeout"));

  private Spelling() {}

  /**
   * The current name of a setting with this former name, with its prefix.
   *
   * @param name a property or an environment variable
   * @param prefixes that names may have: {@code switchboard.}, {@code switchboard.app.shop.}
   * @return {@code null} where it is no former name; for an environment variable both spellings
   */
  static @Nullable String today(String name, List<String> prefixes) {
    for (String prefix : prefixes) {
      for (Map.Entry<String, String> names : FORMER_NAMES.entrySet()) {
        String former = prefix + names.getKey();
        String today = prefix + names.getValue();
        if (name.equals(former)) {
          return today;
        }
        if (name.equals(Setting.environmentVariable(former))) {
          return "%s (%s)".formatted(today, Setting.environmentVariable(today));
        }
      }
    }
    return null;
  }

  /** The most similar one. */
  static String nearest(String name, List<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(other -> distance(other, name)))
        .orElseThrow();
  }

  // Levenshtein: how many characters to add, drop or change.
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
