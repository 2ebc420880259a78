package switchboard.transport;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import switchboard.access.Authorizer;
import switchboard.config.HttpAdapter;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.container.AsyncSupport;
import switchboard.container.BlockingExecutor;
import switchboard.container.FrameWriters;
import switchboard.container.RequestWithoutTrailers;
import switchboard.container.TcpConnection;
import switchboard.container.TyrusUpgrade;
import switchboard.http.AccessEndpoint;
import switchboard.http.Problem;
import switchboard.http.Request;
import switchboard.http.RequestGate;
import switchboard.http.RequestPath;
import switchboard.http.Scripts;
import switchboard.http.ServletHandshake;
import switchboard.http.UnreadBody;
import switchboard.http.WebSocketHandshake;
import switchboard.time.Clocks;

/**
 * The filter for {@code /channels}. Requests that pass the {@link RequestGate} are dispatched:
 * upgrades to {@link WebSocketEndpoint}, all others to {@link ChannelEndpoint}, directly or through
 * {@link ChannelResource} where {@code switchboard.http.adapter} is {@code jax-rs} and JAX-RS can
 * carry it.
 */
public class ChannelFilter extends HttpFilter {

  private static final long serialVersionUID = 1;

  @Inject private transient Connections connections;
  @Inject private transient Authorizer authorizer;
  @Inject private transient Settings settings;
  @Inject private transient Clocks clocks;
  @Inject private transient FrameWriters writers;
  @Inject private transient PendingBodies bodies;
  @Inject private transient BlockingExecutor threads;
  @Inject private transient ChannelEndpoint channel;
  private transient Registration registration;
  private transient RequestGate gate;
  private transient AccessEndpoint access;
  private transient Scripts scripts;
  private transient ServletExchange.Server server;
  private boolean isByJaxRs;

  @Override
  public void init() {
    registration = Registration.of(getFilterConfig());
    // Again, because the servlet of JAX-RS may be registered last.
    registration.requireFree(getServletContext());
    AsyncSupport.prepare(getServletContext());
    TcpConnection.prepare(getServletContext());
    writers.choose(getServletContext(), registration.isEmbedded());
    String base = registration.path();
    isByJaxRs = settings.get(Settings.HTTP_ADAPTER) == HttpAdapter.JAX_RS;
    gate = new RequestGate(settings, connections, authorizer, clocks);
    access = new AccessEndpoint(authorizer, connections, clocks);
    scripts = new Scripts(getServletContext().getClassLoader());
    server =
        ServletExchange.Server.of(base, connections.counters(), bodies, settings, clocks, threads);
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String path = RequestPath.mapped(request, registration.path());
    boolean isScript = registration.isEmbedded() && scripts.has(path);
    if (registration.isEmbedded() && !isScript && !isOurs(path)) {
      chain.doFilter(request, response);
      return;
    }
    AsyncSupport.allow(request);
    HttpServletRequest plain = RequestWithoutTrailers.of(request);
    ServletExchange exchange = new ServletExchange(plain, response, server);
    try {
      if (gate.admit(exchange, isScript)) {
        dispatch(isScript, exchange, plain, response, chain);
      }
    } catch (ServletException e) {
      // Some servers wrap exceptions of an endpoint or a resource in it.
      exchange.fail(Problem.of(e.getRootCause() == null ? e : e.getRootCause()));
    } catch (RuntimeException | Error e) {
      exchange.fail(Problem.of(e));
    }
  }

  private static boolean isOurs(String path) {
    return ChannelEndpoint.isAt(path) || AccessEndpoint.isAt(path);
  }

  private void dispatch(
      boolean isScript,
      ServletExchange exchange,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws IOException, ServletException {
    Request checked = exchange.request();
    String path = checked.path();
    if (isScript) {
      scripts.answer(path, exchange);
    } else if (WebSocketHandshake.isAskedFor(checked)) {
      chain.doFilter(
          TyrusUpgrade.of(ServletHandshake.request(request, checked)),
          ServletHandshake.response(response));
    } else if (AccessEndpoint.isAt(path)) {
      access.handle(exchange);
    } else if (!ChannelEndpoint.isAt(path)) {
      UnreadBody.refuse(checked); // nothing reads it
      chain.doFilter(request, response);
    } else if (isByJaxRs && channel.isPlain(exchange)) {
      chain.doFilter(JaxRsExchange.hand(request, checked), response);
    } else {
      channel.handle(exchange);
    }
  }
}
