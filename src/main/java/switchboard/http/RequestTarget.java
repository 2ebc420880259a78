package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.config.Settings;

/**
 * Checks the target of a request before everything else: the host and the path. All filters and
 * servlets call it first.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class RequestTarget {

  /**
   * Content of a channel must never run as a page or script of this server's origin, whether it is
   * opened or embedded (Durable Streams PROTOCOL.md §12.7). The sandbox gives a document a separate
   * origin and no scripts.
   */
  static final Map<String, String> CHANNEL_HEADERS =
      Map.of(
          "Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'",
          "X-Content-Type-Options", "nosniff",
          "Cross-Origin-Resource-Policy", "cross-origin");

  private final Settings settings;
  private final Hosts hosts;

  /** For an application. */
  public RequestTarget(Settings settings) {
    this.settings = settings;
    this.hosts = new Hosts(settings.get(Settings.HOSTS));
  }

  /**
   * Checks the path and the host, and learns how the client sent the request to the first proxy.
   *
   * @throws Problem if the host is another one, or the path is not in its only spelling
   */
  void require(Request request) {
    try {
      String path = request.path();
      Hosts.requireValid(request);
      request.believe(Forwarded.first(request, settings.get(Settings.TRUSTED_PROXIES)));
      hosts.require(request.sent(), path.startsWith("/health/"));
    } catch (IllegalStateException | IllegalArgumentException e) {
      // A server may detect only now that the request is malformed. Its message is not passed
      // on, because it may quote a token.
      throw new Problem(Ending.BAD_PARAMETER, "the request line or a header is malformed");
    }
  }

  /**
   * The same for the other paths of the application: true if the request is valid; otherwise it is
   * answered. For the paths of {@code ChannelFilter}, which checks the rest itself, only the
   * spelling is checked.
   */
  public boolean isGood(
      HttpServletRequest servletRequest, HttpServletResponse response, Counters counters)
      throws IOException {
    Request request = new ServletRequestView(servletRequest, "");
    try {
      if (!isOfChannels(request.path())) {
        SlowReaders.refuse(request);
        UnreadBody.refuse(request);
        require(request);
      }
      return true;
    } catch (Problem problem) {
      counters.ended(problem.ending());
      CHANNEL_HEADERS.forEach(response::setHeader);
      problem.toAnswer().write(response);
      if (request.hasUnreadBody()) {
        response.flushBuffer();
        request.disconnect();
      }
      return false;
    }
  }

  /** Whether a path is one of {@code ChannelFilter}'s. */
  public static boolean isOfChannels(String path) {
    return path.matches("/(channels|access)(/.*)?");
  }
}
