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
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.Presence;
import switchboard.config.Settings;
import switchboard.time.Clocks;

/**
 * A channel over HTTP by way of JAX-RS: the Durable Streams protocol at {@code /channels/{name}},
 * where {@code switchboard.poll.fast-path} is off. Creations, appends and event streams at the same
 * URL are always taken by {@link ChannelsFilter}, WebSockets by {@link WebSocketEndpoint}.
 */
// Any path: a name with a slash gets the answer for a bad name, not the server's page for a 404.
// The empty path reads several channels.
@Path("{name: .*}")
// Once, not for each request: making and filling one costs more than an append. What belongs to a
// request, below, the server gives out as proxies.
@ApplicationScoped
public class ChannelResource {

  @Inject private Channels channels;
  @Inject private Presence presence;
  @Inject private Connections connections;
  @Inject private Settings settings;
  @Inject private Clocks clocks;
  @Inject private ManagedThreads threads;
  @Context private UriInfo uri;
  @Context private HttpServletRequest servletRequest;

  /** Poll and long poll (PROTOCOL.md §5.6, §5.7). */
  @GET
  public void read(@PathParam("name") String name, @Suspended AsyncResponse response) {
    Query query =
        Query.parse(uri.getRequestUri().getRawQuery(), settings.get(Settings.MAX_QUERY_BYTES));
    new HttpRead(channels, connections, settings, clocks, threads.executor())
        .start(
            name,
            query,
            servletRequest,
            new Held.ByJaxRs(response, servletRequest.getAsyncContext()));
  }

  /** What the channel is and where it ends. */
  @HEAD
  public Response metadata(@PathParam("name") String name) {
    return Held.ByJaxRs.response(channel().metadata(name, guard()));
  }

  /** Removes the channel. */
  @DELETE
  public Response delete(@PathParam("name") String name) {
    return Held.ByJaxRs.response(channel().delete(name, guard()));
  }

  /** What may be done; JAX-RS alone would not know of appends and creations. */
  @OPTIONS
  public Response methods() {
    return Held.ByJaxRs.response(HttpChannel.methods());
  }

  private HttpChannel channel() {
    return new HttpChannel(channels, presence);
  }

  private Guard guard() {
    return Visitor.of(servletRequest);
  }
}
