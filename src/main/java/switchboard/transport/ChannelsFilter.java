package switchboard.transport;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Pace;
import switchboard.channel.PendingBodies;
import switchboard.channel.Presence;
import switchboard.channel.Transport;
import switchboard.config.Action;
import switchboard.config.Settings;
import switchboard.time.Clocks;

/**
 * The door of {@code /channels}: sets the headers that every answer has, and answers with the
 * Servlet API alone. Upgrades pass on to {@link WebSocketEndpoint}; and where {@code
 * switchboard.poll.fast-path} is off, what needs neither a body nor non-blocking output, as only
 * Servlet has it, passes on to {@link ChannelResource}.
 */
public class ChannelsFilter extends HttpFilter {

  private static final long serialVersionUID = 1;

  @Inject private transient Channels channels;
  @Inject private transient Connections connections;
  @Inject private transient Pace pace;
  @Inject private transient Authorizer authorizer;
  @Inject private transient Settings settings;
  @Inject private transient Clocks clocks;
  @Inject private transient FrameWriters writers;
  @Inject private transient PendingBodies bodies;
  @Inject private transient Presence presence;
  @Inject private transient ManagedThreads threads;
  private transient Registration registration;
  private transient RequestTarget target;
  private transient Scripts scripts;

  @Override
  public void init() {
    registration = Registration.of(getFilterConfig());
    // Once more: the servlet of JAX-RS may be registered last.
    registration.requireFree(getServletContext());
    writers.choose(getServletContext(), registration.isEmbedded());
    target = new RequestTarget(settings, registration.path());
    scripts = new Scripts(getServletContext().getClassLoader());
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    boolean isScript = registration.isEmbedded() && scripts.has(path(request));
    if (registration.isEmbedded() && !isScript && !isOurs(path(request))) {
      chain.doFilter(request, response);
      return;
    }
    AsyncSupport.allow(request);
    request = RequestWithoutTrailers.of(request);
    RequestTarget.CHANNEL_HEADERS.forEach(response::setHeader);
    List<String> origins = settings.get(Settings.CORS_ORIGINS);
    boolean isPreflight = new Cors(origins).answer(request, response);
    try {
      TcpConnection.requireReader(request);
      request = target.require(request);
      if (isScript) {
        scripts.answer(path(request), request, response);
        return;
      }
      FetchMetadata.require(request);
      if (isPreflight) {
        return;
      }
      new Origins(origins).require(request);
      requireSmallHeaders(request);
      request = withoutMalformedContentType(request);
      if (WebSocketHandshake.isAskedFor(request)) {
        upgrade(request, response, chain);
        return;
      }
      Visitor.attachTo(request, Credentials.identify(request, false, authorizer));
      String path = path(request);
      if (!path.startsWith("/channels")) {
        if (HttpAccess.isAt(path)) {
          new HttpAccess(authorizer, connections, clocks, registration.path())
              .answer(path, request, response);
        } else {
          chain.doFilter(request, response);
        }
        return;
      }
      if (request.getMethod().equals("POST")) {
        append(request, response);
        return;
      }
      if (request.getMethod().equals("PUT")) {
        create(request, response);
        return;
      }
      boolean isRead = request.getMethod().equals("GET");
      Query query =
          isRead
              ? Query.parse(request.getQueryString(), settings.get(Settings.MAX_QUERY_BYTES))
              : null;
      if (isRead && ReadRequest.transport(query, Headers.of(request)) == Transport.EVENT_STREAM) {
        startEventStream(request, response, query);
      } else if (!settings.get(Settings.POLL_FAST_PATH) && !registration.isEmbedded()) {
        chain.doFilter(request, response);
      } else if (isRead && !HttpChannel.isPresence(name(request))) {
        read(request, response, query);
      } else {
        answer(request, response);
      }
    } catch (ServletException e) {
      // Some servers put into it what an endpoint or a resource threw.
      fail(e.getRootCause() == null ? e : e.getRootCause(), request, response);
    } catch (RuntimeException | Error e) {
      fail(e, request, response);
    }
  }

  private void fail(Throwable e, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Problem problem = Problem.of(e);
    if (response.isCommitted()) {
      // It is too late for an answer; a part of one must not look like a whole one.
      connections.tally().ended(problem.ending());
      TcpConnection.end(TcpConnection.under(request));
    } else if (!request.isAsyncStarted()) {
      response.resetBuffer();
      refuse(problem, request, response);
      return;
    } else {
      response.resetBuffer();
      connections.tally().ended(problem.ending());
      write(problem, response);
    }
    if (request.isAsyncStarted()) {
      request.getAsyncContext().complete();
    }
  }

  private static boolean isOurs(String path) {
    return path.equals("/channels") || path.startsWith("/channels/") || HttpAccess.isAt(path);
  }

  private void refuse(Problem problem, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    connections.tally().ended(problem.ending());
    if (WebSocketHandshake.isAskedFor(request) && request.getProtocol().startsWith("HTTP/1")) {
      // What the client sent behind it are frames: they must not be read as requests.
      response.setHeader("Connection", "close");
    }
    boolean isEventSource =
        request.getMethod().equals("GET") && ReadRequest.isEventSource(Headers.of(request));
    if (isEventSource && problem.isPassing()) {
      EventStream.comeAgain(problem, response);
    } else {
      held(request, response).answer(problem.toAnswer());
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

  // Before the upgrade, while there can be an answer with a status and a time to come again.
  private void upgrade(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    WebSocketHandshake.require(request, registration.path(), path(request));
    Visitor visitor = visitor(request);
    visitor.attachTo(request);
    HttpServletRequest visited =
        TyrusUpgrade.of(visitor.asPrincipalOf(WebSocketHandshake.plain(request)));
    chain.doFilter(visited, WebSocketHandshake.withoutLocation(response));
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

  private void append(HttpServletRequest request, HttpServletResponse response) throws IOException {
    HttpAppend append =
        HttpAppend.parse(
            Place.find(channels, Visitor.of(request), Action.APPEND, name(request)),
            Headers.of(request));
    receive(request, response, body -> append.answer(body, response));
  }

  private void create(HttpServletRequest request, HttpServletResponse response) throws IOException {
    HttpCreate create = HttpCreate.parse(name(request), request, registration.path());
    receive(request, response, body -> create.answer(channels, body, response));
  }

  private void receive(
      HttpServletRequest request, HttpServletResponse response, IncomingBody.Use use)
      throws IOException {
    Problem.requirePace(connections, pace, request.getRemoteAddr());
    AppendRequest.requirePlain(Headers.of(request));
    IncomingBody.receive(
        request,
        response,
        new IncomingBody.Place(
            bodies,
            settings,
            clocks.ticks(),
            connections.tally(),
            threads.executor(),
            threads.forLargeBodies()),
        body -> {
          requireStillAuthorized(request);
          use.with(body);
        });
  }

  // The body may have come after a while.
  private void requireStillAuthorized(HttpServletRequest request) {
    Problem.requireNotStopping(connections);
    Problem revocation = request.isAsyncStarted() ? Visitor.of(request).revocation() : null;
    if (revocation != null) {
      throw revocation;
    }
  }

  private void read(HttpServletRequest request, HttpServletResponse response, Query query) {
    new HttpRead(channels, connections, settings, clocks, threads.executor())
        .start(name(request), query, request, held(request, response));
  }

  private void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
    held(request, response)
        .answer(
            new HttpChannel(channels, presence)
                .answer(request.getMethod(), name(request), Visitor.of(request)));
  }

  private Held held(HttpServletRequest request, HttpServletResponse response) {
    return new Held.ByServlet(
        request,
        response,
        new PendingAnswer.Place(bodies, settings, clocks.ticks(), connections.tally()));
  }

  private void startEventStream(
      HttpServletRequest request, HttpServletResponse response, Query query) throws IOException {
    ReadRequest read =
        ReadRequest.parse(
            channels,
            Visitor.of(request),
            name(request),
            Transport.EVENT_STREAM,
            query,
            Headers.of(request),
            settings.get(Settings.MAX_CHANNELS_PER_CONNECTION));
    EventStream.start(read, request, response, connections, bodies, settings, clocks);
  }

  // What stands behind /channels/, decoded.
  private String name(HttpServletRequest request) {
    String path = path(request);
    return path.length() <= "/channels/".length() ? "" : path.substring("/channels/".length());
  }

  // Below the application's path and ours, decoded. Servers divide it differently between the two.
  private String path(HttpServletRequest request) {
    String info = request.getPathInfo() == null ? "" : request.getPathInfo();
    String whole = request.getServletPath() + info;
    return whole.startsWith(registration.path())
        ? whole.substring(registration.path().length())
        : "";
  }

  static void write(Problem problem, HttpServletResponse response) throws IOException {
    problem.toAnswer().write(response);
  }
}
