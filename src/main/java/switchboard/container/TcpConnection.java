package switchboard.container;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.lang.reflect.Method;
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

  private TcpConnection() {}

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
      if (UndertowAccess.has(inner)) {
        return UndertowAccess.connection(inner);
      }
      if (GrizzlyAccess.has(inner)) {
        return ofGrizzly(grizzly(inner));
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

  private static Object grizzly(HttpServletRequest facade) throws ReflectiveOperationException {
    return GrizzlyAccess.connection(GrizzlyAccess.request(facade));
  }

  /** What ends a connection of Grizzly's. */
  static Closeable ofGrizzly(Object tcp) throws ReflectiveOperationException {
    Method close = GrizzlyAccess.close(tcp);
    return () -> call(close, tcp);
  }

  /**
   * Whether the server, which is Payara or GlassFish then, keeps what the client does not read in a
   * queue of this request's connection.
   */
  public static boolean hasWriteQueue(HttpServletRequest request) {
    return GrizzlyAccess.has(unwrapped(request)) && request.getProtocol().startsWith("HTTP/1");
  }

  /** Whether the server, which is WildFly then, reads the rest of a body with a thread. */
  public static boolean waitsForBody(HttpServletRequest request) {
    return UndertowAccess.has(unwrapped(request)) && request.getProtocol().startsWith("HTTP/1");
  }

  /**
   * Whether the client may not have taken the answers to earlier requests: on Payara and GlassFish
   * they are still in the server's queue, on WildFly the client sent the next request before it had
   * this one's answer.
   *
   * @param maxUnreadBytes so many may be in the queue
   */
  public static boolean isBehind(HttpServletRequest request, int maxUnreadBytes) {
    HttpServletRequest inner = unwrapped(request);
    if (UndertowAccess.has(inner) && request.getProtocol().startsWith("HTTP/1")) {
      try {
        return UndertowAccess.hasExtraBytes(inner);
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
      HttpServletRequest inner = unwrapped(request);
      if (hasWriteQueue(request)) {
        return !GrizzlyAccess.isOpen(grizzly(inner));
      }
      if (UndertowAccess.has(inner) && request.getProtocol().startsWith("HTTP/1")) {
        return !UndertowAccess.isOpen(inner);
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
    if (hasWriteQueue(request)) {
      try {
        return GrizzlyAccess.unwrittenBytes(grizzly(unwrapped(request)));
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
    if (hasWriteQueue(request)) {
      try {
        return WriteQueue.bound(grizzly(unwrapped(request)), bytes);
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
    if (UndertowAccess.has(out)) {
      response.setBufferSize(1);
    }
    return out;
  }

  // Logged once as a warning if a member does not exist, because then it fails for every
  // request, and clients that do not read cost megabytes. Other failures are requests whose
  // client disconnected.
  static void unexpectedServer(Exception e) {
    boolean isAloud =
        (e instanceof NoSuchMethodException
                || e instanceof NoSuchFieldException
                || e instanceof IllegalAccessException)
            && WARNED.compareAndSet(false, true);
    LOG.log(isAloud ? Level.WARNING : Level.FINE, "this version of the server is not supported", e);
  }

  private static void call(Method close, Object tcp) throws IOException {
    try {
      close.invoke(tcp);
    } catch (ReflectiveOperationException e) {
      throw new IOException(e);
    }
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
