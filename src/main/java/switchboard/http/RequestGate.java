package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collections;
import java.util.Enumeration;
import org.jspecify.annotations.Nullable;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.time.Clocks;

/**
 * All checks of a request before it is processed. Code behind the gate relies on them and does not
 * repeat them.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class RequestGate {

  private final String base;
  private final RequestTarget target;
  private final Cors cors;
  private final Origins origins;
  private final Settings settings;
  private final Connections connections;
  private final Authorizer authorizer;
  private final Clocks clocks;

  /**
   * For the channels of an application.
   *
   * @param base the prefix of their paths, below the context path
   */
  public RequestGate(
      String base,
      Settings settings,
      Connections connections,
      Authorizer authorizer,
      Clocks clocks) {
    this.base = base;
    this.target = new RequestTarget(settings, base);
    this.cors = new Cors(settings.get(Settings.CORS_ORIGINS));
    this.origins = new Origins(settings.get(Settings.CORS_ORIGINS));
    this.settings = settings;
    this.connections = connections;
    this.authorizer = authorizer;
    this.clocks = clocks;
  }

  /**
   * Checks a request.
   *
   * @param isFile whether it requests a file that is the same for all clients
   * @return the request as the client sent it to the first proxy, with the client's identity;
   *     {@code null} for a preflight, which is answered by the response's headers
   * @throws Problem if it is refused
   */
  public @Nullable HttpServletRequest admit(
      HttpServletRequest request, HttpServletResponse response, boolean isFile) {
    RequestTarget.CHANNEL_HEADERS.forEach(response::setHeader);
    boolean isPreflight = cors.answer(request, response);
    SlowReaders.refuse(request);
    HttpServletRequest asSent = target.require(request); // path, proxies, host
    if (isFile || !mayHaveBody(asSent)) {
      UnreadBody.refuse(asSent);
    }
    if (isFile) {
      return asSent;
    }
    FetchMetadata.require(asSent);
    if (isPreflight) {
      return null;
    }
    origins.require(asSent);
    requireSmallHeaders(asSent);
    HttpServletRequest readable = withoutMalformedContentType(asSent);
    return identified(readable);
  }

  private static boolean mayHaveBody(HttpServletRequest request) {
    return request.getMethod().equals("POST") || request.getMethod().equals("PUT");
  }

  private HttpServletRequest identified(HttpServletRequest request) {
    if (!WebSocketHandshake.isAskedFor(request)) {
      ClientPrincipal.attachTo(request, Credentials.identify(request, false, authorizer));
      return request;
    }
    // While a response with a status and a retry time is possible.
    WebSocketHandshake.require(request, base, RequestPath.of(request, base));
    ClientPrincipal visitor = visitor(request);
    visitor.attachTo(request);
    return visitor.asPrincipalOf(request);
  }

  // A browser does not show its page the response to a handshake, so an invalid token is
  // reported over the connection, before it is closed.
  private ClientPrincipal visitor(HttpServletRequest request) {
    String address = request.getRemoteAddr();
    Connections.Refusal refusal = connections.refusal(address);
    if (refusal != null) {
      throw Problem.refused(refusal);
    }
    try {
      return new ClientPrincipal(address, Credentials.identify(request, true, authorizer), null);
    } catch (Problem problem) {
      if (problem.ending().retry()) {
        throw problem;
      }
      Caller nobody = new Caller(address, null, null, clocks.elapsed().millis());
      return new ClientPrincipal(address, new Guard(authorizer, nobody), problem);
    }
  }

  private void requireSmallHeaders(HttpServletRequest request) {
    int max = settings.get(Settings.MAX_HEADER_BYTES);
    int size = 0;
    for (Enumeration<String> names = request.getHeaderNames(); names.hasMoreElements(); ) {
      String name = names.nextElement();
      for (Enumeration<String> all = request.getHeaders(name); all.hasMoreElements(); ) {
        size += name.length() + all.nextElement().length();
      }
    }
    if (size > max) {
      throw new Problem(
          Ending.HEADERS_TOO_LARGE,
          "the headers have %d characters, %d are allowed".formatted(size, max));
    }
  }

  // Jersey answers a malformed one with the server's page before it calls a resource. Without a
  // body it must not be a reason for a refusal (PROTOCOL.md §5.2).
  private static HttpServletRequest withoutMalformedContentType(HttpServletRequest request) {
    String contentType = request.getContentType();
    if (contentType == null) {
      return request;
    }
    try {
      new ContentType(contentType);
      return request;
    } catch (IllegalArgumentException e) {
      boolean isAppend = request.getMethod().equals("POST") && request.getContentLengthLong() != 0;
      if (isAppend || request.getMethod().equals("PUT")) {
        throw new Problem(Ending.BAD_PARAMETER, e.getMessage());
      }
    }
    return new HttpServletRequestWrapper(request) {
      @Override
      public @Nullable String getContentType() {
        return null;
      }

      @Override
      public @Nullable String getHeader(String name) {
        return isContentType(name) ? null : super.getHeader(name);
      }

      @Override
      public Enumeration<String> getHeaders(String name) {
        return isContentType(name) ? Collections.emptyEnumeration() : super.getHeaders(name);
      }

      private static boolean isContentType(String name) {
        return name.equalsIgnoreCase("Content-Type");
      }
    };
  }
}
