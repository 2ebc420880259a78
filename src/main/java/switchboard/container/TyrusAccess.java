package switchboard.container;

import static switchboard.container.ServerInternals.field;
import static switchboard.container.ServerInternals.method;
import static switchboard.container.ServerInternals.type;

import jakarta.servlet.http.WebConnection;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The members of Tyrus, and of the server's connection under it, that are used here. All of them
 * are there, or none is used.
 *
 * <p>Read in Payara 6.2024.8, 6.2025.9 and 6.2025.10, in Payara 7.2025.1 and 7.2026.11, and in
 * GlassFish 7.0.21 and 8.0.0-JDK17-M12.
 */
final class TyrusAccess {

  private static final String TYRUS = "org.glassfish.tyrus.";

  /** A read buffer that is empty and larger is given back. */
  private static final int SMALL_BUFFER_BYTES = 8 << 10;

  // From a session's endpoint to what writes for it.
  private final Field webSocket;
  private final Field protocolHandler;
  private final Field writer;

  // Of the writer.
  private final Field queue;
  private final Field isListenerSet;
  private final Field upgradeHandler;

  // Of the upgrade handler; the first one may only stand for the real one.
  private final Class<?> standIn;
  private final Field realHandler;
  private final Field webConnection;
  private final Field input;
  private final Field reading;
  private final Field readBuffer;

  // Of Tyrus' connection, and of what reads in it.
  private final Method readHandler;
  private final Field frameBuffer;

  // Of the server's connection.
  private final Field request;
  private final Field isClosed;

  // Of the container of all WebSockets.
  private final Field executor;

  private final GrizzlyAccess grizzly;

  /**
   * Looks for all of them.
   *
   * @param container Tyrus' container of all WebSockets
   * @param catalina where the server's own classes are
   */
  TyrusAccess(Class<?> container, ClassLoader catalina) throws ReflectiveOperationException {
    executor = field(container, "managedScheduledExecutorService");
    ClassLoader core = executor.getDeclaringClass().getClassLoader();
    webSocket = field(type(core, TYRUS + "core.TyrusRemoteEndpoint"), "webSocket");
    protocolHandler = field(webSocket.getType(), "protocolHandler");
    writer = field(protocolHandler.getType(), "writer");

    ClassLoader servlet = container.getClassLoader();
    Class<?> writerType = type(servlet, TYRUS + "servlet.TyrusServletWriter");
    queue = field(writerType, "queue");
    isListenerSet = field(writerType, "isListenerSet");
    upgradeHandler = field(writerType, "tyrusHttpUpgradeHandler");

    standIn = type(servlet, TYRUS + "servlet.TyrusServletUpgrade$TyrusHttpUpgradeHandlerProxy");
    realHandler = field(standIn, "handler");
    webConnection = field(upgradeHandler.getType(), "wc");
    input = field(upgradeHandler.getType(), "is");
    reading = field(upgradeHandler.getType(), "connection");
    readBuffer = field(upgradeHandler.getType(), "buf");

    readHandler = method(reading.getType(), "getReadHandler");
    frameBuffer = field(type(core, TYRUS + "core.TyrusWebSocketEngine$TyrusReadHandler"), "buffer");

    Class<?> upgraded = type(catalina, "org.apache.catalina.connector.WebConnectionImpl");
    request = field(upgraded, "request");
    isClosed = field(upgraded, "isClosed");
    grizzly = new GrizzlyAccess(catalina);
  }

  /** Whether a class is one of Tyrus'. */
  static boolean has(Class<?> type) {
    return type.getName().startsWith(TYRUS);
  }

  /** The members of what is under Tyrus. */
  GrizzlyAccess grizzly() {
    return grizzly;
  }

  void executor(ServerContainer container, ScheduledExecutorService service)
      throws ReflectiveOperationException {
    ServerInternals.set(executor, container, service);
  }

  /** Tyrus' own way to write: what it holds the monitor of while it does. */
  Object writer(Session session) throws ReflectiveOperationException {
    Object socket = ServerInternals.get(webSocket, session.getAsyncRemote());
    return ServerInternals.get(writer, ServerInternals.get(protocolHandler, socket));
  }

  /** What Tyrus itself has still to write. */
  Collection<?> queue(Object tyrusWriter) throws ReflectiveOperationException {
    return (Collection<?>) ServerInternals.get(queue, tyrusWriter);
  }

  /** Has Tyrus set no listener of its own. */
  void keepListener(Object tyrusWriter) throws ReflectiveOperationException {
    ServerInternals.set(isListenerSet, tyrusWriter, true);
  }

  /** What Tyrus upgraded the request with. */
  Object upgraded(Session session) throws ReflectiveOperationException {
    Object upgraded = ServerInternals.get(upgradeHandler, writer(session));
    return standIn.isInstance(upgraded) ? ServerInternals.get(realHandler, upgraded) : upgraded;
  }

  /** The server's connection under a WebSocket. */
  WebConnection original(Object upgraded) throws ReflectiveOperationException {
    Object connection = ServerInternals.get(webConnection, upgraded);
    return connection instanceof TyrusUpgrade.Deferred deferred
        ? deferred.original()
        : (WebConnection) connection;
  }

  void connection(Object upgraded, WebConnection connection) throws ReflectiveOperationException {
    ServerInternals.set(webConnection, upgraded, connection);
  }

  /** The TCP connection under it. */
  Object tcp(WebConnection original) throws ReflectiveOperationException {
    return grizzly.connection(ServerInternals.get(request, original));
  }

  boolean isClosed(WebConnection original) throws ReflectiveOperationException {
    return ((AtomicBoolean) ServerInternals.get(isClosed, original)).get();
  }

  /** What Tyrus reads from. */
  Object input(Object upgraded) throws ReflectiveOperationException {
    return ServerInternals.get(input, upgraded);
  }

  /** How much Tyrus keeps of a frame that is not whole. */
  long keptBytes(Object upgraded) throws ReflectiveOperationException {
    Object connection = ServerInternals.find(reading, upgraded);
    Object reader = connection == null ? null : ServerInternals.call(readHandler, connection);
    return keptBytes(upgraded, readBuffer) + (reader == null ? 0 : keptBytes(reader, frameBuffer));
  }

  private static long keptBytes(Object owner, Field field) throws ReflectiveOperationException {
    if (!(ServerInternals.find(field, owner) instanceof ByteBuffer buffer)) {
      return 0;
    }
    if (!buffer.hasRemaining() && buffer.capacity() > SMALL_BUFFER_BYTES) {
      ServerInternals.set(field, owner, null);
    }
    return buffer.remaining();
  }
}
