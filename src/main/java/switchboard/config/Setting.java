package switchboard.config;

import java.util.function.Function;

/**
 * One thing that whoever deploys may decide.
 *
 * @param key the name as a system property or in MicroProfile Config; as an environment variable in
 *     capitals with {@code _} for every other character
 * @param defaultValue as it would be written
 * @param range unit and bounds, for people
 * @param sentence what it does
 * @param parser makes the value, or throws {@link IllegalArgumentException} saying what is allowed
 */
public record Setting<T>(
    String key, String defaultValue, String range, String sentence, Function<String, T> parser) {

  /**
   * The value that was written.
   *
   * @throws IllegalArgumentException quoting it, with the key and what is allowed
   */
  T parse(String written) {
    try {
      return parser.apply(written);
    } catch (IllegalArgumentException e) {
      String kind =
          e.getCause() == null ? "" : " (%s)".formatted(e.getCause().getClass().getSimpleName());
      throw new IllegalArgumentException(
          "%s = \"%s\": %s%s".formatted(key, quotable(written), e.getMessage(), kind));
    }
  }

  // What is quoted goes to logs. A URL may be malformed because of its very password, and a private
  // key may stand where the public one belongs.
  private String quotable(String written) {
    boolean isSecret = key.endsWith(".secret") || written.contains("-----");
    return isSecret ? "***" : written.replaceAll("://.*@", "://***@");
  }

  /** A parser of what matches a pattern, without blanks around it. */
  static Function<String, String> matching(String pattern, String refusal) {
    return text -> {
      if (!text.strip().matches(pattern)) {
        throw new IllegalArgumentException(refusal);
      }
      return text.strip();
    };
  }

  /** The name with which it is set for one application: {@code switchboard.app.shop.path}. */
  String keyBehind(String prefix) {
    return prefix + key.substring("switchboard.".length());
  }

  /** The environment variable that sets it: {@code SWITCHBOARD_LONG_POLL_WAIT}. */
  public String environmentVariable() {
    return environmentVariable(key);
  }

  static String environmentVariable(String key) {
    return key.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(java.util.Locale.ROOT);
  }
}
