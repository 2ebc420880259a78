package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import switchboard.channel.Tally;

/** What nobody foresaw, and what JAX-RS itself refuses, in the same words as all other problems. */
@Provider
@Dependent
public class FailureMapper implements ExceptionMapper<Throwable> {

  @Inject private Tally tally;

  @Override
  public Response toResponse(Throwable e) {
    return response(e, tally);
  }

  static Response response(Throwable e, Tally tally) {
    if (e instanceof NotAllowedException) {
      // Not as JAX-RS has it, which does not know of appends and creations.
      return ProblemMapper.response(HttpChannel.notAllowed(), tally);
    }
    if (e instanceof WebApplicationException refusal && refusal.getResponse().getStatus() < 500) {
      return refusal.getResponse();
    }
    return ProblemMapper.response(Problem.of(e), tally);
  }
}
