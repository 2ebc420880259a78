package switchboard.container;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.websocket.server.ServerContainer;
import java.util.stream.Stream;

/** What Switchboard knows of the servers, and nothing else of them. */
public final class FakeServers {

  static final String[] GRIZZLY_MEMBERS = {
    "RequestFacade",
    "getUnwrappedCoyoteRequest",
    "getCoyoteRequest",
    "getRequest",
    "getConnection",
    "NIOConnection",
    "isOpen",
    "closeSilently",
    "getMaxAsyncWriteQueueSize",
    "setMaxAsyncWriteQueueSize",
    "getAsyncWriteQueue",
    "spaceInBytes"
  };

  static final String[] TYRUS_MEMBERS = {
    "managedScheduledExecutorService",
    "TyrusRemoteEndpoint",
    "webSocket",
    "protocolHandler",
    "writer",
    "TyrusServletWriter",
    "queue",
    "isListenerSet",
    "tyrusHttpUpgradeHandler",
    "TyrusHttpUpgradeHandlerProxy",
    "handler",
    "wc",
    "is",
    "connection",
    "buf",
    "getReadHandler",
    "TyrusReadHandler",
    "buffer",
    "WebConnectionImpl",
    "request",
    "isClosed"
  };

  static final String[] UNDERTOW_MEMBERS = {
    "HttpServletRequestImpl",
    "getExchange",
    "getConnection",
    "AbstractServerConnection",
    "isOpen",
    "getExtraBytes"
  };

  static final String[] UNDERTOW_ASYNC_MEMBERS = {
    "ServletRequestContext", "requireCurrent", "setAsyncSupported"
  };

  static final String[] UNDERTOW_WEB_SOCKET_MEMBERS = {
    "UndertowSession",
    "getWebSocketChannel",
    "pendingFrames",
    "peerConnections",
    "getIoThread",
    "channel",
    "getSinkChannel",
    "getConduit",
    "setConduit",
    "resumeWrites",
    "write"
  };

  // Compiled together, because the compiler's start takes longest.
  private static final FakeServer ALL =
      FakeServer.of(Stream.of(grizzly(), undertow()).flatMap(Stream::of).toArray(String[]::new));

  /** Payara, whose requests have one connection. */
  static final FakeServer PAYARA = ALL.without("getGrizzlyRequest");

  /** GlassFish, where a method has another name. */
  static final FakeServer GLASSFISH = ALL.without("getCoyoteRequest");

  /** WildFly, whose requests have one connection. */
  public static final FakeServer WILDFLY = ALL;

  private static ClassLoader running;

  private FakeServers() {}

  /** An application is started by it. */
  public static void start(FakeServer server) throws ReflectiveOperationException {
    running = server.load();
    TcpConnection.prepare(running.loadClass("io.undertow.servlet.spec.ServletContextImpl"));
  }

  /** What is known of it is forgotten. */
  public static void stop() {
    TcpConnection.prepare(Object.class);
  }

  /** A request of the server that was started. */
  public static HttpServletRequest request() throws ReflectiveOperationException {
    Class<?> type = running.loadClass("io.undertow.servlet.spec.HttpServletRequestImpl");
    return (HttpServletRequest) type.getConstructor().newInstance();
  }

  private static String text(Class<?> type) {
    return FakeServer.nothing(type);
  }

  private static String[] grizzly() {
    return new String[] {
      "package org.apache.catalina.core; public class ApplicationContextFacade {}",
      """
        package org.apache.catalina.connector;
        public class RequestFacade implements jakarta.servlet.http.HttpServletRequest {
          public Request getUnwrappedCoyoteRequest() { return new Request(); }
        %s
        }
        """
          .formatted(
              text(HttpServletRequest.class)
                  .replace("getProtocol() { return null", "getProtocol() { return \"HTTP/1.1\"")),
      """
        package org.apache.catalina.connector;
        public class Request {
          public org.glassfish.grizzly.http.server.Request getCoyoteRequest() {
            return new org.glassfish.grizzly.http.server.Request();
          }
          public org.glassfish.grizzly.http.server.Request getGrizzlyRequest() {
            return new org.glassfish.grizzly.http.server.Request();
          }
        }
        """,
      """
        package org.apache.catalina.connector;
        public class WebConnectionImpl {
          private Request request;
          private final java.util.concurrent.atomic.AtomicBoolean isClosed = null;
        }
        """,
      """
        package org.glassfish.grizzly.http.server;
        public class Request {
          public org.glassfish.grizzly.http.HttpRequestPacket getRequest() {
            return new org.glassfish.grizzly.http.HttpRequestPacket();
          }
        }
        """,
      """
        package org.glassfish.grizzly.http;
        public class HttpRequestPacket {
          public org.glassfish.grizzly.Connection getConnection() {
            return org.glassfish.grizzly.nio.NIOConnection.ONE;
          }
        }
        """,
      "package org.glassfish.grizzly; public interface Connection {}",
      """
        package org.glassfish.grizzly.nio;
        public class NIOConnection implements org.glassfish.grizzly.Connection {
          public static final NIOConnection ONE = new NIOConnection();
          private boolean isOpenNow = true;
          private int max = 100;
          public boolean isOpen() { return isOpenNow; }
          public void closeSilently() { isOpenNow = false; }
          public int getMaxAsyncWriteQueueSize() { return max; }
          public void setMaxAsyncWriteQueueSize(int max) { this.max = max; }
          public Queue getAsyncWriteQueue() { return new Queue(); }
          public static class Queue { public int spaceInBytes() { return 7; } }
        }
        """,
      """
        package org.glassfish.tyrus.core;
        public abstract class BaseContainer {
          private final java.util.concurrent.ScheduledExecutorService managedScheduledExecutorService
              = new java.util.concurrent.ScheduledThreadPoolExecutor(0);
        }
        """,
      "package org.glassfish.tyrus.core; class TyrusRemoteEndpoint { TyrusWebSocket webSocket; }",
      "package org.glassfish.tyrus.core; class TyrusWebSocket { ProtocolHandler protocolHandler; }",
      "package org.glassfish.tyrus.core; class ProtocolHandler { Object writer; }",
      """
        package org.glassfish.tyrus.core;
        class TyrusWebSocketEngine { static class TyrusReadHandler { java.nio.ByteBuffer buffer; } }
        """,
      "package org.glassfish.tyrus.spi; public interface Connection { Object getReadHandler(); }",
      """
        package org.glassfish.tyrus.servlet;
        class TyrusServletWriter {
          java.util.Deque<Object> queue;
          boolean isListenerSet;
          TyrusHttpUpgradeHandler tyrusHttpUpgradeHandler;
        }
        """,
      """
        package org.glassfish.tyrus.servlet;
        class TyrusHttpUpgradeHandler {
          jakarta.servlet.ServletInputStream is;
          jakarta.servlet.http.WebConnection wc;
          java.nio.ByteBuffer buf;
          org.glassfish.tyrus.spi.Connection connection;
        }
        """,
      """
        package org.glassfish.tyrus.servlet;
        class TyrusServletUpgrade {
          static class TyrusHttpUpgradeHandlerProxy extends TyrusHttpUpgradeHandler {
            TyrusHttpUpgradeHandler handler;
          }
        }
        """,
      """
        package org.glassfish.tyrus.servlet;
        public class Container extends org.glassfish.tyrus.core.BaseContainer
            implements jakarta.websocket.server.ServerContainer {
        %s
        }
        """
          .formatted(text(ServerContainer.class))
    };
  }

  private static String[] undertow() {
    return new String[] {
      "package io.undertow.servlet.spec; public class ServletContextImpl {}",
      """
        package io.undertow.servlet.spec;
        public class HttpServletRequestImpl implements jakarta.servlet.http.HttpServletRequest {
          public io.undertow.server.HttpServerExchange getExchange() {
            return new io.undertow.server.HttpServerExchange();
          }
        %s
        }
        """
          .formatted(
              text(HttpServletRequest.class)
                  .replace("getProtocol() { return null", "getProtocol() { return \"HTTP/1.1\"")),
      """
        package io.undertow.server;
        public class HttpServerExchange {
          public ServerConnection getConnection() { return AbstractServerConnection.ONE; }
        }
        """,
      "package io.undertow.server; public abstract class ServerConnection {}",
      """
        package io.undertow.server;
        public class AbstractServerConnection extends ServerConnection implements java.io.Closeable {
          public static final AbstractServerConnection ONE = new AbstractServerConnection();
          private boolean isOpenNow = true;
          public boolean isOpen() { return isOpenNow; }
          public void close() { isOpenNow = false; }
          public Object getExtraBytes() { return ""; }
        }
        """,
      """
        package io.undertow.servlet.handlers;
        public class ServletRequestContext {
          public static final ServletRequestContext ONE = new ServletRequestContext();
          public boolean isAsync;
          public static ServletRequestContext requireCurrent() { return ONE; }
          public void setAsyncSupported(boolean isAsync) { this.isAsync = isAsync; }
        }
        """,
      """
        package io.undertow.websockets.jsr;
        public class UndertowSession {
          public io.undertow.websockets.core.WebSocketChannel getWebSocketChannel() { return null; }
        }
        """,
      """
        package io.undertow.websockets.core;
        public class WebSocketChannel {
          private java.util.List<Object> pendingFrames;
          private java.util.Set<Object> peerConnections;
          private org.xnio.StreamConnection channel;
          public java.util.concurrent.Executor getIoThread() { return null; }
        }
        """,
      """
        package org.xnio;
        public class StreamConnection {
          public org.xnio.conduits.ConduitStreamSinkChannel getSinkChannel() { return null; }
        }
        """,
      """
        package org.xnio.conduits;
        public class ConduitStreamSinkChannel {
          public StreamSinkConduit getConduit() { return null; }
          public void setConduit(StreamSinkConduit conduit) {}
          public void resumeWrites() {}
        }
        """,
      """
        package org.xnio.conduits;
        public interface StreamSinkConduit { int write(java.nio.ByteBuffer bytes); }
        """,
      """
        package io.undertow.websockets.jsr;
        public class Container implements jakarta.websocket.server.ServerContainer {
        %s
        }
        """
          .formatted(text(ServerContainer.class))
    };
  }
}
