package switchboard.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Defines settings and remembers them in their order. */
final class Definitions {

  private final List<Setting<?>> settings = new ArrayList<>();

  <T> Setting<T> setting(
      String key, String defaultValue, String range, String sentence, Function<String, T> parser) {
    Setting<T> setting = new Setting<>(key, defaultValue, range, sentence, parser);
    settings.add(setting);
    return setting;
  }

  Setting<Integer> number(String key, int defaultValue, int min, int max, String sentence) {
    String range = String.format(Locale.ROOT, "%,d to %,d", min, max);
    return setting(
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
            // reported below, like a number out of range
          }
          throw new IllegalArgumentException("not a whole number of " + range);
        });
  }

  Setting<Boolean> flag(String key, boolean defaultValue, String sentence) {
    return setting(
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

  Setting<Duration> duration(
      String key, String defaultValue, String min, String max, String sentence) {
    String range = "ISO 8601 duration, %s to %s".formatted(min, max);
    return setting(
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
            // reported below, like a duration out of range
          }
          throw new IllegalArgumentException("not an " + range);
        });
  }

  /** The settings that are defined so far. */
  List<Setting<?>> all() {
    return List.copyOf(settings);
  }
}
