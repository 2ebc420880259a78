package switchboard.http;

import org.jspecify.annotations.Nullable;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.time.Clocks;

/**
 * All checks of a request before it is processed, for every adapter. Code behind the gate relies on
 * them and does not repeat them.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class RequestGate {

  private final RequestTarget target;
  private final Cors cors;
  private final Origins origins;
  private final Settings settings;
  private final Connections connections;
  private final Authorizer authorizer;
  private final Clocks clocks;

  /** For the channels of an application. */
  public RequestGate(
      Settings settings, Connections connections, Authorizer authorizer, Clocks clocks) {
    this.target = new RequestTarget(settings);
    this.cors = new Cors(settings.get(Settings.CORS_ORIGINS));
    this.origins = new Origins(settings.get(Settings.CORS_ORIGINS));
    this.settings = settings;
    this.connections = connections;
    this.authorizer = authorizer;
    this.clocks = clocks;
  }

  /**
   * Checks a request, from what costs and reveals least to what costs and reveals most. Afterwards
   * it is known who the client is and how it sent the request to the first proxy.
   *
   * @param isFile whether it requests a file that is the same for all clients
   * @return false for a preflight, which is answered
   * @throws Problem if the request is refused
   */
  public boolean admit(Exchange exchange, boolean isFile) {
    Request request = exchange.request();
    RequestTarget.CHANNEL_HEADERS.forEach(exchange::setHeader);
    boolean isPreflight = cors.allow(exchange);
    SlowReaders.refuse(request);
    target.require(request); // path, host, proxies
    if (isFile || !mayHaveBody(request)) {
      UnreadBody.refuse(request);
    }
    if (isFile) {
      return true;
    }
    FetchMetadata.require(request);
    if (isPreflight) {
      exchange.answer(Cors.PREFLIGHT);
      return false;
    }
    origins.require(request);
    requireSmallHeaders(request);
    requireContentType(request);
    if (WebSocketHandshake.isAskedFor(request)) {
      WebSocketHandshake.require(request); // while a response with a status is possible
      requireRoom(request);
    }
    identify(request);
    return true;
  }

  private static boolean mayHaveBody(Request request) {
    return request.method().equals("POST") || request.method().equals("PUT");
  }

  private void requireSmallHeaders(Request request) {
    int max = settings.get(Settings.MAX_HEADER_BYTES);
    int size = 0;
    for (String name : request.headerNames()) {
      for (String line : request.headers(name)) {
        size += name.length() + line.length();
      }
    }
    if (size > max) {
      throw new Problem(
          Ending.HEADERS_TOO_LARGE,
          "the headers have %d characters, %d are allowed".formatted(size, max));
    }
  }

  // Without a body it must not be a reason for a refusal (PROTOCOL.md §5.2).
  private static void requireContentType(Request request) {
    String contentType = request.header("Content-Type");
    try {
      if (contentType != null) {
        new ContentType(contentType);
      }
    } catch (IllegalArgumentException e) {
      boolean isAppend = request.method().equals("POST") && request.contentLength() != 0;
      if (isAppend || request.method().equals("PUT")) {
        throw new Problem(Ending.BAD_PARAMETER, e.getMessage());
      }
      request.ignoreContentType();
    }
  }

  private void requireRoom(Request request) {
    Connections.Refusal refusal = connections.refusal(request.address());
    if (refusal != null) {
      throw Problem.refused(refusal);
    }
  }

  private void identify(Request request) {
    boolean isUpgrade = WebSocketHandshake.isAskedFor(request);
    try {
      request.identify(client(request, Credentials.identify(request, isUpgrade, authorizer), null));
    } catch (Problem problem) {
      if (!isUpgrade || problem.ending().retry()) {
        throw problem;
      }
      // A browser does not show its page the response to a handshake, so an invalid token is
      // reported over the connection, before it is closed.
      Caller nobody = new Caller(request.address(), null, null, clocks.elapsed().millis());
      request.identify(client(request, new Guard(authorizer, nobody), problem));
    }
  }

  private static ClientPrincipal client(Request request, Guard guard, @Nullable Problem refusal) {
    return new ClientPrincipal(request.address(), request.channel(), guard, refusal);
  }
}
