package switchboard.transport;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.Closeable;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Ending;
import switchboard.channel.PendingBodies;

/**
 * The TCP connection of a request, to close it if the client continues to send unwanted data. The
 * standard API cannot do that: after a response, servers read the rest of a body, however long it
 * takes.
 */
final class TcpConnection {

  private static final Logger LOG = Logger.getLogger(TcpConnection.class.getName());
  private static final Closeable UNKNOWN = () -> {};
  private static final AtomicBoolean WAS_SURPRISED = new AtomicBoolean();

  /**
   * Maximum bytes that Grizzly may queue before it is no longer ready. Its default is four times
   * the socket's buffer: 80 WebSockets whose clients did not read used 433 MB of heap. For clients
   * that read, the socket's buffer is sufficient: 10 MB at once took 16 ms in both cases. →
   * SlowReaderIT
   */
  private static final int QUEUE_BYTES = 32 << 10;

  /** With more bytes of earlier responses in Grizzly's queue, no response is added. */
  private static final int MAX_UNREAD_BYTES = 64 << 10;

  private TcpConnection() {}

  /**
   * What ends it, on Payara, GlassFish and WildFly; elsewhere, and where other requests may share
   * it, what does nothing. It stays valid when the request is over.
   */
  static Closeable under(HttpServletRequest request) {
    if (!request.getProtocol().startsWith("HTTP/1")) {
      return UNKNOWN;
    }
    HttpServletRequest inner = unwrapped(request);
    try {
      String name = inner.getClass().getName();
      if (name.startsWith("io.undertow.")) {
        return (Closeable) Inside.call(Inside.call(inner, "getExchange"), "getConnection");
      }
      if (name.startsWith("org.apache.catalina.")) {
        return grizzly(catalinaRequest(inner));
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      surprised(e);
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

  /** What ends the connection under a request of Payara's or GlassFish's own. */
  static Closeable grizzly(Object request) throws ReflectiveOperationException {
    Object tcp = grizzlyConnection(request);
    Method close = Inside.method(tcp, "closeSilently");
    return () -> call(close, tcp);
  }

  /** Whether the server is Payara or GlassFish, and the connection the request's alone. */
  static boolean isGrizzly(HttpServletRequest request) {
    return unwrapped(request).getClass().getName().startsWith("org.apache.catalina.")
        && request.getProtocol().startsWith("HTTP/1");
  }

  /** Whether the server is WildFly, and the connection the request's alone. */
  static boolean isUndertow(HttpServletRequest request) {
    return unwrapped(request).getClass().getName().startsWith("io.undertow.")
        && request.getProtocol().startsWith("HTTP/1");
  }

  /**
   * Whether the client may not have taken the answers to earlier requests: on Payara and GlassFish
   * they are still in the server's queue, on WildFly the client sent the next request before it had
   * this one's answer.
   */
  static boolean isBehind(HttpServletRequest request) {
    if (isUndertow(request)) {
      try {
        Object exchange = Inside.call(unwrapped(request), "getExchange");
        Object tcp = Inside.call(exchange, "getConnection");
        return Inside.method(tcp, "getExtraBytes").invoke(tcp) != null;
      } catch (ReflectiveOperationException | RuntimeException e) {
        surprised(e);
      }
    }
    return unreadBytes(request) > PendingBodies.FREE_BYTES;
  }

  /**
   * Refuses a request of a client that sends requests and does not read the responses, and closes
   * its connection: responses that {@link PendingAnswer} does not send would be queued without
   * limit.
   */
  static void requireReader(HttpServletRequest request) {
    if (unreadBytes(request) > MAX_UNREAD_BYTES) {
      end(under(request));
      throw new Problem(
          Ending.TOO_SLOW, "the client did not read the responses to earlier requests");
    }
  }

  /**
   * Whether the client disconnected; false if the server does not say so. Requests that it sent
   * before may still be in the buffers of the server.
   */
  static boolean isOver(HttpServletRequest request) {
    try {
      if (isGrizzly(request)) {
        return !(boolean)
            Inside.call(grizzlyConnection(catalinaRequest(unwrapped(request))), "isOpen");
      }
      if (isUndertow(request)) {
        Object exchange = Inside.call(unwrapped(request), "getExchange");
        return !(boolean) Inside.call(Inside.call(exchange, "getConnection"), "isOpen");
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      surprised(e);
    }
    return false;
  }

  /**
   * Bytes of responses to earlier requests that the server keeps because the client has not read
   * them; 0 if the server starts no request before that.
   */
  static int unreadBytes(HttpServletRequest request) {
    if (isGrizzly(request)) {
      try {
        Object tcp = grizzlyConnection(catalinaRequest(unwrapped(request)));
        return (int) Inside.call(Inside.call(tcp, "getAsyncWriteQueue"), "spaceInBytes");
      } catch (ReflectiveOperationException | RuntimeException e) {
        surprised(e);
      }
    }
    return 0;
  }

  private static Object grizzlyConnection(Object request) throws ReflectiveOperationException {
    return Inside.call(Inside.call(grizzlyRequest(request), "getRequest"), "getConnection");
  }

  /**
   * Limits what Payara and GlassFish keep for a client that does not read. Other servers keep
   * little, and this only writes.
   */
  static final class WriteQueue {

    /**
     * Grizzly 5 takes it for an attack when a write leaves four times as much waiting as may, and
     * ends the connection; before, this only said when to stop.
     */
    private static final int HARD_LIMIT = 4;

    private final Method set;
    private final Object tcp;
    private final Object before;

    private WriteQueue(Method set, Object tcp, Object before) {
      this.set = set;
      this.tcp = tcp;
      this.before = before;
    }

    /** Writes all of it, however large it is. */
    void write(ServletOutputStream out, byte[] bytes, int from, int length) throws IOException {
      boolean isLarge = tcp != null && length > (HARD_LIMIT - 2) * QUEUE_BYTES;
      if (isLarge) {
        invoke(set, tcp, 2 * QUEUE_BYTES + length / (HARD_LIMIT - 1));
      }
      out.write(bytes, from, length);
      if (isLarge) {
        out.flush();
        invoke(set, tcp, QUEUE_BYTES);
      }
    }

    /** Puts it back as it was, for the next request on this connection. */
    void restore() {
      if (tcp != null) {
        invoke(set, tcp, before);
      }
    }
  }

  /** Has the server keep little for the client of this request. */
  static WriteQueue keepLittleFor(HttpServletRequest request) {
    return keepLittleFor(request, QUEUE_BYTES);
  }

  /** The same, but for how much. */
  static WriteQueue keepLittleFor(HttpServletRequest request, int bytes) {
    if (isGrizzly(request)) {
      try {
        return keepLittleUnder(catalinaRequest(unwrapped(request)), bytes);
      } catch (ReflectiveOperationException | RuntimeException e) {
        surprised(e);
      }
    }
    return new WriteQueue(null, null, null);
  }

  /** The same under a request of Payara's or GlassFish's own. */
  static WriteQueue keepLittleUnder(Object request) throws ReflectiveOperationException {
    return keepLittleUnder(request, QUEUE_BYTES);
  }

  private static WriteQueue keepLittleUnder(Object request, int bytes)
      throws ReflectiveOperationException {
    Object tcp = grizzlyConnection(request);
    Method set = Inside.method(tcp, "setMaxAsyncWriteQueueSize", int.class);
    Object before = Inside.call(tcp, "getMaxAsyncWriteQueueSize");
    invoke(set, tcp, bytes);
    return new WriteQueue(set, tcp, before);
  }

  private static void invoke(Method set, Object tcp, Object bytes) {
    try {
      set.invoke(tcp, bytes);
    } catch (ReflectiveOperationException e) {
      surprised(e);
    }
  }

  // Logged once as a warning if a member does not exist, because then it fails for every
  // request, and clients that do not read cost megabytes. Other failures are requests whose
  // client disconnected.
  private static void surprised(Exception e) {
    boolean isAloud =
        (e instanceof NoSuchMethodException
                || e instanceof NoSuchFieldException
                || e instanceof IllegalAccessException)
            && WAS_SURPRISED.compareAndSet(false, true);
    LOG.log(isAloud ? Level.WARNING : Level.FINE, "this version of the server is not supported", e);
  }

  // By a method, since the field behind it has another name on GlassFish than on Payara.
  private static Object catalinaRequest(HttpServletRequest facade)
      throws ReflectiveOperationException {
    return Inside.call(facade, "getUnwrappedCoyoteRequest");
  }

  private static Object grizzlyRequest(Object request) throws ReflectiveOperationException {
    try {
      return Inside.call(request, "getCoyoteRequest");
    } catch (NoSuchMethodException e) {
      return Inside.call(request, "getGrizzlyRequest"); // as GlassFish renamed it
    }
  }

  private static void call(Method close, Object tcp) throws IOException {
    try {
      close.invoke(tcp);
    } catch (ReflectiveOperationException e) {
      throw new IOException(e);
    }
  }

  /** Closes it; it may be closed already. */
  static void end(Closeable connection) {
    try {
      connection.close();
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINEST, "a connection was already closed", e);
    }
  }
}
