package switchboard.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The actions that are allowed on channels: {@code news:read, orders-*:read+append, chat-*}. A
 * pattern without actions allows all actions on channels.
 *
 * @param list an action is allowed if one of them allows it
 */
public record Grants(List<Grant> list) {

  /** Allows nothing. */
  public static final Grants NONE = new Grants(List.of());

  /** Actions on the channels whose names match a pattern. */
  public record Grant(NamePatterns channels, Set<Action> actions) {
    @Override
    public String toString() {
      return channels.patterns().stream()
          .map(
              pattern ->
                  actions.equals(Action.WITH_CHANNELS) ? pattern : pattern + ":" + written(actions))
          .collect(Collectors.joining(","));
    }
  }

  /**
   * Parses the value of a setting.
   *
   * @param grantable the actions that it may allow
   */
  static Grants parse(String text, Set<Action> grantable) {
    List<Grant> grants = new ArrayList<>();
    for (String part : text.split(",")) {
      if (!part.isBlank()) {
        grants.add(grant(part.strip(), grantable));
      }
    }
    return new Grants(List.copyOf(grants));
  }

  static Grant grant(String text, Set<Action> grantable) {
    String[] parts = text.split(":", 2);
    NamePatterns channels = NamePatterns.parse(parts[0]);
    if (channels.patterns().isEmpty()) {
      throw new IllegalArgumentException("\"" + text + "\" has no pattern of channel names");
    }
    return new Grant(
        channels, parts.length == 1 ? Action.WITH_CHANNELS : actions(parts[1], grantable));
  }

  private static Set<Action> actions(String text, Set<Action> grantable) {
    Set<Action> actions = EnumSet.noneOf(Action.class);
    for (String written : text.split("\\+", -1)) {
      Action action = Action.parse(written.strip());
      if (!grantable.contains(action)) {
        throw new IllegalArgumentException(
            "\"" + action.token() + "\" cannot be granted to everyone");
      }
      actions.add(action);
    }
    return actions;
  }

  private static String written(Set<Action> actions) {
    return Arrays.stream(Action.values())
        .filter(actions::contains)
        .map(Action::token)
        .collect(Collectors.joining("+"));
  }

  /** Whether {@code action} is allowed on the channel {@code name}. */
  public boolean permit(Action action, String name) {
    for (Grant grant : list) {
      if (grant.actions().contains(action) && grant.channels().match(name)) {
        return true;
      }
    }
    return false;
  }

  /** Whether {@code action} is allowed on any channel. */
  public boolean permitSomewhere(Action action) {
    return list.stream().anyMatch(grant -> grant.actions().contains(action));
  }

  /** Whether nothing is allowed. */
  public boolean isEmpty() {
    return list.isEmpty();
  }

  @Override
  public String toString() {
    return list.stream().map(Grant::toString).collect(Collectors.joining(","));
  }
}
