package switchboard.transport;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** Writes a {@link Problem} as {@code application/problem+json} (RFC 9457). */
@Provider
public class ProblemMapper implements ExceptionMapper<RuntimeException> {

  @Override
  public Response toResponse(RuntimeException e) {
    return e instanceof Problem problem ? response(problem) : new FailureMapper().toResponse(e);
  }

  static Response response(Problem problem) {
    Response.ResponseBuilder response =
        Response.status(problem.ending().status())
            .header("Content-Type", Problem.MEDIA_TYPE)
            .header("Cache-Control", "no-store")
            .entity(problem.toBytes());
    problem.headers().forEach(response::header);
    return response.build();
  }
}
