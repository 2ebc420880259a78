package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import switchboard.channel.Channels;
import switchboard.channel.Tally;

/** Writes a {@link Problem} as {@code application/problem+json} (RFC 9457). */
@Provider
@Dependent
public class ProblemMapper implements ExceptionMapper<RuntimeException> {

  @Inject private Tally tally;

  @Override
  public Response toResponse(RuntimeException e) {
    if (e instanceof Channels.Refused refused) {
      return response(Problem.of(refused), tally);
    }
    return e instanceof Problem problem
        ? response(problem, tally)
        : FailureMapper.response(e, tally);
  }

  static Response response(Problem problem, Tally tally) {
    tally.ended(problem.ending());
    Response.ResponseBuilder response =
        Response.status(problem.ending().status())
            .header("Content-Type", Problem.MEDIA_TYPE)
            .header("Cache-Control", "no-store")
            .entity(problem.toBytes());
    problem.headers().forEach(response::header);
    return response.build();
  }
}
