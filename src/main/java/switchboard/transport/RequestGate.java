package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collections;
import java.util.Enumeration;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Connections;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.config.Settings;
import switchboard.time.Clocks;

/**
 * All that is asked of a request before it is anything else. Whatever is behind the gate may rely
 * on it, and asks none of it again.
 *
 * <p><b>Threads.</b> Safe.
 */
final class RequestGate {

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
   * @param base what their paths begin with, below the context path
   */
  RequestGate(
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
   * Lets a request in.
   *
   * @param isFile it asks for a file that is the same for everybody
   * @return the request as the client sent it to the first proxy, with who it comes from; {@code
   *     null} where it was a preflight, which is answered by the response's headers
   * @throws Problem where it is not let in
   */
  HttpServletRequest admit(
      HttpServletRequest request, HttpServletResponse response, boolean isFile) {
    RequestTarget.CHANNEL_HEADERS.forEach(response::setHeader);
    boolean isPreflight = cors.answer(request, response);
    TcpConnection.requireReader(request);
    HttpServletRequest asSent = target.require(request); // path, proxies, host
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

  private HttpServletRequest identified(HttpServletRequest request) {
    if (!WebSocketHandshake.isAskedFor(request)) {
      Visitor.attachTo(request, Credentials.identify(request, false, authorizer));
      return request;
    }
    // While there can be an answer with a status and a time to come again.
    WebSocketHandshake.require(request, base, RequestPath.of(request, base));
    Visitor visitor = visitor(request);
    visitor.attachTo(request);
    return visitor.asPrincipalOf(request);
  }

  // A browser does not show its page the answer to a handshake: what is wrong with a token is said
  // over the connection, before it is closed.
  private Visitor visitor(HttpServletRequest request) {
    String address = request.getRemoteAddr();
    Connections.Refusal refusal = connections.refusal(address);
    if (refusal != null) {
      throw Problem.refused(refusal);
    }
    try {
      return new Visitor(address, Credentials.identify(request, true, authorizer), null);
    } catch (Problem problem) {
      if (problem.ending().retry()) {
        throw problem;
      }
      Caller nobody = new Caller(address, null, null, clocks.elapsed().millis());
      return new Visitor(address, new Guard(authorizer, nobody), problem);
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

  // Jersey answers a malformed one with the server's page before it asks anybody. Where there is no
  // body it must not be a reason to refuse at all (PROTOCOL.md §5.2).
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
      public String getContentType() {
        return null;
      }

      @Override
      public String getHeader(String name) {
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
