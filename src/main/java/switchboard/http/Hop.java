package switchboard.http;

import org.jspecify.annotations.Nullable;

/**
 * How a client reached a server: this one, or the first proxy that is trusted.
 *
 * @param address the client's
 * @param scheme {@code http} or {@code https}
 * @param host the server as the client named it, with its port if it has one; {@code null} if it
 *     did not name it
 * @param serverName the same without the port, or as the server knows itself
 * @param serverPort its port
 * @param origin what absolute URLs begin with: {@code https://example.com}
 * @param isPortOfProxy whether the port is a proxy's own, to which another one may be mapped
 */
public record Hop(
    String address,
    String scheme,
    @Nullable String host,
    String serverName,
    int serverPort,
    String origin,
    boolean isPortOfProxy) {

  /**
   * The last hop, to this server.
   *
   * @param url the request's URL as this server understands it; some take it from the request line,
   *     some from {@code Host}
   */
  public static Hop received(
      String address,
      String scheme,
      @Nullable String host,
      String serverName,
      int serverPort,
      String url) {
    int end = url.indexOf('/', url.indexOf("://") + 3);
    String origin = end < 0 ? url : url.substring(0, end);
    return new Hop(address, scheme, host, serverName, serverPort, origin, false);
  }

  public boolean isSecure() {
    return scheme.equals("https");
  }

  int defaultPort() {
    return isSecure() ? 443 : 80;
  }
}
