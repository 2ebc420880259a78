package switchboard.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Grants for the roles of the application server: {@code reader=*:read,
 * clerk=orders-*:read+append}. A role may occur several times. {@code **} stands for all users who
 * have logged in (Jakarta Servlet §13.8).
 *
 * @param byRole in the order of the setting
 */
public record RoleGrants(Map<String, Grants> byRole) {

  private static final Set<Action> GRANTABLE = Set.of(Action.values());

  static RoleGrants parse(String text) {
    Map<String, List<Grants.Grant>> byRole = new LinkedHashMap<>();
    for (String part : text.split(",")) {
      if (!part.isBlank()) {
        String[] sides = part.split("=", 2);
        String role = sides[0].strip();
        if (sides.length == 1 || role.isEmpty()) {
          throw new IllegalArgumentException(
              "\"" + part.strip() + "\" is not role=pattern or role=pattern:actions");
        }
        byRole
            .computeIfAbsent(role, name -> new ArrayList<>())
            .add(Grants.grant(sides[1].strip(), GRANTABLE));
      }
    }
    Map<String, Grants> grants = new LinkedHashMap<>();
    byRole.forEach((role, list) -> grants.put(role, new Grants(List.copyOf(list))));
    return new RoleGrants(grants);
  }

  /** The grants of a user with these roles. */
  public Grants of(Predicate<String> isInRole) {
    List<Grants.Grant> grants = new ArrayList<>();
    byRole.forEach(
        (role, own) -> {
          if (role.equals("**") || isInRole.test(role)) {
            grants.addAll(own.list());
          }
        });
    return new Grants(grants);
  }

  /** Whether there are no grants. */
  public boolean isEmpty() {
    return byRole.isEmpty();
  }

  @Override
  public String toString() {
    return byRole.entrySet().stream()
        .flatMap(entry -> entry.getValue().list().stream().map(g -> entry.getKey() + "=" + g))
        .collect(Collectors.joining(","));
  }
}
