package switchboard.transport;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.OPTIONS;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import switchboard.channel.Counters;

/**
 * The channels as a JAX-RS resource, where {@code switchboard.http.adapter} is {@code jax-rs}. It
 * hands each request to {@link ChannelEndpoint}; {@link ChannelFilter} gives it those that JAX-RS
 * can carry.
 */
// Any path: what is wrong with it is answered here, and not with the server's page for a 404.
@Path("{path: .*}")
// Once, not for each request: making and filling one costs more than an append. What belongs to a
// request, below, the server gives out as proxies.
@ApplicationScoped
public class ChannelResource {

  @Inject private ChannelEndpoint channel;
  @Inject private Counters counters;
  @Context private HttpServletRequest request;

  /** Poll, long poll and presence. */
  @GET
  public void get(@Suspended AsyncResponse response) {
    handle(response);
  }

  /** What the channel is and where it ends. */
  @HEAD
  public void head(@Suspended AsyncResponse response) {
    handle(response);
  }

  /** Removes the channel. */
  @DELETE
  public void delete(@Suspended AsyncResponse response) {
    handle(response);
  }

  /** What may be done. */
  @OPTIONS
  public void options(@Suspended AsyncResponse response) {
    handle(response);
  }

  private void handle(AsyncResponse response) {
    channel.handle(new JaxRsExchange(request, response, counters));
  }
}
