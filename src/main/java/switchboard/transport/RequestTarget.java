package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import switchboard.channel.Ending;
import switchboard.channel.Tally;
import switchboard.config.Settings;

/**
 * Looks at what a request is for, before anything else does: which server it names, and by which
 * path. Whoever is asked for a path asks this first.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class RequestTarget {

  /**
   * What clients append is never a page of this server's origin, nor a script of one: not when it
   * is opened, nor when a page embeds it (Durable Streams PROTOCOL.md §12.7). The sandbox gives a
   * document an origin of its own and no scripts.
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
   * For the paths of an application.
   *
   * @param base what those of Switchboard begin with, below the context path
   */
  public RequestTarget(Settings settings, String base) {
    this.base = base;
    this.settings = settings;
    this.hosts = new Hosts(settings.get(Settings.HOSTS));
  }

  /**
   * The request as the client sent it to the first proxy.
   *
   * @throws Problem where it names another server, or a path in another spelling than its own
   */
  HttpServletRequest require(HttpServletRequest request) {
    try {
      String path = RequestPath.require(request, base);
      HttpServletRequest believed =
          Forwarded.believe(request, settings.get(Settings.TRUSTED_PROXIES));
      hosts.require(request, believed, path.startsWith("/health/"));
      return believed;
    } catch (IllegalStateException | IllegalArgumentException e) {
      // A server may find out only now that it cannot read what was sent. What it says is not
      // passed on: it may quote a token.
      throw new Problem(Ending.BAD_PARAMETER, "the request line or a header is malformed");
    }
  }

  /**
   * The same for the other paths of the application: whether the request is good; else it is
   * answered. Of those of {@link ChannelsFilter}, which asks the rest itself, only the spelling.
   */
  public boolean isGood(HttpServletRequest request, HttpServletResponse response, Tally tally)
      throws IOException {
    try {
      if (!isOfChannels(RequestPath.require(request, base))) {
        TcpConnection.requireReader(request);
        require(request);
      }
      return true;
    } catch (Problem problem) {
      tally.ended(problem.ending());
      CHANNEL_HEADERS.forEach(response::setHeader);
      problem.toAnswer().write(response);
      return false;
    }
  }

  /** Whether a path is one of {@link ChannelsFilter}'s. */
  public static boolean isOfChannels(String path) {
    return path.matches("/(channels|access)(/.*)?");
  }
}
