package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import switchboard.channel.Tally;

/** What an exchange asks of its request, where that is Servlet's. */
abstract class ServletRequestExchange extends Exchange {

  private final HttpServletRequest request;
  private final String base;

  /**
   * For a request.
   *
   * @param base what the paths of Switchboard begin with, below the context path
   */
  ServletRequestExchange(HttpServletRequest request, String base, Tally tally) {
    super(tally);
    this.request = request;
    this.base = base;
  }

  @Override
  String method() {
    return request.getMethod();
  }

  @Override
  String path() {
    return RequestPath.of(request, base);
  }

  @Override
  String query() {
    return request.getQueryString();
  }

  @Override
  String header(String name) {
    return Headers.of(request, name);
  }

  @Override
  String address() {
    return request.getRemoteAddr();
  }

  @Override
  Guard guard() {
    return Visitor.of(request);
  }

  @Override
  boolean isSecure() {
    return request.isSecure();
  }

  @Override
  String serverName() {
    return request.getServerName();
  }

  @Override
  String origin() {
    String url = request.getRequestURL().toString();
    return url.substring(0, url.length() - request.getRequestURI().length());
  }

  @Override
  String root() {
    return request.getContextPath() + base + "/channels/";
  }
}
