package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Counters;

/** What an exchange asks of its request, where that is Servlet's. */
public abstract class ServletRequestExchange extends Exchange {

  private final HttpServletRequest request;
  private final String base;

  /**
   * For a request.
   *
   * @param base what the paths of Switchboard begin with, below the context path
   */
  protected ServletRequestExchange(HttpServletRequest request, String base, Counters counters) {
    super(counters);
    this.request = request;
    this.base = base;
  }

  @Override
  public String method() {
    return request.getMethod();
  }

  @Override
  public String path() {
    return RequestPath.of(request, base);
  }

  @Override
  public String query() {
    return request.getQueryString();
  }

  @Override
  public @Nullable String header(String name) {
    return Headers.of(request, name);
  }

  @Override
  public String address() {
    return request.getRemoteAddr();
  }

  @Override
  public Guard guard() {
    return ClientPrincipal.of(request);
  }

  @Override
  public boolean isSecure() {
    return request.isSecure();
  }

  @Override
  public String serverName() {
    return request.getServerName();
  }

  @Override
  public String origin() {
    String url = request.getRequestURL().toString();
    return url.substring(0, url.length() - request.getRequestURI().length());
  }

  @Override
  public String root() {
    return request.getContextPath() + base + "/channels/";
  }
}
