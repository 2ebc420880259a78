package host;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** The application's own words for everything that fails in its resources. */
@Provider
public class HostMapper implements ExceptionMapper<Throwable> {

  @Override
  public Response toResponse(Throwable e) {
    int status = e instanceof WebApplicationException known ? known.getResponse().getStatus() : 500;
    return Response.status(status).type("text/plain").entity("the host says: " + status).build();
  }
}
