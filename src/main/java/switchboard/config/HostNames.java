package switchboard.config;

import java.util.Arrays;
import java.util.List;

/** Host names and addresses in a setting, without ports. */
final class HostNames {

  private HostNames() {}

  /**
   * The names, separated by commas.
   *
   * @throws IllegalArgumentException that quotes an invalid one
   */
  static List<String> parse(String text) {
    List<String> names =
        Arrays.stream(text.split(",")).map(String::strip).filter(name -> !name.isEmpty()).toList();
    for (String name : names) {
      if (!name.matches("[A-Za-z0-9._~-]+|\\[[0-9A-Fa-f:.]+]")) {
        throw new IllegalArgumentException("\"" + name + "\" is not a host name without a port");
      }
    }
    return names;
  }
}
