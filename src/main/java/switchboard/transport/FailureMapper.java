package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Ending;
import switchboard.channel.Tally;

/** What nobody foresaw, and what JAX-RS itself refuses, in the same words as all other problems. */
@Provider
@Dependent
public class FailureMapper implements ExceptionMapper<Throwable> {

  private static final Logger LOG = Logger.getLogger(FailureMapper.class.getName());

  /** What may be done with a channel. */
  static final String ALLOWED = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

  @Inject private Tally tally;

  @Override
  public Response toResponse(Throwable e) {
    return response(e, tally);
  }

  static Response response(Throwable e, Tally tally) {
    if (e instanceof NotAllowedException) {
      Problem problem = new Problem(Ending.METHOD_NOT_ALLOWED, ALLOWED + " are allowed");
      // Not as JAX-RS has it, which does not know of appends and creations.
      return ProblemMapper.response(problem.with("Allow", ALLOWED), tally);
    }
    if (e instanceof WebApplicationException refusal && refusal.getResponse().getStatus() < 500) {
      return refusal.getResponse();
    }
    return ProblemMapper.response(problem(e), tally);
  }

  /** What the client is told of what nobody foresaw; the log has the rest. */
  static Problem problem(Throwable e) {
    LOG.log(Level.SEVERE, "a request failed", e);
    return new Problem(Ending.INTERNAL, "the reason is in the server's log");
  }
}
