package switchboard.transport;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import switchboard.channel.Attendance;
import switchboard.channel.Channel;
import switchboard.channel.Channels;
import switchboard.channel.Presence;
import switchboard.channel.Transport;
import switchboard.config.Action;

/** Who listens to a channel, at all servers and by whichever transport. */
@Path("{name: [^/]+}/presence")
@ApplicationScoped
public class PresenceResource {

  @Inject private Channels channels;
  @Inject private Presence presence;
  @Context private HttpServletRequest servletRequest;

  /** How many there are and, where the channel tells it, what they call themselves. */
  @GET
  public Response read(@PathParam("name") String name) {
    Channel channel = Place.find(channels, Visitor.of(servletRequest), Action.READ, name);
    Attendance attendance = attendance(channel);
    JsonObjectBuilder transports = Json.createObjectBuilder();
    for (Transport transport : Transport.values()) {
      transports.add(transport.key(), attendance.counts().getOrDefault(transport, 0));
    }
    JsonObjectBuilder json =
        Json.createObjectBuilder()
            .add("present", attendance.present())
            .add("transports", transports);
    if (presence.tellsMembers(channel.name())) {
      json.add("members", Json.createArrayBuilder(attendance.members()));
    }
    return Response.ok(json.build().toString(), "application/json")
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .build();
  }

  private Attendance attendance(Channel channel) {
    try {
      return presence.of(channel);
    } catch (Channels.Refused refused) {
      throw Problem.of(refused);
    }
  }
}
