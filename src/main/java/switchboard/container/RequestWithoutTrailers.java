package switchboard.container;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A request whose trailer fields are not header fields (RFC 9110 §6.5.1). Payara and GlassFish add
 * them to the header fields when they read them: at the end of the body, and for an empty body in
 * the same packet before the application gets the request.
 */
public final class RequestWithoutTrailers extends HttpServletRequestWrapper {

  private final Map<String, String> trailers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  /** The request with its current header fields; the same request if there can be no trailer. */
  public static HttpServletRequest of(HttpServletRequest request) {
    boolean mayHaveSome =
        request.getHeader("Transfer-Encoding") != null
            || !request.getProtocol().startsWith("HTTP/1");
    // Undertow keeps them separate.
    boolean isApart = UndertowAccess.has(request.getServletContext().getClass());
    if (!mayHaveSome || isApart || !request.isTrailerFieldsReady()) {
      return request;
    }
    Map<String, String> trailers = request.getTrailerFields();
    return trailers.isEmpty() ? request : new RequestWithoutTrailers(request, trailers);
  }

  private RequestWithoutTrailers(HttpServletRequest request, Map<String, String> trailers) {
    super(request);
    this.trailers.putAll(trailers);
  }

  private List<String> headers(String name) {
    List<String> values = Collections.list(super.getHeaders(name));
    int trailer = values.lastIndexOf(trailers.get(name));
    if (trailer >= 0) {
      values.remove(trailer);
    }
    return values;
  }

  @Override
  public String getHeader(String name) {
    return headers(name).stream().findFirst().orElse(null);
  }

  @Override
  public Enumeration<String> getHeaders(String name) {
    return Collections.enumeration(headers(name));
  }

  @Override
  public Enumeration<String> getHeaderNames() {
    return Collections.enumeration(
        Collections.list(super.getHeaderNames()).stream()
            .filter(name -> !headers(name).isEmpty())
            .toList());
  }

  @Override
  public String getContentType() {
    return getHeader("Content-Type");
  }
}
