package switchboard.container;

import static switchboard.container.ServerInternals.field;
import static switchboard.container.ServerInternals.method;
import static switchboard.container.ServerInternals.type;

import jakarta.websocket.Session;
import java.io.Closeable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.concurrent.Executor;

/**
 * The members of Undertow and XNIO that are used here: of the connections of requests, and inside,
 * of asynchronous requests and of WebSockets. All of each are there, or none of it is used.
 *
 * <p>Read in Undertow 2.3.23, of WildFly 39, and 2.4.0.Alpha1, of WildFly Preview 39.
 */
final class UndertowAccess {

  private static final String UNDERTOW = "io.undertow.";

  // Of a request, of its exchange, and of the connection under it.
  private final Method exchange;
  private final Method connection;
  private final Method isOpen;
  private final Method extraBytes;

  /** Looks for those of the connections of requests. */
  UndertowAccess(ClassLoader server) throws ReflectiveOperationException {
    exchange =
        method(type(server, UNDERTOW + "servlet.spec.HttpServletRequestImpl"), "getExchange");
    connection = method(exchange.getReturnType(), "getConnection");
    Class<?> tcp =
        type(
            connection.getReturnType().getClassLoader(),
            UNDERTOW + "server.AbstractServerConnection");
    isOpen = method(tcp, "isOpen");
    extraBytes = method(tcp, "getExtraBytes");
  }

  /** Whether a class is one of Undertow's. */
  static boolean has(Class<?> type) {
    return type.getName().startsWith(UNDERTOW);
  }

  /** The connection under a request. */
  Closeable connection(Object request) throws ReflectiveOperationException {
    return (Closeable) ServerInternals.call(connection, ServerInternals.call(exchange, request));
  }

  /** Whether the connection under a request is open. */
  boolean isOpen(Object request) throws ReflectiveOperationException {
    return (boolean) ServerInternals.call(isOpen, connection(request));
  }

  /** Whether the client sent more than this request. */
  boolean hasExtraBytes(Object request) throws ReflectiveOperationException {
    return ServerInternals.invoke(extraBytes, connection(request)) != null;
  }

  /** The members of asynchronous requests: what the server keeps beside a request. */
  static final class Async {

    private final Method current;
    private final Method setAsyncSupported;

    /** Looks for all of them. */
    Async(ClassLoader server) throws ReflectiveOperationException {
      Class<?> context = type(server, UNDERTOW + "servlet.handlers.ServletRequestContext");
      current = method(context, "requireCurrent");
      setAsyncSupported = method(context, "setAsyncSupported", boolean.class);
    }

    /** Allows asynchronous processing of the request that this thread serves. */
    void allow() throws ReflectiveOperationException {
      ServerInternals.invoke(setAsyncSupported, ServerInternals.call(current, null), true);
    }
  }

  /** The members of WebSockets. */
  static final class WebSockets {

    // Of a WebSocket's session, and of its channel.
    private final Method webSocketChannel;
    private final Field pendingFrames;
    private final Field openChannels;
    private final Method ioThread;
    private final Field channel;

    // Of XNIO's channel, and of what is between it and the socket.
    private final Method sink;
    private final Method conduit;
    private final Method setConduit;
    private final Method resumeWrites;
    private final Method write;

    /** Looks for all of them. */
    WebSockets(ClassLoader server) throws ReflectiveOperationException {
      webSocketChannel =
          method(type(server, UNDERTOW + "websockets.jsr.UndertowSession"), "getWebSocketChannel");
      Class<?> channelType = webSocketChannel.getReturnType();
      pendingFrames = field(channelType, "pendingFrames");
      openChannels = field(channelType, "peerConnections");
      ioThread = method(channelType, "getIoThread");
      channel = field(channelType, "channel");
      sink = method(channel.getType(), "getSinkChannel");
      conduit = method(sink.getReturnType(), "getConduit");
      setConduit = method(sink.getReturnType(), "setConduit", conduit.getReturnType());
      resumeWrites = method(sink.getReturnType(), "resumeWrites");
      write = method(conduit.getReturnType(), "write", ByteBuffer.class);
    }

    /** The channel of a session, under whose monitor Undertow writes. */
    Object channel(Session session) throws ReflectiveOperationException {
      return ServerInternals.call(webSocketChannel, session);
    }

    /** What the frames of one are written with; the caller has the channel's monitor. */
    WebSocket of(Object webSocket) throws ReflectiveOperationException {
      Object out = ServerInternals.call(sink, ServerInternals.get(channel, webSocket));
      return new WebSocket(
          webSocket,
          (Collection<?>) ServerInternals.get(pendingFrames, webSocket),
          (Collection<?>) ServerInternals.get(openChannels, webSocket),
          (Executor) ServerInternals.call(ioThread, webSocket),
          out,
          ServerInternals.call(conduit, out),
          conduit.getReturnType(),
          setConduit,
          write,
          resumeWrites);
    }
  }

  /**
   * What the frames of one WebSocket are written with.
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
      Method resumeWrites) {}
}
