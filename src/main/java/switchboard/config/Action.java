package switchboard.config;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What somebody may be allowed to do. */
public enum Action {
  /** Listen to a channel, and see where it ends. */
  READ,
  /** Append to a channel, and close it. */
  APPEND,
  /** Create a channel. */
  CREATE,
  /** Delete a channel. */
  DELETE,
  /** Deny tokens and subjects; of all channels or of none. */
  DENY;

  /** What is done with channels: everything but {@link #DENY}. */
  public static final Set<Action> WITH_CHANNELS =
      Set.copyOf(EnumSet.complementOf(EnumSet.of(DENY)));

  /** As settings and tokens write it: {@code read}. */
  public String token() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The action of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Action parse(String written) {
    return Arrays.stream(values())
        .filter(action -> action.token().equals(written))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException("\"%s\" is not one of %s".formatted(written, all())));
  }

  private static String all() {
    return Arrays.stream(values()).map(Action::token).collect(Collectors.joining(", "));
  }
}
