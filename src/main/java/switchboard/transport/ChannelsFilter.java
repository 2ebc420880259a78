package switchboard.transport;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.InstantSource;
import java.util.function.UnaryOperator;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.config.Settings;

/**
 * The door of {@code /channels}: sets the headers that every answer has, and takes the requests for
 * event streams, which are written without blocking as only Servlet can. All others pass on, to
 * {@link ChannelResource} or {@link WebSocketEndpoint}.
 */
@WebFilter(urlPatterns = "/channels/*", asyncSupported = true)
public class ChannelsFilter extends HttpFilter {

  private static final long serialVersionUID = 1;

  @Inject private transient Channels channels;
  @Inject private transient Connections connections;
  @Inject private transient Settings settings;
  @Inject private transient InstantSource clock;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    // PROTOCOL.md §12.7: what a channel says must not be taken for a page or a script.
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    try {
      requireContentTypeSyntax(request.getContentType());
      if (!request.getMethod().equals("GET") || isUpgrade(request)) {
        chain.doFilter(request, response);
        return;
      }
      Query query = Query.parse(request.getQueryString());
      if (ReadRequest.transport(query, request::getHeader) != Transport.EVENT_STREAM) {
        chain.doFilter(request, response);
        return;
      }
      startEventStream(request, response, query);
    } catch (Problem problem) {
      write(problem, response);
    }
  }

  // Jersey answers a malformed one with the server's page before it asks anybody.
  private static void requireContentTypeSyntax(String contentType) {
    if (contentType != null) {
      Problem.orElse(Ending.BAD_PARAMETER, () -> new ContentType(contentType));
    }
  }

  private static boolean isUpgrade(HttpServletRequest request) {
    if (!"websocket".equalsIgnoreCase(request.getHeader("Upgrade"))) {
      return false;
    }
    // RFC 6455 §4.2.1. Tyrus would let it pass as an ordinary request, a poll.
    if (request.getHeader("Sec-WebSocket-Key") == null) {
      throw new Problem(Ending.BAD_UPGRADE, "Sec-WebSocket-Key is missing");
    }
    return true;
  }

  private void startEventStream(
      HttpServletRequest request, HttpServletResponse response, Query query) throws IOException {
    UnaryOperator<String> header = request::getHeader;
    String name = request.getPathInfo() != null ? request.getPathInfo() : name(request);
    ReadRequest read =
        ReadRequest.parse(channels, name.substring(1), Transport.EVENT_STREAM, query, header);
    EventStream.start(read, request, response, connections, settings, clock);
  }

  // The path behind /channels, decoded; where a filter's request has no path info (it is mapped by
  // the JAX-RS servlet behind it), the servlet path has all of it.
  private static String name(HttpServletRequest request) {
    return request.getServletPath().substring("/channels".length());
  }

  private static void write(Problem problem, HttpServletResponse response) throws IOException {
    response.setStatus(problem.ending().status());
    problem.headers().forEach(response::setHeader);
    response.setHeader("Cache-Control", "no-store");
    response.setContentType(Problem.MEDIA_TYPE);
    response.getOutputStream().write(problem.toBytes());
  }
}
