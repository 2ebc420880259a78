package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import switchboard.channel.Ending;

/**
 * Which pages may make a browser ask for something (RFC 6454): those of this server, and those on
 * the list. Browsers send some requests for any page, with the user's cookies and without asking
 * first: appends of simple content (cross-site request forgery), and upgrades, whose answers the
 * page may read as well (cross-site WebSocket hijacking, RFC 6455 §10.2).
 *
 * <p>A request without {@code Origin} is none that a page of another origin could send and harm
 * with: browsers always name it on those. What a page of another origin reads without the user's
 * credentials, anybody could read; whether the browser shows it to the page is {@link Cors}'s part.
 *
 * @param listed as the setting names them; {@code *} for all, but never with the user's credentials
 */
record Origins(List<String> listed) {

  private static final Pattern PORT = Pattern.compile(":[0-9]{1,5}$");

  /**
   * Refuses a request that a page of another origin makes.
   *
   * @param request as the client sent it, before any proxy
   * @throws Problem {@link Ending#WRONG_ORIGIN}, quoting the origin
   */
  void require(HttpServletRequest request) {
    List<String> given = Collections.list(request.getHeaders("Origin"));
    if (given.isEmpty()) {
      return;
    }
    // More than one comes from no browser; which of them somebody else looks at nobody knows.
    String origin = given.size() == 1 ? given.get(0) : String.join("\", \"", given);
    if (isNamed(listed, origin) || (given.size() == 1 && isOwn(origin, request))) {
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
   * Whether the list names the origin itself, or its host with any port; who calls itself {@code *}
   * is not all. Compared as it is written (RFC 6454 §6.2).
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

  // What the browser adds by itself. A token in Authorization the page must have had.
  private static boolean hasCredentials(HttpServletRequest request) {
    return request.getHeader("Cookie") != null || request.getAuthType() != null;
  }

  private static boolean isHarmful(HttpServletRequest request) {
    return switch (request.getMethod()) {
      case "GET", "HEAD" -> request.getHeader("Upgrade") != null;
      case "OPTIONS" -> false;
      default -> true;
    };
  }

  private static boolean isOwn(String origin, HttpServletRequest request) {
    String scheme = request.getScheme();
    String host = request.getServerName();
    int port = request.getServerPort();
    // Servers differ on whether an IPv6 address has its brackets.
    boolean isBare = host.contains(":") && !host.startsWith("[");
    String own = scheme + "://" + (isBare ? "[" + host + "]" : host);
    boolean isDefault = port == (scheme.equals("https") ? 443 : 80);
    boolean mayBeDefault = isDefault || request instanceof ForwardedRequest f && f.isPortOfProxy();
    return (mayBeDefault && origin.equalsIgnoreCase(own))
        || (!isDefault && origin.equalsIgnoreCase(own + ":" + port));
  }
}
