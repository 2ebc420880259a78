package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.config.Settings;
import switchboard.connection.PendingBodies;
import switchboard.testing.FakeClocks;

/** Answers to clients that take them in their own time, or never. */
class PendingAnswerTest {

  private static final int LARGE = 100_000;

  private final PendingBodies bodies = new PendingBodies(250_000);
  private final Counters counters = new Counters();
  private final FakeClocks time = new FakeClocks();
  private final List<String> events = new ArrayList<>();
  private final PendingAnswer.Place place =
      new PendingAnswer.Place(
          bodies, new Settings(setting -> null, List.of()), time.clocks().ticks(), counters);

  /** A client, and the request that it is answered. */
  private final class Client extends ServletOutputStream {
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private int takes;
    private WriteListener listener;
    private int status;
    private AsyncListener end;
    private boolean hasThreadLeft;
    private ServletAnswer held;

    @Override
    public boolean isReady() {
      return takes > 0;
    }

    @Override
    public void setWriteListener(WriteListener writer) {
      listener = writer;
    }

    @Override
    public void write(int b) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      takes--;
      taken.write(bytes, from, length);
    }

    @Override
    public void write(byte[] bytes) {
      taken.writeBytes(bytes); // as blocking output does
    }

    private void take(int writes) throws Exception {
      takes = writes;
      listener.onWritePossible();
    }

    private void ask(int length) {
      come();
      answer(length);
    }

    private void answer(int length) {
      held.write(new HttpAnswer(200, Map.of(), new byte[length]));
    }

    private void come() {
      AsyncContext context =
          proxy(
              AsyncContext.class,
              (proxy, method, arguments) -> {
                if (method.getName().equals("complete")) {
                  events.add("complete");
                }
                if (method.getName().equals("addListener")) {
                  if (hasThreadLeft) {
                    throw new IllegalStateException("as Payara has it, by the specification");
                  }
                  end = (AsyncListener) arguments[0];
                }
                return null;
              });
      HttpServletRequest request =
          proxy(
              HttpServletRequest.class,
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "getMethod" -> "GET";
                    case "getProtocol" -> "HTTP/1.1";
                    case "isAsyncSupported" -> true;
                    case "isAsyncStarted" -> false;
                    case "startAsync" -> context;
                    default -> null;
                  });
      HttpServletResponse response =
          proxy(
              HttpServletResponse.class,
              (proxy, method, arguments) -> {
                if (method.getName().equals("setStatus")) {
                  status = (int) arguments[0];
                }
                return method.getName().equals("getOutputStream") ? this : null;
              });
      held = new ServletAnswer(request, response, place);
    }

    /** Its request is held, and the thread that took it does something else. */
    private void isHeld() {
      come();
      held.hold();
      hasThreadLeft = true;
    }
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  @Test
  void aLargeAnswerIsHeldUntilItIsTakenAndThenTheRequestIsOver() throws Exception {
    Client client = new Client();
    client.ask(LARGE);
    assertEquals(LARGE, bodies.heldBytes());
    client.take(2);
    assertEquals(LARGE, bodies.heldBytes());
    assertEquals(List.of(), events, "the next request of this connection is not begun");
    client.take(100);
    assertEquals(LARGE, client.taken.size());
    assertEquals(0, bodies.heldBytes());
    assertEquals(List.of("complete"), events);
    assertEquals(0, bodies.count());
  }

  @Test
  void moreThanMayBeHeldIsRefusedAndSmallAnswersAreNot() {
    Client first = new Client();
    first.ask(LARGE);
    Client second = new Client();
    second.ask(LARGE);
    assertEquals(503, second.status);
    assertEquals(LARGE, bodies.heldBytes());
    assertEquals(1, counters.endings(Ending.REQUEST_BUFFER_FULL));
    Client small = new Client();
    small.ask(1_000);
    assertEquals(200, small.status);
    assertEquals(1_000, small.taken.size());
  }

  @Test
  void aClientThatTakesNothingForTooLongIsGivenUp() throws Exception {
    Client client = new Client();
    client.ask(LARGE);
    time.passMillis(29_000);
    client.take(1);
    time.passMillis(29_000);
    bodies.tick(time.elapsedMillis());
    assertEquals(1, bodies.count(), "it took something");
    time.passMillis(2_000);
    bodies.tick(time.elapsedMillis());
    assertEquals(0, bodies.count());
    assertEquals(0, bodies.heldBytes());
    assertEquals(1, counters.endings(Ending.TOO_SLOW));
    assertTrue(events.contains("complete"));
  }

  @Test
  void aRequestThatWasHeldGetsALargeAnswerByAnotherThread() throws Exception {
    Client client = new Client();
    client.isHeld();
    client.answer(LARGE);
    client.take(100);
    assertEquals(LARGE, client.taken.size());
    assertEquals(List.of("complete"), events);
    assertEquals(0, bodies.heldBytes());
  }

  @Test
  void aRequestThatIsOverBeforeItsAnswerKeepsNothing() throws Exception {
    Client client = new Client();
    client.isHeld();
    client.end.onComplete(null);
    client.answer(LARGE);
    assertEquals(0, bodies.heldBytes());
    assertEquals(0, bodies.count());
  }

  @Test
  void anAnswerWhoseRequestIsEndedByTheServerKeepsNothing() throws Exception {
    Client client = new Client();
    client.isHeld();
    client.answer(LARGE);
    client.end.onError(null);
    assertEquals(0, bodies.heldBytes());
    assertEquals(0, bodies.count());
  }

  @Test
  void aClientThatIsGoneCostsNothing() {
    Client client = new Client();
    client.ask(LARGE);
    client.listener.onError(new java.io.IOException("gone"));
    assertEquals(0, bodies.heldBytes());
    assertEquals(0, bodies.count());
  }
}
