package switchboard.config;

import java.util.function.Function;

/**
 * A setting.
 *
 * @param key the name as a system property or in MicroProfile Config; as an environment variable in
 *     capitals with {@code _} for every other character
 * @param defaultValue as text
 * @param range unit and range, for people
 * @param sentence its description
 * @param parser parses the value, or throws {@link IllegalArgumentException} with what is allowed
 */
public record Setting<T>(
    String key, String defaultValue, String range, String sentence, Function<String, T> parser) {

  /**
   * The value that was written.
   *
   * @throws IllegalArgumentException that quotes it, with the key and what is allowed
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

  // Quoted values are logged. A URL may be malformed because of its password, and a private key
  // may have been entered instead of a public one.
  private String quotable(String written) {
    boolean isSecret = key.endsWith(".secret") || written.contains("-----");
    return isSecret ? "***" : written.replaceAll("://.*@", "://***@");
  }

  /** A parser for values that match a pattern; surrounding blanks are removed. */
  static Function<String, String> matching(String pattern, String refusal) {
    return text -> {
      if (!text.strip().matches(pattern)) {
        throw new IllegalArgumentException(refusal);
      }
      return text.strip();
    };
  }

  /** The name that sets it for one application: {@code switchboard.app.shop.path}. */
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
