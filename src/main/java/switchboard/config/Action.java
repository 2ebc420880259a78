package switchboard.config;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** An action on a channel that a client may be allowed to do. */
public enum Action {
  /** Read a channel and its metadata. */
  READ,
  /** Append to a channel and close it. */
  APPEND,
  /** Create a channel. */
  CREATE,
  /** Delete a channel. */
  DELETE,
  /** Put tokens and subjects on the deny list; for all channels or for none. */
  DENY;

  /** The actions on single channels: all except {@link #DENY}. */
  public static final Set<Action> WITH_CHANNELS =
      Set.copyOf(EnumSet.complementOf(EnumSet.of(DENY)));

  /** The name in settings and tokens: {@code read}. */
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
