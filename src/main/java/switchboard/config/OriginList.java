package switchboard.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Origins in a setting, as browsers write them (RFC 6454 §6.2), so that they can be compared as
 * strings.
 */
final class OriginList {

  // The scheme may belong to an app or an extension: capacitor, tauri, chrome-extension.
  private static final Pattern ORIGIN =
      Pattern.compile(
          "(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
              + "(?<host>[A-Za-z0-9._~!$&'()+;=%-]+|\\[[0-9A-Fa-f:.]+])(:(?<port>[0-9]{1,5}|\\*))?");

  private static final Pattern THIS_MACHINE = Pattern.compile("localhost|127\\.0\\.0\\.1|\\[::1]");
  private static final int MAX_PORT = 65_535;

  private OriginList() {}

  /**
   * The origins, separated by commas; {@code *} is one.
   *
   * @throws IllegalArgumentException that quotes an invalid one
   */
  static List<String> parse(String text) {
    return Arrays.stream(text.split(","))
        .map(String::strip)
        .filter(origin -> !origin.isEmpty())
        .map(origin -> origin.equals("*") ? origin : origin(origin))
        .toList();
  }

  /**
   * As browsers write it: an http(s) host in lower case and without the scheme's own port.
   *
   * @throws IllegalArgumentException that quotes it
   */
  private static String origin(String written) {
    if (written.equals("null") || written.startsWith("file:")) {
      throw wrong(written, "files and sandboxed frames all share it; * allows them");
    }
    Matcher origin = ORIGIN.matcher(written);
    if (!origin.matches()) {
      throw wrong(written, "only scheme, host and port are allowed; the host must be ASCII");
    }
    String scheme = origin.group("scheme").toLowerCase(Locale.ROOT);
    boolean isWeb = scheme.equals("http") || scheme.equals("https");
    String host = isWeb ? origin.group("host").toLowerCase(Locale.ROOT) : origin.group("host");
    String port = origin.group("port");
    if (scheme.equals("ws") || scheme.equals("wss")) {
      throw wrong(written, "the origin of a page begins with http:// or https://");
    }
    if ("*".equals(port) && !(isWeb && THIS_MACHINE.matcher(host).matches())) {
      throw wrong(written, "the port * is allowed only with localhost, 127.0.0.1 or [::1]");
    }
    boolean isOwnPort = isWeb && (scheme.equals("http") ? "80" : "443").equals(port);
    if (port != null && !port.equals("*") && Integer.parseInt(port) > MAX_PORT) {
      throw wrong(written, "the port must be at most " + MAX_PORT);
    }
    return scheme + "://" + host + (port == null || isOwnPort ? "" : ":" + port);
  }

  private static IllegalArgumentException wrong(String written, String why) {
    return new IllegalArgumentException("\"" + written + "\" is not an origin: " + why);
  }
}
