package switchboard.container;

import java.io.Closeable;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.concurrent.Executor;

/** The members of Undertow and XNIO that are used here. Read in Undertow 2.3.23, of WildFly 39. */
final class UndertowAccess {

  private static final String UNDERTOW = "io.undertow.";

  // Of a request, of its exchange, and of the connection under it.
  private static final String EXCHANGE = "getExchange";
  private static final String CONNECTION = "getConnection";
  private static final String IS_OPEN = "isOpen";
  private static final String EXTRA_BYTES = "getExtraBytes";

  // What the server keeps beside a request.
  private static final String CONTEXT = "io.undertow.servlet.handlers.ServletRequestContext";
  private static final String CURRENT = "requireCurrent";
  private static final String SET_ASYNC = "setAsyncSupported";

  // Of a WebSocket's session, and of its channel.
  private static final String WEB_SOCKET_CHANNEL = "getWebSocketChannel";
  private static final String PENDING_FRAMES = "pendingFrames";
  private static final String OPEN_CHANNELS = "peerConnections";
  private static final String IO_THREAD = "getIoThread";
  private static final String CHANNEL = "channel";
  private static final String SINK = "getSinkChannel";

  // Of XNIO's channel, and of what is between it and the socket.
  private static final String CONDUIT_TYPE = "org.xnio.conduits.StreamSinkConduit";
  private static final String CONDUIT = "getConduit";
  private static final String SET_CONDUIT = "setConduit";
  private static final String RESUME_WRITES = "resumeWrites";
  private static final String WRITE = "write";

  private UndertowAccess() {}

  /** Whether an object is one of Undertow's. */
  static boolean has(Object object) {
    return object.getClass().getName().startsWith(UNDERTOW);
  }

  /** The connection under a request. */
  static Closeable connection(Object request) throws ReflectiveOperationException {
    return (Closeable) ServerInternals.call(ServerInternals.call(request, EXCHANGE), CONNECTION);
  }

  /** Whether the connection under a request is open. */
  static boolean isOpen(Object request) throws ReflectiveOperationException {
    return (boolean) ServerInternals.call(connection(request), IS_OPEN);
  }

  /** Whether the client sent more than this request. */
  static boolean hasExtraBytes(Object request) throws ReflectiveOperationException {
    Object tcp = connection(request);
    return ServerInternals.method(tcp, EXTRA_BYTES).invoke(tcp) != null;
  }

  /** Allows asynchronous processing of the request that this thread serves. */
  static void allowAsync(ClassLoader server) throws ReflectiveOperationException {
    Class<?> type = Class.forName(CONTEXT, false, server);
    Object context = type.getMethod(CURRENT).invoke(null);
    ServerInternals.method(context, SET_ASYNC, boolean.class).invoke(context, true);
  }

  /**
   * What a WebSocket's frames are written with; all of it is there, or none is used.
   *
   * @param channel the WebSocket, under whose monitor Undertow writes
   * @param pendingFrames those that Undertow itself has still to write
   * @param openChannels those that Undertow takes for open
   * @param sink the channel to the socket
   * @param conduit what is between the sink and the socket
   */
  record WebSocket(
      Object channel,
      Collection<?> pendingFrames,
      Collection<?> openChannels,
      Executor ioThread,
      Object sink,
      Object conduit,
      Class<?> conduitType,
      Method setConduit,
      Method write,
      Method resumeWrites) {

    static Object channel(Object session) throws ReflectiveOperationException {
      return ServerInternals.call(session, WEB_SOCKET_CHANNEL);
    }

    /** Looks for all of it; the caller has the channel's monitor. */
    static WebSocket of(Object channel) throws ReflectiveOperationException {
      Object sink = ServerInternals.call(ServerInternals.get(channel, CHANNEL), SINK);
      Object conduit = ServerInternals.call(sink, CONDUIT);
      Class<?> type = Class.forName(CONDUIT_TYPE, false, sink.getClass().getClassLoader());
      return new WebSocket(
          channel,
          (Collection<?>) ServerInternals.get(channel, PENDING_FRAMES),
          (Collection<?>) ServerInternals.get(channel, OPEN_CHANNELS),
          (Executor) ServerInternals.call(channel, IO_THREAD),
          sink,
          conduit,
          type,
          ServerInternals.method(sink, SET_CONDUIT, type),
          ServerInternals.method(conduit, WRITE, ByteBuffer.class),
          ServerInternals.method(sink, RESUME_WRITES));
    }
  }
}
