package switchboard.transport;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.OPTIONS;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.InstantSource;
import switchboard.channel.Channel;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.config.Action;
import switchboard.config.Settings;

/**
 * A channel over HTTP: the Durable Streams protocol at {@code /channels/{name}}. Creations, appends
 * and event streams at the same URL are taken by {@link ChannelsFilter}, WebSockets by {@link
 * WebSocketEndpoint}.
 */
// Any path: a name with a slash gets the answer for a bad name, not the server's page for a 404.
// The
// empty one is for readers of several channels.
@Path("{name: .*}")
// Once, not for each request: making and filling one costs more than an append. What belongs to a
// request, below, the server gives out as proxies.
@ApplicationScoped
public class ChannelResource {

  @Inject private Channels channels;
  @Inject private Connections connections;
  @Inject private Settings settings;
  @Inject private InstantSource clock;
  @Inject private ManagedThreads threads;
  @Context private UriInfo uri;
  @Context private HttpServletRequest servletRequest;

  /**
   * Poll and long poll (PROTOCOL.md §5.6, §5.7), where {@link ChannelsFilter} leaves them to
   * JAX-RS.
   */
  @GET
  public void read(@PathParam("name") String name, @Suspended AsyncResponse response) {
    Query query =
        Query.parse(uri.getRequestUri().getRawQuery(), settings.get(Settings.MAX_QUERY_BYTES));
    new HttpRead(channels, connections, settings, clock, threads.executor())
        .start(
            name,
            query,
            servletRequest,
            new Held.ByJaxRs(response, servletRequest.getAsyncContext()));
  }

  /** What the channel is and where it ends (PROTOCOL.md §5.5). */
  @HEAD
  public Response metadata(@PathParam("name") String name) {
    Channel channel = Place.find(channels, Visitor.of(servletRequest), Action.READ, name);
    Response.ResponseBuilder response = metadata(Response.ok(), channel);
    if (channel.lifetime().ttl() != null) {
      response.header(Headers.TTL, channel.lifetime().written());
    } else if (channel.lifetime().expiresAt() != null) {
      response.header(Headers.EXPIRES_AT, channel.lifetime().written());
    }
    return response.header(HttpHeaders.CACHE_CONTROL, "no-store").build();
  }

  private static Response.ResponseBuilder metadata(
      Response.ResponseBuilder response, Channel channel) {
    response
        .header(HttpHeaders.CONTENT_TYPE, channel.contentType().value())
        .header(Headers.NEXT_OFFSET, channel.end());
    return channel.isClosed() ? response.header(Headers.CLOSED, Headers.TRUE) : response;
  }

  /** Removes the channel; those who listen are told (PROTOCOL.md §5.4). */
  @DELETE
  public Response delete(@PathParam("name") String name) {
    Channel channel = Place.find(channels, Visitor.of(servletRequest), Action.DELETE, name);
    channels.delete(channel.name());
    return Response.noContent().build();
  }

  /** What may be done; JAX-RS alone would not know of appends and creations. */
  @OPTIONS
  public Response methods() {
    return Response.ok(FailureMapper.ALLOWED, "text/plain")
        .header("Allow", FailureMapper.ALLOWED)
        .build();
  }
}
