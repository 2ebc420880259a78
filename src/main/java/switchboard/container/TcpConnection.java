package switchboard.container;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The TCP connection of a request. It can be closed if the client continues to send unwanted data,
 * which the standard API cannot do: after a response, servers read the rest of a body, however long
 * it takes. And it can limit what the server keeps for a client that does not read.
 *
 * <p><b>Threads.</b> Safe, as long as the request has not ended.
 */
public final class TcpConnection {

  private static final Logger LOG = Logger.getLogger(TcpConnection.class.getName());
  private static final Closeable UNKNOWN = () -> {};
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  // Where the server is the one, and has all of the members.
  private static volatile GrizzlyAccess grizzly;
  private static volatile UndertowAccess undertow;

  private TcpConnection() {}

  /** Looks for what the server has, when the application starts. */
  public static void prepare(ServletContext context) {
    prepare(context.getClass());
  }

  static void prepare(Class<?> server) {
    GrizzlyAccess foundGrizzly = null;
    UndertowAccess foundUndertow = null;
    try {
      if (GrizzlyAccess.has(server)) {
        foundGrizzly = new GrizzlyAccess(server.getClassLoader());
      } else if (UndertowAccess.has(server)) {
        foundUndertow = new UndertowAccess(server.getClassLoader());
      }
    } catch (ReflectiveOperationException e) {
      LOG.warning(
          () ->
              "this version of the server is not supported: "
                  + e.getMessage()
                  + ". Only the standard API is used for the connections of requests: the server"
                  + " keeps what a client does not read, and reads the rest of a refused body");
    }
    grizzly = foundGrizzly;
    undertow = foundUndertow;
  }

  /**
   * What ends it, on Payara, GlassFish and WildFly; elsewhere, and where other requests may share
   * it, what does nothing. It stays valid when the request is over.
   */
  public static Closeable of(HttpServletRequest request) {
    if (!request.getProtocol().startsWith("HTTP/1")) {
      return UNKNOWN;
    }
    HttpServletRequest inner = unwrapped(request);
    try {
      if (undertow != null && UndertowAccess.has(inner.getClass())) {
        return undertow.connection(inner);
      }
      if (grizzly != null && GrizzlyAccess.has(inner.getClass())) {
        return ofGrizzly(grizzly, grizzly.connectionOf(inner));
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      unexpectedServer(e);
    }
    return UNKNOWN;
  }

  private static HttpServletRequest unwrapped(HttpServletRequest request) {
    HttpServletRequest inner = request;
    while (inner instanceof HttpServletRequestWrapper wrapper) {
      inner = (HttpServletRequest) wrapper.getRequest();
    }
    return inner;
  }

  /** What ends a connection of Grizzly's. */
  static Closeable ofGrizzly(GrizzlyAccess members, Object tcp) {
    return () -> {
      try {
        members.close(tcp);
      } catch (ReflectiveOperationException e) {
        throw new IOException(e);
      }
    };
  }

  /**
   * Whether the server, which is Payara or GlassFish then, keeps what the client does not read in a
   * queue of this request's connection.
   */
  public static boolean hasWriteQueue(HttpServletRequest request) {
    return GrizzlyAccess.has(unwrapped(request).getClass())
        && request.getProtocol().startsWith("HTTP/1");
  }

  /** Whether the server, which is WildFly then, reads the rest of a body with a thread. */
  public static boolean waitsForBody(HttpServletRequest request) {
    return isUndertow(request);
  }

  private static boolean isUndertow(HttpServletRequest request) {
    return undertow != null
        && UndertowAccess.has(unwrapped(request).getClass())
        && request.getProtocol().startsWith("HTTP/1");
  }

  private static boolean isGrizzly(HttpServletRequest request) {
    return grizzly != null && hasWriteQueue(request);
  }

  /**
   * Whether the client may not have taken the answers to earlier requests: on Payara and GlassFish
   * they are still in the server's queue, on WildFly the client sent the next request before it had
   * this one's answer.
   *
   * @param maxUnreadBytes so many may be in the queue
   */
  public static boolean isBehind(HttpServletRequest request, int maxUnreadBytes) {
    if (isUndertow(request)) {
      try {
        return undertow.hasExtraBytes(unwrapped(request));
      } catch (ReflectiveOperationException | RuntimeException e) {
        unexpectedServer(e);
      }
    }
    return unreadBytes(request) > maxUnreadBytes;
  }

  /**
   * Whether the client disconnected; false if the server does not say so. Requests that it sent
   * before may still be in the buffers of the server.
   */
  public static boolean isOver(HttpServletRequest request) {
    try {
      if (isGrizzly(request)) {
        return !grizzly.isOpen(grizzly.connectionOf(unwrapped(request)));
      }
      if (isUndertow(request)) {
        return !undertow.isOpen(unwrapped(request));
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      unexpectedServer(e);
    }
    return false;
  }

  /**
   * Bytes of responses to earlier requests that the server keeps because the client has not read
   * them; 0 if the server starts no request before that.
   */
  public static int unreadBytes(HttpServletRequest request) {
    if (isGrizzly(request)) {
      try {
        return grizzly.unwrittenBytes(grizzly.connectionOf(unwrapped(request)));
      } catch (ReflectiveOperationException | RuntimeException e) {
        unexpectedServer(e);
      }
    }
    return 0;
  }

  /** Limits what the server keeps for the client of this request, until that is restored. */
  public static WriteQueue boundWriteQueue(HttpServletRequest request) {
    return boundWriteQueue(request, WriteQueue.MAX_BYTES);
  }

  /** The same, but for how much. */
  public static WriteQueue boundWriteQueue(HttpServletRequest request, int bytes) {
    if (isGrizzly(request)) {
      try {
        return WriteQueue.bound(grizzly, grizzly.connectionOf(unwrapped(request)), bytes);
      } catch (ReflectiveOperationException | RuntimeException e) {
        unexpectedServer(e);
      }
    }
    return WriteQueue.UNCHANGED;
  }

  /**
   * The output of a response that goes on, without a buffer on WildFly. That may leave a part of a
   * larger buffer to the next write, and the buffer is from a pool: after a disconnect it was
   * sometimes already in use by another request, whose body was lost. → HandOverIT
   */
  public static ServletOutputStream unbuffered(HttpServletResponse response) throws IOException {
    ServletOutputStream out = response.getOutputStream();
    if (UndertowAccess.has(out.getClass())) {
      response.setBufferSize(1);
    }
    return out;
  }

  // All members are there, but an object is of another type: logged once as a warning, because
  // then it fails for every request, and clients that do not read cost megabytes. Other failures
  // are requests whose client disconnected.
  static void unexpectedServer(Exception e) {
    boolean isAloud =
        e instanceof ReflectiveOperationException && WARNED.compareAndSet(false, true);
    LOG.log(isAloud ? Level.WARNING : Level.FINE, "this version of the server is not supported", e);
  }

  /** Closes it; it may be closed already. */
  public static void disconnect(Closeable connection) {
    try {
      connection.close();
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINEST, "a connection was already closed", e);
    }
  }
}
