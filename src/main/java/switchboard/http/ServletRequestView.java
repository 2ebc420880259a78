package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import switchboard.container.TcpConnection;

/** A request of the Servlet API. */
public final class ServletRequestView extends Request {

  private final HttpServletRequest request;

  /** For a request; {@code base} as for {@link Request}. */
  public ServletRequestView(HttpServletRequest request, String base) {
    super(base);
    this.request = request;
  }

  @Override
  public String method() {
    return request.getMethod();
  }

  @Override
  public String protocol() {
    return request.getProtocol();
  }

  // Payara removes the session from it.
  @Override
  protected String uri() {
    String uri = request.getRequestURI();
    return request.isRequestedSessionIdFromURL() && uri.indexOf(';') < 0 ? uri + ";" : uri;
  }

  @Override
  protected String contextPath() {
    return request.getServletContext().getContextPath();
  }

  @Override
  public @Nullable String query() {
    return request.getQueryString();
  }

  @Override
  public List<String> headers(String name) {
    return Collections.list(request.getHeaders(name));
  }

  @Override
  protected Collection<String> headerNames() {
    return Collections.list(request.getHeaderNames());
  }

  @Override
  public long contentLength() {
    return request.getContentLengthLong();
  }

  @Override
  protected Hop received() {
    return Hop.received(
        request.getRemoteAddr(),
        request.getScheme(),
        request.getHeader("Host"),
        request.getServerName(),
        request.getServerPort(),
        request.getRequestURL().toString());
  }

  @Override
  protected @Nullable String login() {
    return request.getUserPrincipal() == null ? null : request.getUserPrincipal().getName();
  }

  @Override
  protected boolean isInRole(String role) {
    return request.isUserInRole(role);
  }

  @Override
  protected boolean hasLogin() {
    return request.getAuthType() != null;
  }

  @Override
  protected int unreadBytes() {
    return TcpConnection.unreadBytes(request);
  }

  @Override
  protected boolean hasUnreadBody() {
    return UnreadBody.isLeft(request);
  }

  @Override
  protected void disconnect() {
    TcpConnection.disconnect(TcpConnection.of(request));
  }
}
