package switchboard.container;

import jakarta.servlet.http.WebConnection;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The members of Tyrus, and of the server's connection under it, that are used here. Read in Payara
 * 6.2024.8 and 6.2025.10, and in GlassFish 7.
 */
final class TyrusAccess {

  private static final String TYRUS = "org.glassfish.tyrus.";

  // From a session to what writes for it.
  private static final String WEB_SOCKET = "webSocket";
  private static final String PROTOCOL_HANDLER = "protocolHandler";
  private static final String WRITER = "writer";

  // Of the writer.
  private static final String QUEUE = "queue";
  private static final String IS_LISTENER_SET = "isListenerSet";
  private static final String UPGRADE_HANDLER = "tyrusHttpUpgradeHandler";

  // Of the upgrade handler; the first one may only stand for the real one.
  private static final String REAL_HANDLER = "handler";
  private static final String WEB_CONNECTION = "wc";
  private static final String INPUT = "is";
  private static final String CONNECTION = "connection";
  private static final String READ_BUFFER = "buf";

  // Of Tyrus' connection, and of what reads in it.
  private static final String READ_HANDLER = "getReadHandler";
  private static final String FRAME_BUFFER = "buffer";

  // Of the server's connection.
  private static final String REQUEST = "request";
  private static final String IS_CLOSED = "isClosed";

  // Of the container of all WebSockets.
  private static final String EXECUTOR = "managedScheduledExecutorService";

  /** A read buffer that is empty and larger is given back. */
  private static final int SMALL_BUFFER_BYTES = 8 << 10;

  private TyrusAccess() {}

  /** Whether a class is one of Tyrus'. */
  static boolean has(Class<?> type) {
    return type.getName().startsWith(TYRUS);
  }

  /** Looks for all of them before any is used. */
  static void require(Session session) throws ReflectiveOperationException {
    Object upgraded = upgraded(session);
    ServerInternals.requireFields(upgraded, WEB_CONNECTION, INPUT, CONNECTION, READ_BUFFER);
    ServerInternals.requireFields(writer(session), QUEUE, IS_LISTENER_SET);
    WebConnection original = original(upgraded);
    ServerInternals.requireFields(original, REQUEST, IS_CLOSED);
    GrizzlyAccess.require(ServerInternals.get(original, REQUEST));
  }

  static void executor(ServerContainer container, ScheduledExecutorService executor)
      throws ReflectiveOperationException {
    ServerInternals.set(container, EXECUTOR, executor);
  }

  /** Tyrus' own way to write: what it holds the monitor of while it does. */
  static Object writer(Session session) throws ReflectiveOperationException {
    Object webSocket = ServerInternals.get(session.getAsyncRemote(), WEB_SOCKET);
    return ServerInternals.get(ServerInternals.get(webSocket, PROTOCOL_HANDLER), WRITER);
  }

  /** What Tyrus itself has still to write. */
  static Collection<?> queue(Object writer) throws ReflectiveOperationException {
    return (Collection<?>) ServerInternals.get(writer, QUEUE);
  }

  /** Has Tyrus set no listener of its own. */
  static void keepListener(Object writer) throws ReflectiveOperationException {
    ServerInternals.set(writer, IS_LISTENER_SET, true);
  }

  /** What Tyrus upgraded the request with. */
  static Object upgraded(Session session) throws ReflectiveOperationException {
    Object upgraded = ServerInternals.get(writer(session), UPGRADE_HANDLER);
    return ServerInternals.has(upgraded, REAL_HANDLER)
        ? ServerInternals.get(upgraded, REAL_HANDLER)
        : upgraded;
  }

  /** The server's connection under a WebSocket. */
  static WebConnection original(Object upgraded) throws ReflectiveOperationException {
    Object connection = ServerInternals.get(upgraded, WEB_CONNECTION);
    return connection instanceof TyrusUpgrade.Deferred deferred
        ? deferred.original()
        : (WebConnection) connection;
  }

  static void connection(Object upgraded, WebConnection connection)
      throws ReflectiveOperationException {
    ServerInternals.set(upgraded, WEB_CONNECTION, connection);
  }

  /** The server's own request that was upgraded. */
  static Object request(WebConnection original) throws ReflectiveOperationException {
    return ServerInternals.get(original, REQUEST);
  }

  static boolean isClosed(WebConnection original) throws ReflectiveOperationException {
    return ((AtomicBoolean) ServerInternals.get(original, IS_CLOSED)).get();
  }

  /** What Tyrus reads from. */
  static Object input(Object upgraded) throws ReflectiveOperationException {
    return ServerInternals.get(upgraded, INPUT);
  }

  /** How much Tyrus keeps of a frame that is not whole. */
  static long keptBytes(Object upgraded) throws ReflectiveOperationException {
    Object reading = ServerInternals.find(upgraded, CONNECTION);
    Object reader = reading == null ? null : ServerInternals.call(reading, READ_HANDLER);
    return keptBytes(upgraded, READ_BUFFER)
        + (reader == null ? 0 : keptBytes(reader, FRAME_BUFFER));
  }

  private static long keptBytes(Object owner, String field) throws ReflectiveOperationException {
    if (!(ServerInternals.find(owner, field) instanceof ByteBuffer buffer)) {
      return 0;
    }
    if (!buffer.hasRemaining() && buffer.capacity() > SMALL_BUFFER_BYTES) {
      ServerInternals.set(owner, field, null);
    }
    return buffer.remaining();
  }
}
