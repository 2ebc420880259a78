package switchboard.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
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

  static Setting<Integer> number(String key, int defaultValue, int min, int max, String sentence) {
    String range = "%,d to %,d".formatted(min, max);
    return new Setting<>(
        key,
        Integer.toString(defaultValue),
        range,
        sentence,
        text -> {
          try {
            int value = Integer.parseInt(text.strip());
            if (value >= min && value <= max) {
              return value;
            }
          } catch (NumberFormatException e) {
            // told below like a number out of range
          }
          throw new IllegalArgumentException("not a whole number of " + range);
        });
  }

  static Setting<Boolean> flag(String key, boolean defaultValue, String sentence) {
    return new Setting<>(
        key,
        Boolean.toString(defaultValue),
        "true or false",
        sentence,
        text ->
            switch (text.strip()) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException("not true or false");
            });
  }

  static Setting<Duration> duration(
      String key, String defaultValue, String min, String max, String sentence) {
    String range = "ISO 8601 duration, %s to %s".formatted(min, max);
    return new Setting<>(
        key,
        defaultValue,
        range,
        sentence,
        text -> {
          try {
            Duration value = Duration.parse(text.strip());
            if (value.compareTo(Duration.parse(min)) >= 0
                && value.compareTo(Duration.parse(max)) <= 0) {
              return value;
            }
          } catch (DateTimeParseException e) {
            // told below like a duration out of range
          }
          throw new IllegalArgumentException("not an " + range);
        });
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
