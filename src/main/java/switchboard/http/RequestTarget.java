package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.config.Settings;
import switchboard.container.TcpConnection;

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
  private final String base;
  private final Hosts hosts;

  /**
   * For an application.
   *
   * @param base the prefix of Switchboard's paths, below the context path
   */
  public RequestTarget(Settings settings, String base) {
    this.base = base;
    this.settings = settings;
    this.hosts = new Hosts(settings.get(Settings.HOSTS));
  }

  /**
   * The request as the client sent it to the first proxy.
   *
   * @throws Problem if the host is another one, or the path is not in its only spelling
   */
  HttpServletRequest require(HttpServletRequest request) {
    try {
      String path = RequestPath.require(request, base);
      HttpServletRequest believed =
          Forwarded.believe(request, settings.get(Settings.TRUSTED_PROXIES));
      hosts.require(request, believed, path.startsWith("/health/"));
      return believed;
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
  public boolean isGood(HttpServletRequest request, HttpServletResponse response, Counters counters)
      throws IOException {
    try {
      if (!isOfChannels(RequestPath.require(request, base))) {
        SlowReaders.refuse(request);
        UnreadBody.refuse(request);
        require(request);
      }
      return true;
    } catch (Problem problem) {
      counters.ended(problem.ending());
      CHANNEL_HEADERS.forEach(response::setHeader);
      problem.toAnswer().write(response);
      if (UnreadBody.isLeft(request)) {
        response.flushBuffer();
        TcpConnection.disconnect(TcpConnection.of(request));
      }
      return false;
    }
  }

  /** Whether a path is one of {@code ChannelFilter}'s. */
  public static boolean isOfChannels(String path) {
    return path.matches("/(channels|access)(/.*)?");
  }
}
