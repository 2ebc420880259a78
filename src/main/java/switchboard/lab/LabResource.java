package switchboard.lab;

import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.config.Action;
import switchboard.config.Settings;
import switchboard.http.Problem;
import switchboard.time.Clocks;

/**
 * The requests of the page, see {@code docs/reference/lab.md}. Requests that change something use
 * {@code PUT} or {@code DELETE}, which pages of other origins cannot send without a preflight.
 */
@Path("")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
public class LabResource {

  @Inject private Lab lab;
  @Inject private Settings settings;
  @Inject private Clocks clocks;
  @Context private UriInfo uri;
  @Context private HttpServletRequest request;

  /** The current time, the current values, and the limits. */
  @GET
  public Response state() {
    requireOn();
    return answer(
        Json.createObjectBuilder()
            .add("now", MessageSource.millis(clocks.wall().instant()))
            .add("source", lab.source().toJson())
            .add("crowd", lab.crowd().toJson())
            .add("bounds", bounds())
            .build());
  }

  private JsonObject bounds() {
    return Json.createObjectBuilder()
        .add("minRate", MessageSource.MIN_RATE)
        .add("maxRate", MessageSource.MAX_RATE)
        .add("minBytes", MessageSource.MIN_BYTES)
        .add("maxBytes", MessageSource.MAX_BYTES)
        .add("maxReaders", settings.get(Settings.CROWD_MAX_READERS))
        .add("maxSeconds", settings.get(Settings.CROWD_MAX_TIME).toSeconds())
        .add("maxWaitSeconds", settings.get(Settings.LONG_POLL_MAX_WAIT).toSeconds())
        .add("messageMaxBytes", settings.get(Settings.MESSAGE_MAX_BYTES))
        .add("keptMessages", settings.get(Settings.LOG_MAX_MESSAGES))
        .add("pingIntervalMillis", settings.millis(Settings.PING_INTERVAL))
        .add("pongTimeoutMillis", settings.millis(Settings.PONG_TIMEOUT))
        .build();
  }

  /** Sets rate and size of the messages on the lab's channel. */
  @PUT
  @Path("source")
  public Response source() {
    requireOn();
    Parameters given = given();
    double rate = given.number("rate", MessageSource.MIN_RATE, MessageSource.MAX_RATE);
    int bytes = given.whole("bytes", MessageSource.MIN_BYTES, MessageSource.MAX_BYTES);
    lab.source().set(rate, bytes);
    JsonObject set = lab.source().toJson();
    lab.told().tell(Json.createObjectBuilder().add("kind", "source").add("source", set).build());
    return answer(set);
  }

  /**
   * Appends, in a few seconds, more messages than the log keeps and the buffers of a slow reader
   * hold.
   */
  @PUT
  @Path("flood")
  public Response flood() {
    requireOn();
    long room = settings.get(Settings.LOG_MAX_BYTES) / MessageSource.FLOOD_BYTES;
    int kept = (int) Math.min(settings.get(Settings.LOG_MAX_MESSAGES), room);
    int count = (int) Math.min(MessageSource.MAX_FLOOD, kept * 1.2 + MessageSource.BUFFERED);
    lab.source().flood(count);
    return answer(
        Json.createObjectBuilder()
            .add("published", count)
            .add("size", MessageSource.FLOOD_BYTES)
            .add("kept", kept)
            .add("seconds", MessageSource.FLOOD_TIME.toSeconds())
            .build());
  }

  /** Lets a client connect over a transport, with a label, and disappear. */
  @PUT
  @Path("vanish")
  public Response vanish() throws IOException {
    requireOn();
    Parameters given = given();
    Transport transport = given.transport("transport");
    if (transport == Transport.POLL) {
      throw new Problem(
          Ending.BAD_PARAMETER, "transport \"poll\": a poll keeps no connection open");
    }
    String label = given.label("label");
    lab.vanisher().vanish(transport, request.getLocalPort(), channelPath(), label);
    return answer(
        Json.createObjectBuilder()
            .add("label", label)
            .add("staysSeconds", SilentPeers.STAY.toSeconds())
            .build());
  }

  /** Starts a crowd of readers, one transport after the other. */
  @PUT
  @Path("crowd")
  public Response crowd() {
    requireOn();
    lab.crowd().start(given().plan("http://127.0.0.1:" + request.getLocalPort() + channelPath()));
    return Response.accepted().build();
  }

  /** Stops the crowd. */
  @DELETE
  @Path("crowd")
  public Response noCrowd() {
    requireOn();
    lab.crowd().stop();
    return Response.noContent().build();
  }

  private Parameters given() {
    return new Parameters(uri.getQueryParameters(), settings);
  }

  // This server's own address, with the port of the request, never the value of its Host header.
  private String channelPath() {
    return request.getContextPath() + "/channels/" + MessageSource.CHANNEL;
  }

  private void requireOn() {
    if (!lab.isOn()) {
      throw new Problem(Ending.LAB_OFF, Settings.LAB.key() + " is false");
    }
    // The crowd and the page have no token.
    for (Action action : Action.WITH_CHANNELS) {
      if (!settings.get(Settings.OPEN).permit(action, MessageSource.CHANNEL)) {
        throw new Problem(
            Ending.FORBIDDEN,
            "%s does not allow everyone to use the channel \"%s\", which the lab needs"
                .formatted(Settings.OPEN.key(), MessageSource.CHANNEL));
      }
    }
  }

  private static Response answer(JsonObject json) {
    return Response.ok(json.toString()).header("Cache-Control", "no-store").build();
  }
}
