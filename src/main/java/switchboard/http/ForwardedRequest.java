package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;

/** A request as the client sent it to the first proxy. */
final class ForwardedRequest extends HttpServletRequestWrapper {

  private final Forwarded forwarded;

  ForwardedRequest(HttpServletRequest request, Forwarded forwarded) {
    super(request);
    this.forwarded = forwarded;
  }

  @Override
  public String getRemoteAddr() {
    return forwarded.address() == null ? super.getRemoteAddr() : forwarded.address();
  }

  @Override
  public String getScheme() {
    return forwarded.scheme() == null ? super.getScheme() : forwarded.scheme();
  }

  @Override
  public boolean isSecure() {
    return getScheme().equals("https");
  }

  @Override
  public String getServerName() {
    String host = host();
    return host == null ? super.getServerName() : Hosts.withoutPort(host);
  }

  @Override
  public int getServerPort() {
    String host = host();
    if (host == null) {
      return super.getServerPort();
    }
    int colon = host.lastIndexOf(':');
    boolean hasPort = colon > host.lastIndexOf(']') && colon + 1 < host.length();
    if (hasPort) {
      return Integer.parseInt(host.substring(colon + 1));
    }
    return forwarded.port() > 0 ? forwarded.port() : defaultPort();
  }

  /** Whether the port is the proxy's own, to which another one may be mapped. */
  boolean isPortOfProxy() {
    String host = host();
    return host != null && forwarded.port() > 0 && !host.matches(".*:[0-9]+");
  }

  private int defaultPort() {
    return isSecure() ? 443 : 80;
  }

  // The forwarded value, if the proxy sends no other one.
  String host() {
    return forwarded.host() == null ? getHeader("Host") : forwarded.host();
  }

  @Override
  public StringBuffer getRequestURL() {
    StringBuffer url = new StringBuffer();
    url.append(getScheme()).append("://").append(getServerName());
    if (getServerPort() != defaultPort()) {
      url.append(':').append(getServerPort());
    }
    return url.append(getRequestURI());
  }
}
