package switchboard.container;

import java.lang.reflect.Method;

/**
 * The members of Catalina and Grizzly that are used here: the way from a request to its connection,
 * and what the connection can do. Read in Payara 6.2024.8 and 6.2025.10, and in GlassFish 7.
 */
final class GrizzlyAccess {

  private static final String CATALINA = "org.apache.catalina.";

  // Of the request that an application gets: by a method, since the field behind it has another
  // name on GlassFish than on Payara.
  private static final String REQUEST = "getUnwrappedCoyoteRequest";

  // Of the server's own request, on Payara and as GlassFish renamed it.
  private static final String GRIZZLY_REQUEST = "getCoyoteRequest";
  private static final String GRIZZLY_REQUEST_RENAMED = "getGrizzlyRequest";

  // Of Grizzly's request, and of what is in it.
  private static final String PACKET = "getRequest";
  private static final String CONNECTION = "getConnection";

  // Of the connection.
  private static final String IS_OPEN = "isOpen";
  private static final String CLOSE = "closeSilently";
  private static final String MAX_WRITE_QUEUE = "getMaxAsyncWriteQueueSize";
  private static final String SET_MAX_WRITE_QUEUE = "setMaxAsyncWriteQueueSize";
  private static final String WRITE_QUEUE = "getAsyncWriteQueue";
  private static final String BYTES = "spaceInBytes";

  private GrizzlyAccess() {}

  /** Whether a request is one of Payara's or GlassFish's. */
  static boolean has(Object request) {
    return request.getClass().getName().startsWith(CATALINA);
  }

  /** The server's own request behind the one that an application gets. */
  static Object request(Object facade) throws ReflectiveOperationException {
    return ServerInternals.call(facade, REQUEST);
  }

  /** The connection of a request of the server's own. */
  static Object connection(Object request) throws ReflectiveOperationException {
    Object grizzly;
    try {
      grizzly = ServerInternals.call(request, GRIZZLY_REQUEST);
    } catch (NoSuchMethodException e) {
      grizzly = ServerInternals.call(request, GRIZZLY_REQUEST_RENAMED);
    }
    return ServerInternals.call(ServerInternals.call(grizzly, PACKET), CONNECTION);
  }

  static boolean isOpen(Object tcp) throws ReflectiveOperationException {
    return (boolean) ServerInternals.call(tcp, IS_OPEN);
  }

  static Method close(Object tcp) throws ReflectiveOperationException {
    return ServerInternals.method(tcp, CLOSE);
  }

  static Object maxWriteQueue(Object tcp) throws ReflectiveOperationException {
    return ServerInternals.call(tcp, MAX_WRITE_QUEUE);
  }

  static Method setMaxWriteQueue(Object tcp) throws ReflectiveOperationException {
    return ServerInternals.method(tcp, SET_MAX_WRITE_QUEUE, int.class);
  }

  /** How many bytes wait to be written. */
  static int unwrittenBytes(Object tcp) throws ReflectiveOperationException {
    return (int) ServerInternals.call(ServerInternals.call(tcp, WRITE_QUEUE), BYTES);
  }

  /** Looks for all that is needed of a WebSocket's connection. */
  static void require(Object request) throws ReflectiveOperationException {
    Object tcp = connection(request);
    close(tcp);
    maxWriteQueue(tcp);
    setMaxWriteQueue(tcp);
  }
}
