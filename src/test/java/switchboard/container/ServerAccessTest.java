package switchboard.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.websocket.Session;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.testing.LoggedErrors;

/**
 * What is used of a server is there in full, or nothing of it is used and one line says why. The
 * servers here have nothing but the names; the integration tests run on real ones.
 */
class ServerAccessTest {

  private static final String PAYARA = "org.apache.catalina.core.ApplicationContextFacade";
  private static final String WILDFLY = "io.undertow.servlet.spec.ServletContextImpl";
  private static final String TYRUS = "org.glassfish.tyrus.servlet.Container";
  private static final String UNDERTOW = "io.undertow.websockets.jsr.Container";

  @AfterEach
  void forget() {
    TcpConnection.prepare(Object.class);
    AsyncSupport.prepare(Object.class);
  }

  private static Object make(ClassLoader server, String name) throws ReflectiveOperationException {
    return server.loadClass(name).getConstructor().newInstance();
  }

  private static HttpServletRequest request(ClassLoader server, String name)
      throws ReflectiveOperationException {
    return (HttpServletRequest) make(server, name);
  }

  private static <T> T nothing(ClassLoader loader, Class<T> type, Object attribute) {
    return type.cast(
        Proxy.newProxyInstance(
            loader,
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                method.getName().equals("getAttribute")
                    ? attribute
                    : method.getReturnType() == boolean.class ? false : null));
  }

  private static String only(LoggedErrors log) {
    assertEquals(1, log.lines().size(), log.lines()::toString);
    return log.lines().get(0);
  }

  static String[] grizzly() {
    return FakeServers.GRIZZLY_MEMBERS;
  }

  static Stream<String> tyrus() {
    return Stream.of(FakeServers.TYRUS_MEMBERS, FakeServers.GRIZZLY_MEMBERS).flatMap(Stream::of);
  }

  static String[] undertow() {
    return FakeServers.UNDERTOW_MEMBERS;
  }

  static String[] undertowAsync() {
    return FakeServers.UNDERTOW_ASYNC_MEMBERS;
  }

  static String[] undertowWebSockets() {
    return FakeServers.UNDERTOW_WEB_SOCKET_MEMBERS;
  }

  @Test
  void theConnectionOfARequestOnPayaraIsBoundedAndClosed() throws Exception {
    assertIsBoundedAndClosed(FakeServers.PAYARA.load());
  }

  @Test
  void theConnectionOfARequestOnGlassFishIsBoundedAndClosed() throws Exception {
    assertIsBoundedAndClosed(FakeServers.GLASSFISH.load());
  }

  private static void assertIsBoundedAndClosed(ClassLoader server) throws Exception {
    TcpConnection.prepare(server.loadClass(PAYARA));
    HttpServletRequest request = request(server, "org.apache.catalina.connector.RequestFacade");
    GrizzlyAccess grizzly = new GrizzlyAccess(server);
    Object tcp = grizzly.connectionOf(request);

    assertEquals(7, TcpConnection.unreadBytes(request));
    WriteQueue queue = TcpConnection.boundWriteQueue(request, 50);
    assertEquals(50, grizzly.maxWriteQueue(tcp));
    queue.restore();
    assertEquals(100, grizzly.maxWriteQueue(tcp));
    assertFalse(TcpConnection.isOver(request));
    TcpConnection.disconnect(TcpConnection.of(request));
    assertTrue(TcpConnection.isOver(request));
  }

  @ParameterizedTest
  @MethodSource("grizzly")
  void withoutOneMemberOfGrizzlyNoneIsUsed(String member) throws Exception {
    ClassLoader server = FakeServers.PAYARA.without(member).load();
    try (LoggedErrors log = new LoggedErrors(TcpConnection.class)) {
      TcpConnection.prepare(server.loadClass(PAYARA));
      assertTrue(only(log).contains(member), only(log));
      assertTrue(only(log).contains("Only the standard API is used"), only(log));
      if (!member.equals("RequestFacade")) {
        HttpServletRequest request = request(server, "org.apache.catalina.connector.RequestFacade");
        assertSame(WriteQueue.UNCHANGED, TcpConnection.boundWriteQueue(request));
        assertEquals(0, TcpConnection.unreadBytes(request));
        TcpConnection.disconnect(TcpConnection.of(request));
        assertFalse(TcpConnection.isOver(request));
      }
      only(log);
    }
  }

  @Test
  void theConnectionOfARequestOnWildFlyIsClosed() throws Exception {
    ClassLoader server = FakeServers.WILDFLY.load();
    TcpConnection.prepare(server.loadClass(WILDFLY));
    HttpServletRequest request = request(server, "io.undertow.servlet.spec.HttpServletRequestImpl");
    assertTrue(TcpConnection.waitsForBody(request));
    assertTrue(TcpConnection.isBehind(request, 0));
    assertFalse(TcpConnection.isOver(request));
    TcpConnection.disconnect(TcpConnection.of(request));
    assertTrue(TcpConnection.isOver(request));
  }

  @ParameterizedTest
  @MethodSource("undertow")
  void withoutOneMemberOfUndertowNoneIsUsed(String member) throws Exception {
    ClassLoader server = FakeServers.WILDFLY.without(member).load();
    try (LoggedErrors log = new LoggedErrors(TcpConnection.class)) {
      TcpConnection.prepare(server.loadClass(WILDFLY));
      assertTrue(only(log).contains(member), only(log));
      if (!member.equals("HttpServletRequestImpl")) {
        HttpServletRequest request =
            request(server, "io.undertow.servlet.spec.HttpServletRequestImpl");
        assertFalse(TcpConnection.waitsForBody(request));
        assertFalse(TcpConnection.isBehind(request, 0));
        TcpConnection.disconnect(TcpConnection.of(request));
        assertFalse(TcpConnection.isOver(request));
      }
      only(log);
    }
  }

  @Test
  void anUnknownServerIsNotWarnedOf() {
    try (LoggedErrors log = new LoggedErrors(TcpConnection.class)) {
      TcpConnection.prepare(String.class);
      assertEquals(List.of(), log.lines());
    }
  }

  @Test
  void aRequestOnWildFlyIsMadeAsynchronous() throws Exception {
    ClassLoader server = FakeServers.WILDFLY.load();
    AsyncSupport.prepare(server.loadClass(WILDFLY));
    AsyncSupport.allow(nothing(server, ServletRequest.class, null));
    Class<?> context = server.loadClass("io.undertow.servlet.handlers.ServletRequestContext");
    assertEquals(true, context.getField("isAsync").get(context.getField("ONE").get(null)));
  }

  @ParameterizedTest
  @MethodSource("undertowAsync")
  void withoutOneMemberNoRequestIsMadeAsynchronous(String member) throws Exception {
    ClassLoader server = FakeServers.WILDFLY.without(member).load();
    try (LoggedErrors log = new LoggedErrors(AsyncSupport.class)) {
      AsyncSupport.prepare(server.loadClass(WILDFLY));
      assertTrue(only(log).contains(member), only(log));
      AsyncSupport.allow(nothing(server, ServletRequest.class, null));
      assertEquals(2, log.lines().size());
      assertTrue(log.lines().get(1).startsWith("long polls and event streams fail"));
    }
  }

  @Test
  void allMembersOfTyrusAreFound() throws Exception {
    ClassLoader server = FakeServers.PAYARA.load();
    FrameWriters writers = new FrameWriters(true);
    try (LoggedErrors log = new LoggedErrors(FrameWriters.class)) {
      writers.choose(nothing(server, ServletContext.class, make(server, TYRUS)), false);
      assertEquals(List.of(), log.lines());
    }
    assertNull(writers.inUse(), "before the first frame nothing is said to be in use");
  }

  @Test
  void allMembersOfUndertowsWebSocketsAreFound() throws Exception {
    ClassLoader server = FakeServers.WILDFLY.load();
    FrameWriters writers = new FrameWriters(true);
    try (LoggedErrors log = new LoggedErrors(FrameWriters.class)) {
      writers.choose(nothing(server, ServletContext.class, make(server, UNDERTOW)), false);
      assertEquals(List.of(), log.lines());
    }
    assertNull(writers.inUse(), "before the first frame nothing is said to be in use");
  }

  @ParameterizedTest
  @MethodSource("tyrus")
  void withoutOneMemberOfTyrusFramesAreWrittenByTheStandardApi(String member) throws Exception {
    assertStandard(FakeServers.PAYARA, member, TYRUS);
  }

  @ParameterizedTest
  @MethodSource("undertowWebSockets")
  void withoutOneMemberOfUndertowFramesAreWrittenByTheStandardApi(String member) throws Exception {
    assertStandard(FakeServers.WILDFLY, member, UNDERTOW);
  }

  private static void assertStandard(FakeServer whole, String member, String container)
      throws Exception {
    ClassLoader server = whole.without(member).load();
    FrameWriters writers = new FrameWriters(true);
    try (LoggedErrors log = new LoggedErrors(FrameWriters.class)) {
      writers.choose(nothing(server, ServletContext.class, make(server, container)), false);
      assertTrue(only(log).contains(member), only(log));
      assertTrue(only(log).contains("written by the standard API"), only(log));
      assertEquals(FrameWriters.Way.STANDARD, writers.inUse());
      Session session = nothing(server, Session.class, null);
      assertInstanceOf(StandardFrameWriter.class, writers.create(session));
      writers.watch(session, bytes -> true);
      only(log);
    }
  }
}
