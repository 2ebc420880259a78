package switchboard.transport;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Counters;
import switchboard.http.HttpAnswer;
import switchboard.http.ResponseStream;
import switchboard.http.ServletRequestExchange;

/**
 * The JAX-RS adapter: a request that came to a resource. It carries what {@link
 * ChannelEndpoint#isPlain} names; bodies and event streams, which JAX-RS reads and writes only by
 * blocking, go to {@link ServletExchange}.
 */
final class JaxRsExchange extends ServletRequestExchange {

  private static final Logger LOG = Logger.getLogger(JaxRsExchange.class.getName());

  private final AsyncResponse response;
  private final AsyncContext context;

  JaxRsExchange(HttpServletRequest request, AsyncResponse response, Counters counters) {
    super(request, "", counters);
    this.response = response;
    this.context = request.getAsyncContext();
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
      failure.write((HttpServletResponse) context.getResponse());
      context.complete();
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "a request had already ended", e);
    }
  }
}
