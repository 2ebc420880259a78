package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import switchboard.channel.Counters;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.connection.Drain;
import switchboard.connection.PendingBodies;
import switchboard.container.FakeServers;
import switchboard.container.TcpConnection;

/** Bodies that nobody reads, on a server that would wait for them, as WildFly does. */
class UnreadBodyTest {

  private final PendingBodies bodies = new PendingBodies(1 << 20);
  private final List<String> events = new ArrayList<>();
  private String protocol = "HTTP/1.1";
  private long length = 100;
  private String expect;
  private int arrived;
  private boolean isBroken;

  @BeforeEach
  void startWildFly() throws ReflectiveOperationException {
    FakeServers.start(FakeServers.WILDFLY);
  }

  @AfterEach
  void stopWildFly() {
    FakeServers.stop();
  }

  private HttpServletRequest request(boolean isOnWildFly) throws ReflectiveOperationException {
    HttpServletRequest servers =
        isOnWildFly ? FakeServers.request() : as(HttpServletRequest.class, name -> null);
    return new HttpServletRequestWrapper(servers) {
      @Override
      public String getProtocol() {
        return protocol;
      }

      @Override
      public long getContentLengthLong() {
        return length;
      }

      @Override
      public String getHeader(String name) {
        return name.equals("Expect") ? expect : null;
      }

      @Override
      public ServletInputStream getInputStream() {
        return body();
      }

      @Override
      public AsyncContext startAsync() {
        events.add("held");
        return as(
            AsyncContext.class, name -> name.equals("complete") ? events.add("complete") : null);
      }
    };
  }

  private ServletInputStream body() {
    return new ServletInputStream() {
      private int taken;

      @Override
      public boolean isFinished() {
        return taken == length;
      }

      @Override
      public boolean isReady() {
        return available() > 0;
      }

      @Override
      public int available() {
        return arrived - taken;
      }

      @Override
      public void setReadListener(ReadListener listener) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int read() {
        throw new UnsupportedOperationException("byte by byte");
      }

      @Override
      public int read(byte[] bytes, int from, int most) throws IOException {
        if (isBroken) {
          throw new IOException("gone");
        }
        int count = Math.min(most, available());
        taken += count;
        return count;
      }
    };
  }

  private interface Answers {
    Object answer(String method);
  }

  private static <T> T as(Class<T> type, Answers answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Object answer = answers.answer(method.getName());
              return method.getReturnType() == void.class ? null : answer;
            }));
  }

  private HttpServletResponse response() {
    return as(
        HttpServletResponse.class,
        name -> {
          if (name.equals("setStatus") || name.equals("flushBuffer")) {
            events.add(name);
          }
          return null;
        });
  }

  private boolean isLeft() throws ReflectiveOperationException {
    return UnreadBody.isLeft(request(true));
  }

  @Test
  void aBodyThatHasNotArrivedIsLeft() throws ReflectiveOperationException {
    assertTrue(isLeft());
    arrived = 99;
    assertTrue(isLeft());
  }

  @Test
  void oneThatArrivedWithTheHeadersIsDiscarded() throws ReflectiveOperationException {
    arrived = 100;
    assertFalse(isLeft());
  }

  @Test
  void notEveryLargeBodyIsDiscarded() throws ReflectiveOperationException {
    length = 10 << 20;
    arrived = 10 << 20;
    assertTrue(isLeft(), "somebody else's bandwidth, our thread");
  }

  @Test
  void withoutABodyNothingIsLeft() throws ReflectiveOperationException {
    length = 0;
    assertFalse(isLeft());
    length = -1;
    assertFalse(isLeft());
  }

  @Test
  void aBodyThatAClientHoldsBackIsNotAskedFor() throws ReflectiveOperationException {
    expect = "100-Continue";
    assertFalse(isLeft());
  }

  @Test
  void otherServersDoNotWait() throws ReflectiveOperationException {
    assertFalse(UnreadBody.isLeft(request(false)));
    protocol = "HTTP/2.0";
    assertFalse(isLeft(), "a stream can be reset");
  }

  @Test
  void aClientThatIsGoneLeavesNothing() throws ReflectiveOperationException {
    arrived = 50;
    isBroken = true;
    assertFalse(isLeft());
  }

  @Test
  void itsAnswerIsSentAndItsConnectionEndsWithTheSecondTick() throws ReflectiveOperationException {
    HttpServletRequest request = request(true);
    UnreadBody.answer(new HttpAnswer(400, Map.of(), null), request, response(), bodies);
    assertEquals(List.of("held", "setStatus", "flushBuffer"), events);
    bodies.tick(1_000);
    assertFalse(TcpConnection.isOver(request), "its client may be reading");
    bodies.tick(2_000);
    assertTrue(TcpConnection.isOver(request));
    assertEquals("complete", events.get(events.size() - 1));
    assertEquals(0, bodies.count());
  }

  @Test
  void itEndsAtOnceWhenTheServerStops() throws ReflectiveOperationException {
    HttpServletRequest request = request(true);
    UnreadBody.answer(new HttpAnswer(400, Map.of(), null), request, response(), bodies);
    Connections none = new Connections(new Counters(), 10, 0, Admission.open());
    new Drain(none, bodies, Duration.ZERO, () -> 1_000).run();
    assertTrue(TcpConnection.isOver(request));
    assertEquals(0, bodies.count());
  }
}
