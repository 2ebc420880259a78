package switchboard.config;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A list of patterns of channel names; {@code *} matches any characters.
 *
 * @param patterns as written, one each
 */
public record NamePatterns(List<String> patterns) {

  private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9._~*-]{1,128}");

  /**
   * Patterns separated by commas.
   *
   * @throws IllegalArgumentException if one of them cannot match a channel name
   */
  public static NamePatterns parse(String text) {
    List<String> patterns =
        Arrays.stream(text.split(",")).map(String::strip).filter(p -> !p.isEmpty()).toList();
    for (String pattern : patterns) {
      if (!ALLOWED.matcher(pattern).matches()) {
        throw new IllegalArgumentException(
            "\"" + pattern + "\" is not a channel name with * for any characters");
      }
    }
    return new NamePatterns(patterns);
  }

  /** Whether one of the patterns matches {@code name}. */
  public boolean match(String name) {
    return patterns.stream().anyMatch(pattern -> matches(pattern, name));
  }

  // Greedy with one position for backtracking: linear time for each '*'. A regular expression
  // could take exponential time.
  private static boolean matches(String pattern, String name) {
    int p = 0;
    int n = 0;
    int star = -1;
    int resume = 0;
    while (n < name.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        resume = n;
      } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
        p++;
        n++;
      } else if (star >= 0) {
        p = star + 1;
        n = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }

  @Override
  public String toString() {
    return String.join(",", patterns);
  }
}
