package switchboard.config;

import java.util.Arrays;
import java.util.Locale;

/** When an append counts as written by a store with a disk. */
public enum StoreSync {
  /** When it is on the disk. */
  GROUP,
  /** When the operating system has it; that writes it within an interval. */
  INTERVAL,
  /** When the operating system has it. */
  NONE;

  static StoreSync parse(String text) {
    return Arrays.stream(values())
        .filter(sync -> sync.name().toLowerCase(Locale.ROOT).equals(text.strip()))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("not group, interval or none"));
  }
}
