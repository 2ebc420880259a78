package switchboard.container;

import static switchboard.container.ServerInternals.method;
import static switchboard.container.ServerInternals.type;

import java.lang.reflect.Method;

/**
 * The members of Catalina and Grizzly that are used here: the way from a request to its connection,
 * and what the connection can do. All of them are there, or none is used.
 *
 * <p>Read in Payara 6.2024.8, 6.2025.9 and 6.2025.10, in Payara 7.2025.1 and 7.2026.11, and in
 * GlassFish 7.0.21 and 8.0.0-JDK17-M12.
 */
final class GrizzlyAccess {

  private static final String CATALINA = "org.apache.catalina.";

  // Of the request that an application gets: by a method, since the field behind it has another
  // name on GlassFish than on Payara.
  private final Method request;

  // Of the server's own request, of Grizzly's, and of what is in it.
  private final Method grizzlyRequest;
  private final Method packet;
  private final Method connection;

  // Of the connection, and of its queue.
  private final Method isOpen;
  private final Method close;
  private final Method maxWriteQueue;
  private final Method setMaxWriteQueue;
  private final Method writeQueue;
  private final Method bytes;

  /** Looks for all of them, beginning with a class of the server's. */
  GrizzlyAccess(ClassLoader server) throws ReflectiveOperationException {
    request =
        method(type(server, CATALINA + "connector.RequestFacade"), "getUnwrappedCoyoteRequest");
    grizzlyRequest = grizzlyRequest(request.getReturnType());
    packet = method(grizzlyRequest.getReturnType(), "getRequest");
    connection = method(packet.getReturnType(), "getConnection");
    Class<?> tcp =
        type(
            connection.getReturnType().getClassLoader(), "org.glassfish.grizzly.nio.NIOConnection");
    isOpen = method(tcp, "isOpen");
    close = method(tcp, "closeSilently");
    maxWriteQueue = method(tcp, "getMaxAsyncWriteQueueSize");
    setMaxWriteQueue = method(tcp, "setMaxAsyncWriteQueueSize", int.class);
    writeQueue = method(tcp, "getAsyncWriteQueue");
    bytes = method(writeQueue.getReturnType(), "spaceInBytes");
  }

  // As Payara has it, or as GlassFish renamed it.
  private static Method grizzlyRequest(Class<?> type) throws ReflectiveOperationException {
    try {
      return method(type, "getCoyoteRequest");
    } catch (ReflectiveOperationException payara) {
      try {
        return method(type, "getGrizzlyRequest");
      } catch (ReflectiveOperationException glassFish) {
        throw new ReflectiveOperationException(
            payara.getMessage() + ", and " + glassFish.getMessage(), glassFish);
      }
    }
  }

  /** Whether a class is one of Payara's or GlassFish's. */
  static boolean has(Class<?> type) {
    return type.getName().startsWith(CATALINA);
  }

  /** The connection of a request that an application gets. */
  Object connectionOf(Object facade) throws ReflectiveOperationException {
    return connection(ServerInternals.call(request, facade));
  }

  /** The connection of a request of the server's own. */
  Object connection(Object own) throws ReflectiveOperationException {
    Object grizzly = ServerInternals.call(grizzlyRequest, own);
    return ServerInternals.call(connection, ServerInternals.call(packet, grizzly));
  }

  boolean isOpen(Object tcp) throws ReflectiveOperationException {
    return (boolean) ServerInternals.call(isOpen, tcp);
  }

  void close(Object tcp) throws ReflectiveOperationException {
    ServerInternals.invoke(close, tcp);
  }

  int maxWriteQueue(Object tcp) throws ReflectiveOperationException {
    return (int) ServerInternals.call(maxWriteQueue, tcp);
  }

  void setMaxWriteQueue(Object tcp, int max) throws ReflectiveOperationException {
    ServerInternals.invoke(setMaxWriteQueue, tcp, max);
  }

  /** How many bytes wait to be written. */
  int unwrittenBytes(Object tcp) throws ReflectiveOperationException {
    return (int) ServerInternals.call(bytes, ServerInternals.call(writeQueue, tcp));
  }
}
