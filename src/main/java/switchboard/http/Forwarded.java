package switchboard.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Ending;
import switchboard.config.Networks;

/**
 * How proxies describe the client's request: in {@code Forwarded} (RFC 7239) or, if it is missing,
 * in {@code X-Forwarded-For}, {@code -Proto}, {@code -Host} and {@code -Port}.
 *
 * <p>Any client can send such headers. They are trusted only as far as trusted proxies wrote them:
 * from the right, as long as the named address is a trusted proxy too.
 *
 * <p>Not left to the servers, which differ: WildFly believes every client once it reads such
 * headers, Open Liberty has a list of trusted proxies, and an embedded application cannot set it.
 *
 * @param address the client's, or {@code null}
 * @param scheme {@code http} or {@code https}, or {@code null}
 * @param host with its port if it has one, or {@code null}
 * @param port the proxy's port, for a host without a port; 0 if unknown
 */
record Forwarded(
    @Nullable String address, @Nullable String scheme, @Nullable String host, int port) {

  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._~-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?");
  // In brackets, without a port, or with more than one colon: IPv6 as in X-Forwarded-For.
  private static final Pattern NODE =
      Pattern.compile(
          "\\[([0-9A-Fa-f:.%]+)](?::[A-Za-z0-9._-]+)?"
              + "|([A-Za-z0-9._-]+|[0-9A-Fa-f:.%]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.%]*)"
              + "|([A-Za-z0-9._-]+):[A-Za-z0-9._-]+");
  private static final int MAX_PORT = 65_535;

  /** How the client sent the request; as it was received without a trusted proxy. */
  static Hop first(Request request, Networks trusted) {
    Hop received = request.received();
    if (!trusted.contain(received.address())) {
      return received;
    }
    List<Map<String, String>> hops = hops(request);
    if (hops.isEmpty()) {
      return received;
    }
    int client = hops.size() - 1;
    while (client > 0 && trusted.contain(node(hops.get(client).getOrDefault("for", "")))) {
      client--;
    }
    return of(hops.get(client)).describe(received);
  }

  /** What the proxy does not say is as received. */
  private Hop describe(Hop received) {
    String asked = host == null ? received.host() : host;
    String client = address == null ? received.address() : address;
    String how = scheme == null ? received.scheme() : scheme;
    String name = asked == null ? received.serverName() : Hosts.withoutPort(asked);
    int usual = how.equals("https") ? 443 : 80;
    boolean hasPort = asked != null && asked.matches(".*:[0-9]+");
    int open =
        asked == null
            ? received.serverPort()
            : hasPort
                ? Integer.parseInt(asked.substring(asked.lastIndexOf(':') + 1))
                : port > 0 ? port : usual;
    String origin = how + "://" + name + (open == usual ? "" : ":" + open);
    boolean isPortOfProxy = asked != null && !hasPort && port > 0;
    return new Hop(client, how, asked, name, open, origin, isPortOfProxy);
  }

  private static Forwarded of(Map<String, String> hop) {
    String host = hop.getOrDefault("host", "");
    if (!host.isEmpty() && !isHost(host)) {
      throw new Problem(
          Ending.BAD_PARAMETER, "the proxy forwards for an invalid host \"%s\"".formatted(host));
    }
    String address = node(hop.getOrDefault("for", ""));
    return new Forwarded(
        address.isEmpty() ? null : address,
        scheme(hop.getOrDefault("proto", "")),
        host.isEmpty() ? null : host,
        port(hop.getOrDefault("port", "")));
  }

  // RFC 7239 §5.4 allows every scheme's name, in any case (RFC 3986 §3.1); Traefik writes that of a
  // WebSocket. An unknown one is ignored.
  private static @Nullable String scheme(String written) {
    return switch (written.toLowerCase(Locale.ROOT)) {
      case "http", "ws" -> "http";
      case "https", "wss" -> "https";
      default -> null;
    };
  }

  /** A name or an address, with its port if it has one. */
  static boolean isHost(String written) {
    Matcher host = HOST.matcher(written);
    return host.matches() && (host.group(2) == null || port(host.group(2).substring(1)) > 0);
  }

  private static int port(String written) {
    int port = written.matches("[0-9]{1,5}") ? Integer.parseInt(written) : 0;
    return port <= MAX_PORT ? port : 0;
  }

  private static List<Map<String, String>> hops(Request request) {
    List<String> elements = list(request, "Forwarded");
    return elements.isEmpty()
        ? oldHops(request)
        : elements.stream().map(Forwarded::parameters).toList();
  }

  // Each header is a list of its own; many proxies overwrite it instead of appending.
  private static List<Map<String, String>> oldHops(Request request) {
    Map<String, List<String>> lists = new HashMap<>();
    for (String name : List.of("for", "proto", "host", "port")) {
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

  private static List<String> list(Request request, String header) {
    List<String> values = new ArrayList<>();
    // One line at a time: an open quote of a client must not hide the lines that a proxy adds.
    for (String line : request.headers(header)) {
      values.addAll(Headers.list(line));
    }
    return values;
  }

  /** {@code for=192.0.2.1;proto=https}; the names in lower case, the values without quotes. */
  private static Map<String, String> parameters(String element) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : Headers.split(element, ';')) {
      String[] parts = pair.split("=", 2);
      if (parts.length == 2) {
        parameters.put(
            parts[0].strip().toLowerCase(Locale.ROOT), Headers.unquoted(parts[1].strip()));
      }
    }
    return parameters;
  }

  /**
   * The address of {@code 192.0.2.1:4711} or {@code [2001:db8::1]:4711}; empty if there is none.
   */
  private static String node(String written) {
    Matcher node = NODE.matcher(written);
    if (!node.matches()) {
      return ""; // not an address: what a client wrote and no proxy mended
    }
    return Stream.of(1, 2, 3).map(node::group).filter(Objects::nonNull).findFirst().orElse("");
  }
}
