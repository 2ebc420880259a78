package switchboard.http;

import java.util.List;
import java.util.regex.Pattern;
import switchboard.channel.Ending;

/**
 * The origins whose pages may send requests (RFC 6454): this server's own and the listed ones.
 * Browsers send some requests for any page, with the user's cookies and without a preflight:
 * appends of simple content (cross-site request forgery), and upgrades, whose data the page can
 * also read (cross-site WebSocket hijacking, RFC 6455 §10.2).
 *
 * <p>A request without {@code Origin} is not a harmful request of another origin's page, because
 * browsers always send it with those. Everything that a page reads without the user's credentials
 * is public; {@link Cors} decides whether the browser shows it to the page.
 *
 * @param listed as in the setting; {@code *} for all, but never with the user's credentials
 */
record Origins(List<String> listed) {

  private static final Pattern PORT = Pattern.compile(":[0-9]{1,5}$");

  /**
   * Refuses a request of a page of another origin.
   *
   * @param request as the client sent it, before any proxy
   * @throws Problem {@link Ending#WRONG_ORIGIN}, quoting the origin
   */
  void require(Request request) {
    List<String> given = request.headers("Origin");
    if (given.isEmpty()) {
      return;
    }
    // No browser sends more than one, and other components may use another one of them.
    String origin = given.size() == 1 ? given.get(0) : String.join("\", \"", given);
    if (isNamed(listed, origin) || (given.size() == 1 && isOwn(origin, request.sent()))) {
      return;
    }
    if (hasCredentials(request)) {
      throw wrong(
          origin, "; a request with cookies or a login needs a listed origin, * is not enough");
    }
    if (isHarmful(request) && !listed.contains("*")) {
      throw wrong(origin, "");
    }
  }

  /**
   * Whether the list contains the origin itself, or its host with any port. An origin named {@code
   * *} does not match. Compared as strings (RFC 6454 §6.2).
   */
  static boolean isNamed(List<String> listed, String origin) {
    return !origin.contains("*")
        && (listed.contains(origin)
            || listed.contains(PORT.matcher(origin).replaceFirst("") + ":*"));
  }

  private static Problem wrong(String origin, String why) {
    return new Problem(
        Ending.WRONG_ORIGIN,
        "Origin \"%s\": it is neither this server's own nor in switchboard.cors.origins%s"
            .formatted(origin, why));
  }

  // Credentials that the browser adds automatically. A token in Authorization is known to the page.
  private static boolean hasCredentials(Request request) {
    return request.header("Cookie") != null || request.hasLogin();
  }

  private static boolean isHarmful(Request request) {
    return switch (request.method()) {
      case "GET", "HEAD" -> request.header("Upgrade") != null;
      case "OPTIONS" -> false;
      default -> true;
    };
  }

  private static boolean isOwn(String origin, Hop sent) {
    String host = sent.serverName();
    int port = sent.serverPort();
    // Some servers return an IPv6 address without brackets.
    boolean isBare = host.contains(":") && !host.startsWith("[");
    String own = sent.scheme() + "://" + (isBare ? "[" + host + "]" : host);
    boolean isDefault = port == sent.defaultPort();
    boolean mayBeDefault = isDefault || sent.isPortOfProxy();
    return (mayBeDefault && origin.equalsIgnoreCase(own))
        || (!isDefault && origin.equalsIgnoreCase(own + ":" + port));
  }
}
