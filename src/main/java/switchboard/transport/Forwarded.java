package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import switchboard.channel.Ending;
import switchboard.config.Networks;

/**
 * What proxies say of a request as the client sent it: in {@code Forwarded} (RFC 7239) or, where
 * that is missing, in {@code X-Forwarded-For}, {@code -Proto} and {@code -Host}.
 *
 * <p>Anybody can send such headers. They are believed only as far as trusted proxies wrote them:
 * from the right, for as long as the one who is named was a trusted proxy too.
 *
 * @param address the client's, or {@code null}
 * @param scheme {@code http} or {@code https}, or {@code null}
 * @param host with its port where it has one, or {@code null}
 */
record Forwarded(String address, String scheme, String host) {

  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._~-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?");

  /** The request as the client sent it; the same where no trusted proxy says otherwise. */
  static HttpServletRequest believe(HttpServletRequest request, Networks trusted) {
    if (!trusted.contain(request.getRemoteAddr())) {
      return request;
    }
    List<Map<String, String>> hops = hops(request);
    if (hops.isEmpty()) {
      return request;
    }
    int client = hops.size() - 1;
    while (client > 0 && trusted.contain(node(hops.get(client).getOrDefault("for", "")))) {
      client--;
    }
    return new ForwardedRequest(request, of(hops.get(client)));
  }

  private static Forwarded of(Map<String, String> hop) {
    String scheme = hop.get("proto");
    String host = hop.get("host");
    if (scheme != null && !scheme.equals("http") && !scheme.equals("https")) {
      throw bad("protocol", scheme);
    }
    if (host != null && !HOST.matcher(host).matches()) {
      throw bad("host", host);
    }
    return new Forwarded(hop.containsKey("for") ? node(hop.get("for")) : null, scheme, host);
  }

  private static Problem bad(String what, String value) {
    return new Problem(
        Ending.BAD_PARAMETER, "the proxy forwards for %s \"%s\"".formatted(what, value));
  }

  private static List<Map<String, String>> hops(HttpServletRequest request) {
    List<String> elements = list(request, "Forwarded");
    return elements.isEmpty()
        ? oldHops(request)
        : elements.stream().map(Forwarded::parameters).toList();
  }

  // Each of the three headers is a list of its own; many proxies overwrite rather than append.
  private static List<Map<String, String>> oldHops(HttpServletRequest request) {
    Map<String, List<String>> lists = new HashMap<>();
    for (String name : List.of("for", "proto", "host")) {
      lists.put(name, list(request, "X-Forwarded-" + name));
    }
    int count = lists.values().stream().mapToInt(List::size).max().orElse(0);
    List<Map<String, String>> hops = new ArrayList<>();
    for (int fromRight = count; fromRight > 0; fromRight--) {
      Map<String, String> hop = new HashMap<>();
      for (Map.Entry<String, List<String>> list : lists.entrySet()) {
        List<String> values = list.getValue();
        if (!values.isEmpty()) {
          hop.put(list.getKey(), values.get(Math.max(0, values.size() - fromRight)));
        }
      }
      hops.add(hop);
    }
    return hops;
  }

  private static List<String> list(HttpServletRequest request, String header) {
    List<String> values = new ArrayList<>();
    for (String line : Collections.list(request.getHeaders(header))) {
      split(line, ',').stream().filter(value -> !value.isEmpty()).forEach(values::add);
    }
    return values;
  }

  /** {@code for=192.0.2.1;proto=https}; the names in lower case, the values without quotes. */
  private static Map<String, String> parameters(String element) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : split(element, ';')) {
      String[] parts = pair.split("=", 2);
      if (parts.length == 2) {
        parameters.put(
            parts[0].strip().toLowerCase(Locale.ROOT), parts[1].strip().replace("\"", ""));
      }
    }
    return parameters;
  }

  // At a separator that stands in no quotes.
  private static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    boolean isQuoted = false;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        isQuoted = !isQuoted;
      } else if (c == separator && !isQuoted) {
        parts.add(text.substring(start, i).strip());
        start = i + 1;
      }
    }
    parts.add(text.substring(start).strip());
    return parts;
  }

  /** The address of {@code 192.0.2.1:4711} or {@code [2001:db8::1]:4711}. */
  private static String node(String written) {
    if (written.startsWith("[")) {
      int end = written.indexOf(']');
      return end < 0 ? written : written.substring(1, end);
    }
    int colon = written.indexOf(':');
    // More than one colon: an IPv6 address as X-Forwarded-For has it, without a port.
    return colon < 0 || colon != written.lastIndexOf(':') ? written : written.substring(0, colon);
  }
}
