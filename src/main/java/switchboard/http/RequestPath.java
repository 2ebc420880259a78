package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import switchboard.channel.ChannelName;
import switchboard.channel.Ending;

/**
 * The path of a request, which has one spelling. Servers treat {@code //metrics}, {@code
 * /./metrics}, {@code /%6detrics} and {@code /metrics;x} as equal, in different ways; a proxy's
 * rule for one path would not apply to all of them.
 */
public final class RequestPath {

  static final String CHANNELS = "/channels/";
  private static final Pattern ESCAPE = Pattern.compile("%([0-9A-Fa-f]{2})");
  private static final String RULE =
      "a path consists of non-empty segments of letters, digits and . _ - ~, without escapes";

  private RequestPath() {}

  /**
   * The path to which the server mapped a request, below the application's own and {@code base},
   * decoded; empty where it is not below them. Only for what happens before the request is checked.
   */
  public static String mapped(HttpServletRequest request, String base) {
    // Servers split it differently.
    String info = request.getPathInfo() == null ? "" : request.getPathInfo();
    String whole = request.getServletPath() + info;
    return whole.startsWith(base) ? whole.substring(base.length()) : "";
  }

  /**
   * The path below the application's path, such as {@code /channels/x}.
   *
   * @throws Problem {@link Ending#BAD_NAME} or {@link Ending#BAD_PATH} for another spelling
   */
  static String require(Request request) {
    String uri = request.uri();
    String whole = beneath(context(request), uri);
    String path =
        whole != null && whole.startsWith(request.base())
            ? withPlainName(whole.substring(request.base().length()))
            : whole;
    String offence =
        path == null ? "the context path must be written exactly as deployed" : offence(path);
    if (path != null && offence == null) {
      return path;
    }
    if (path != null && path.startsWith(CHANNELS)) {
      requireName(path.substring(CHANNELS.length()));
    }
    boolean isChannel = path != null && path.startsWith("/channels");
    throw new Problem(
        isChannel ? Ending.BAD_NAME : Ending.BAD_PATH,
        "path \"%s\": %s; %s".formatted(uri, offence, RULE));
  }

  /** What follows {@code /channels/} in a path; empty if nothing does. */
  static String channel(String path) {
    return path.startsWith(CHANNELS) ? path.substring(CHANNELS.length()) : "";
  }

  /** What the paths of the application begin with, as this request wrote it. */
  static String context(Request request) {
    String context = request.contextPath();
    return request.uri().startsWith(context) ? context : escaped(context);
  }

  // The path after the context path; null if it does not begin with exactly that.
  private static @Nullable String beneath(String written, String uri) {
    boolean isBeneath =
        uri.startsWith(written)
            && (uri.length() == written.length() || uri.charAt(written.length()) == '/');
    return isBeneath ? uri.substring(written.length()) : null;
  }

  // RFC 3986 §6.2.2.2: an escaped letter of a channel's name is that letter. Proxies that match
  // paths by the same rule see the same name; elsewhere an escape is another spelling.
  private static String withPlainName(String path) {
    if (!path.startsWith(CHANNELS)) {
      return path;
    }
    return ESCAPE
        .matcher(path)
        .replaceAll(
            escape -> {
              char c = (char) Integer.parseInt(escape.group(1), 16);
              return isPlain(c) ? Character.toString(c) : escape.group();
            });
  }

  // The context path may contain characters that are not allowed in a URL.
  private static String escaped(String context) {
    try {
      return new URI(null, null, context, null).toASCIIString();
    } catch (URISyntaxException e) {
      return context;
    }
  }

  private static @Nullable String offence(String path) {
    int start = 1;
    for (int i = 1; i <= path.length(); i++) {
      if (i < path.length() && path.charAt(i) != '/') {
        if (!isPlain(path.charAt(i))) {
          return "'%s' is not allowed".formatted(Character.toString(path.codePointAt(i)));
        }
        continue;
      }
      String segment = path.substring(start, i);
      if (segment.isEmpty() && path.length() > 1) {
        return "it has an empty segment";
      }
      if (segment.equals(".") || segment.equals("..")) {
        return "\"%s\" is a relative segment".formatted(segment);
      }
      start = i + 1;
    }
    return null;
  }

  // RFC 3986 §2.3: characters that never need an escape.
  private static boolean isPlain(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '.'
        || c == '_'
        || c == '-'
        || c == '~';
  }

  // Reports an invalid name as such.
  private static void requireName(String escaped) {
    String name;
    try {
      name = URLDecoder.decode(escaped.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return;
    }
    Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(name));
  }
}
