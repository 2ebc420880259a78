package switchboard.http;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import switchboard.channel.Counters;
import switchboard.channel.Ending;

/** What JAX-RS itself refuses, and what fails in it, in the words of all other problems. */
@Provider
@Dependent
public class ProblemMapper implements ExceptionMapper<Throwable> {

  @Inject private Counters counters;

  @Override
  public Response toResponse(Throwable e) {
    if (e instanceof NotAllowedException refusal) {
      String allowed = String.valueOf(refusal.getResponse().getHeaderString("Allow"));
      return response(
          new Problem(Ending.METHOD_NOT_ALLOWED, allowed + " are allowed").with("Allow", allowed));
    }
    if (e instanceof WebApplicationException refusal && refusal.getResponse().getStatus() < 500) {
      return refusal.getResponse();
    }
    return response(Problem.of(e));
  }

  private Response response(Problem problem) {
    counters.ended(problem.ending());
    HttpAnswer answer = problem.toAnswer();
    Response.ResponseBuilder response = Response.status(answer.status()).entity(answer.body());
    answer.headers().forEach(response::header);
    return response.build();
  }
}
