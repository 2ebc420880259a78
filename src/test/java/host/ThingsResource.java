package host;

import jakarta.inject.Inject;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.time.Instant;
import java.time.InstantSource;

/** {@code /api/things}. */
@Path("things")
public class ThingsResource {

  @Inject private InstantSource clock;

  @GET
  public String all() {
    return "all things, of " + clock.instant();
  }

  @GET
  @Path("fail")
  public String fail() {
    throw new IllegalStateException("a thing failed at " + Instant.EPOCH);
  }

  @POST
  public String add(@FormParam("name") String name) {
    return "added " + name;
  }
}
