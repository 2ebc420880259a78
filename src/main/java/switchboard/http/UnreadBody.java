package switchboard.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.container.TcpConnection;

/**
 * The body of a request that is answered without it. At the end of a request WildFly waits for the
 * rest of its body, for as long as that takes, with one of its few threads. So the connection is
 * closed first, when the client has had time to read the answer.
 *
 * <p><b>Threads.</b> One: the clock's.
 */
public final class UnreadBody implements PendingBodies.PendingBody {

  private static final Logger LOG = Logger.getLogger(UnreadBody.class.getName());
  private static final int MAX_DISCARDED_BYTES = 64 << 10;

  private final PendingBodies bodies;
  private final AsyncContext context;
  private final Closeable connection;
  private boolean isSeen;

  private UnreadBody(PendingBodies bodies, AsyncContext context, Closeable connection) {
    this.bodies = bodies;
    this.context = context;
    this.connection = connection;
  }

  /**
   * Whether the server would wait for the rest of the body. What has arrived of it is discarded, so
   * nothing may read it afterwards.
   */
  public static boolean isLeft(HttpServletRequest request) {
    if (!TcpConnection.waitsForBody(request) || !isAnnounced(request) || isHeldBack(request)) {
      return false;
    }
    try {
      ServletInputStream in = request.getInputStream();
      byte[] unwanted = new byte[4_096];
      int discarded = 0;
      while (discarded < MAX_DISCARDED_BYTES && in.available() > 0) {
        discarded += Math.max(1, in.read(unwanted, 0, Math.min(in.available(), unwanted.length)));
      }
      return !in.isFinished();
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "the client disconnected", e);
      return false;
    }
  }

  private static boolean isAnnounced(HttpServletRequest request) {
    return request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
  }

  // A read would ask the client for it; without one, Undertow itself ends the connection.
  private static boolean isHeldBack(HttpServletRequest request) {
    return request.getProtocol().equals("HTTP/1.1")
        && "100-continue".equalsIgnoreCase(request.getHeader("Expect"));
  }

  /**
   * Refuses a request whose body has no use, unless it has arrived with the headers.
   *
   * @throws Problem {@link Ending#BAD_MESSAGE}
   */
  public static void refuse(Request request) {
    if (request.hasUnreadBody()) {
      throw new Problem(
          Ending.BAD_MESSAGE,
          "%s has a body that has not arrived; it needs none".formatted(request.method()));
    }
  }

  /** Answers such a request, and closes its connection one or two seconds later. */
  public static void answer(
      HttpAnswer answer,
      HttpServletRequest request,
      HttpServletResponse response,
      PendingBodies bodies) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    UnreadBody unread = new UnreadBody(bodies, context, TcpConnection.of(request));
    bodies.add(unread); // first: the client may not read, and writing may block
    try {
      response.setHeader("Connection", "close");
      answer.write(response);
      response.flushBuffer();
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "the client disconnected before its response", e);
    }
  }

  @Override
  public void tick(long nowMillis) {
    if (isSeen) {
      end(Ending.BAD_MESSAGE);
    }
    isSeen = true;
  }

  @Override
  public void end(Ending ending) {
    bodies.remove(this);
    TcpConnection.disconnect(connection);
    try {
      context.complete();
    } catch (IllegalStateException e) {
      LOG.log(Level.FINEST, "already completed by the container", e);
    }
  }
}
