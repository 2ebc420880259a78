package switchboard.transport;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import switchboard.channel.Channels;
import switchboard.channel.Presence;

/** Who listens to a channel, by way of JAX-RS. */
@Path("{name: [^/]+}/presence")
@ApplicationScoped
public class PresenceResource {

  @Inject private Channels channels;
  @Inject private Presence presence;
  @Context private HttpServletRequest servletRequest;

  /** How many there are and, where the channel tells it, what they call themselves. */
  @GET
  public Response read(@PathParam("name") String name) {
    return Held.ByJaxRs.response(
        new HttpChannel(channels, presence).presence(name, Visitor.of(servletRequest)));
  }
}
