package switchboard.transport;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Counters;
import switchboard.http.Exchange;
import switchboard.http.HttpAnswer;
import switchboard.http.Request;
import switchboard.http.ResponseStream;

/**
 * The JAX-RS adapter: a request that came to a resource. It carries what {@link
 * ChannelEndpoint#isPlain} names; bodies and event streams, which JAX-RS reads and writes only by
 * blocking, go to {@link ServletExchange}.
 */
final class JaxRsExchange extends Exchange {

  private static final Logger LOG = Logger.getLogger(JaxRsExchange.class.getName());

  private static final String CHECKED = "switchboard.request";

  private final AsyncResponse response;
  private final AsyncContext context;

  /** Of a request that {@link #hand} gave to JAX-RS. */
  JaxRsExchange(HttpServletRequest request, AsyncResponse response, Counters counters) {
    super((Request) request.getAttribute(CHECKED), counters);
    this.response = response;
    this.context = request.getAsyncContext();
  }

  /**
   * The request as JAX-RS gets it, with what {@code RequestGate} learned about it. It has no body,
   * and so no content type: Jersey answers a malformed one with the server's page before it calls a
   * resource.
   */
  static HttpServletRequest hand(HttpServletRequest request, Request checked) {
    request.setAttribute(CHECKED, checked);
    return new HttpServletRequestWrapper(request) {
      @Override
      public String getContentType() {
        return null;
      }

      @Override
      public String getHeader(String name) {
        return isContentType(name) ? null : super.getHeader(name);
      }

      @Override
      public Enumeration<String> getHeaders(String name) {
        return isContentType(name) ? Collections.emptyEnumeration() : super.getHeaders(name);
      }

      private static boolean isContentType(String name) {
        return name.equalsIgnoreCase("Content-Type");
      }
    };
  }

  @Override
  public void setHeader(String name, String value) {
    response().setHeader(name, value);
  }

  @Override
  public void addHeader(String name, String value) {
    response().addHeader(name, value);
  }

  private HttpServletResponse response() {
    return (HttpServletResponse) context.getResponse();
  }

  @Override
  protected void suspend() {
    // it is, since it came to a resource with an AsyncResponse
  }

  @Override
  protected void read(Use use) {
    throw new IllegalStateException("JAX-RS receives no body without blocking");
  }

  @Override
  protected ResponseStream open(Map<String, String> headers) {
    throw new IllegalStateException("JAX-RS writes no event stream without blocking");
  }

  @Override
  protected void write(HttpAnswer answer) {
    Response.ResponseBuilder built = Response.status(answer.status()).entity(answer.body());
    answer.headers().forEach(built::header);
    response.resume(built.build());
  }

  // When an application is undeployed, Jersey stops before clients are told, and on Payara the
  // client would wait forever.
  @Override
  protected void writeAtTheEnd(HttpAnswer answer) {
    if (isHeld()) {
      abort(answer);
    } else {
      write(answer);
    }
  }

  @Override
  protected void abort(HttpAnswer failure) {
    try {
      failure.write(response());
      context.complete();
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "a request had already ended", e);
    }
  }
}
