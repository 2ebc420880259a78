package switchboard.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import switchboard.channel.Ending;

/**
 * The allowed host names. The owner of a page can let its own name resolve to this server's address
 * (DNS rebinding); the browser then treats both as one origin, but still sends the page's name as
 * {@code Host}.
 *
 * @param names as in the setting, without ports; empty for all
 */
record Hosts(List<String> names) {

  Hosts {
    names = names.stream().map(Hosts::normalized).toList();
  }

  /**
   * Refuses a request whose host is malformed or ambiguous.
   *
   * @throws Problem {@link Ending#BAD_PARAMETER}
   */
  static void requireValid(Request request) {
    List<String> given = request.headers("Host");
    if (given.size() > 1) {
      throw bad(given.size() + " Host headers; only one is allowed");
    }
    String host = given.isEmpty() ? "" : given.get(0);
    // Not quoted, because the user part or the port may contain a password or a token.
    if (!host.isEmpty() && !Forwarded.isHost(host)) {
      throw bad("Host: it must be a name or an address, with an optional port");
    }
    requireSame(request.received().origin(), host);
  }

  // The request line may contain the host too (RFC 9112 §3.2.2). Servers differ in which one
  // they use.
  private static void requireSame(String origin, String host) {
    String authority = origin.substring(origin.indexOf("://") + 3);
    if (authority.contains("@")) {
      throw bad("the request line: a user name or password is not allowed in a URL");
    }
    if (!host.isEmpty()
        && !normalized(withoutPort(authority)).equals(normalized(withoutPort(host)))) {
      throw bad("the request line and the Host header name different servers");
    }
  }

  /**
   * Refuses a request for another host.
   *
   * @param sent how the client sent it to the first proxy
   * @param isProbe whether it is a health check, which may use any IP address
   * @throws Problem {@link Ending#WRONG_HOST}, quoting the name
   */
  void require(Hop sent, boolean isProbe) {
    String host = sent.host();
    boolean isUnnamed = host == null || host.isEmpty();
    String name = normalized(host == null || isUnnamed ? sent.serverName() : withoutPort(host));
    if (names.isEmpty() || names.contains(name) || (isProbe && (isUnnamed || isAddress(name)))) {
      return;
    }
    throw new Problem(
        Ending.WRONG_HOST, "Host \"%s\": it is not in switchboard.hosts".formatted(name));
  }

  private static Problem bad(String detail) {
    return new Problem(Ending.BAD_PARAMETER, detail);
  }

  static String withoutPort(String host) {
    return host.replaceFirst(":[0-9]*$", "");
  }

  /** In lower case, without a final dot, addresses in one form. */
  private static String normalized(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    // Some servers return an IPv6 address without brackets.
    boolean isBare = lower.contains(":") && !lower.startsWith("[");
    String host = isBare ? "[" + lower + "]" : lower;
    if (!host.startsWith("[")) {
      return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }
    try {
      // With brackets there is no DNS lookup.
      return InetAddress.getByName(host).getHostAddress();
    } catch (UnknownHostException e) {
      return host;
    }
  }

  // DNS rebinding is not possible with an IP address as the host.
  private static boolean isAddress(String name) {
    return name.contains(":") || name.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
  }
}
