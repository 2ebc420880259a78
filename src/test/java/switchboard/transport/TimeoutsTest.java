package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.CloseReason;
import jakarta.websocket.SendHandler;
import jakarta.websocket.Session;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.access.Authorizer;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.container.FrameWriter;
import switchboard.container.WebSocketFrame;
import switchboard.http.ClientPrincipal;
import switchboard.http.Exchange;
import switchboard.http.Guard;
import switchboard.http.HttpAnswer;
import switchboard.http.MemoryExchange;
import switchboard.http.MemoryStream;
import switchboard.http.Query;
import switchboard.http.RequestBody;
import switchboard.testing.SmallChannels;
import switchboard.time.Clocks;
import switchboard.time.TickClock;

/**
 * What is done to clients because time has passed, by clocks that a test sets. A wall clock that is
 * set changes nothing of it, and a process that stood still ends nobody for that.
 */
class TimeoutsTest {

  private static final long TICK_MILLIS = 1_000;
  private static final Map<String, String> SETTINGS =
      Map.of(
          "switchboard.access.open", "*",
          "switchboard.heartbeat.interval", "PT1S",
          "switchboard.websocket.ping-interval", "PT3S",
          "switchboard.websocket.pong-timeout", "PT3S",
          "switchboard.write.timeout", "PT5S",
          "switchboard.request.body-timeout", "PT6S",
          "switchboard.event-stream.max-age", "PT20S");

  private final Settings settings =
      new Settings(setting -> SETTINGS.get(setting.key()), SETTINGS.keySet());
  private final Counters counters = new Counters();
  private final Connections connections = new Connections(counters, 10, 0, Admission.open());
  private final PendingBodies bodies = new PendingBodies(1 << 20);
  private final List<String> events = new ArrayList<>();
  private Instant wall = Instant.parse("2026-01-01T00:00:00Z");
  private long elapsed = 1_000_000;
  private final TickClock ticks = new TickClock(() -> elapsed, TICK_MILLIS);
  private final Clocks clocks = new Clocks(() -> wall, () -> elapsed, ticks);
  private final Authorizer authorizer = new Authorizer(settings, clocks, name -> false);
  private final Guard anybody = new Guard(authorizer, authorizer.identify("", null, null));
  private final Channels channels = SmallChannels.of(counters, clocks);

  /** Whether the client takes what is written to it. */
  private boolean isReading = true;

  /** Whether the client answers pings. */
  private boolean isAnswering = true;

  private WebSocketConnection socket;

  @BeforeEach
  void createChannel() {
    channels.create(new ChannelName("c"), Channels.Request.empty(ContentType.JSON));
  }

  /** Time passes and the clock of the server ticks. */
  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      tickAfter(TICK_MILLIS);
    }
  }

  private void tickAfter(long millis) {
    elapsed += millis;
    wall = wall.plusMillis(millis);
    ticks.tick();
    connections.tick(elapsed);
    bodies.tick(ticks.millis());
  }

  private interface Answers {
    Object answer(String method, Object[] arguments);
  }

  private static <T> T as(Class<T> type, Answers answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "equals" -> proxy == arguments[0];
                  default -> answers.answer(method.getName(), arguments);
                }));
  }

  private void openWebSocket() {
    Session session =
        as(
            Session.class,
            (name, arguments) ->
                switch (name) {
                  case "getUserProperties" -> Map.of();
                  case "close" -> events.add("close " + reason(arguments));
                  default -> null;
                });
    socket =
        new WebSocketConnection(
            session,
            new ClientPrincipal("", "c", anybody, null),
            this::write,
            connections,
            bodies,
            new RateLimiter(0, clocks.elapsed()),
            settings,
            clocks);
    socket.open(WebSockets.conversation(socket, channels, settings));
    events.clear();
  }

  private static String reason(Object[] arguments) {
    return ((CloseReason) arguments[0]).getReasonPhrase();
  }

  private void write(WebSocketFrame frame, SendHandler written) {
    if (!isReading) {
      return;
    }
    events.add(frame.isPing() ? "ping" : "frame");
    written.onResult(FrameWriter.WRITTEN);
    if (frame.isPing() && isAnswering) {
      socket.ponged();
    }
  }

  /** A request of a client that never goes away by itself; {@code body} is what it says. */
  private HttpServletRequest request(ServletInputStream body) {
    Map<String, Object> attributes = new HashMap<>();
    HttpServletRequest[] self = new HttpServletRequest[1];
    AsyncContext context =
        as(
            AsyncContext.class,
            (method, arguments) ->
                switch (method) {
                  case "getRequest" -> self[0];
                  case "complete" -> events.add("complete");
                  default -> null;
                });
    self[0] =
        as(
            HttpServletRequest.class,
            (method, arguments) ->
                switch (method) {
                  case "getProtocol" -> "HTTP/1.1";
                  case "getMethod" -> body == null ? "GET" : "POST";
                  case "getRemoteAddr" -> "";
                  case "getRemotePort" -> 1;
                  case "getContentLengthLong" -> 100L;
                  case "getContentLength" -> 100;
                  case "getInputStream" -> body;
                  case "startAsync", "getAsyncContext" -> context;
                  case "isAsyncStarted" -> true;
                  case "setAttribute" -> attributes.put((String) arguments[0], arguments[1]);
                  case "getAttribute" -> attributes.get(arguments[0]);
                  default -> null;
                });
    return self[0];
  }

  private HttpServletResponse response() {
    ServletOutputStream out =
        new ServletOutputStream() {
          @Override
          public boolean isReady() {
            return true;
          }

          @Override
          public void setWriteListener(WriteListener listener) {
            throw new UnsupportedOperationException("a refusal is written at once");
          }

          @Override
          public void write(int b) {
            throw new UnsupportedOperationException("byte by byte");
          }

          @Override
          public void write(byte[] bytes) {
            events.add("written");
          }
        };
    return as(
        HttpServletResponse.class,
        (method, arguments) -> {
          if (method.equals("setStatus")) {
            events.add("status " + arguments[0]);
          }
          return method.equals("getOutputStream") ? out : null;
        });
  }

  /** An answer that goes on; its client reads or not. */
  private MemoryStream eventStream() {
    return new MemoryStream(Map.of()) {
      private boolean isFull;

      @Override
      public void start(Listener listener) {
        super.start(listener);
        listener.writable();
      }

      @Override
      public boolean isReady() {
        return isReading || !isFull;
      }

      @Override
      public void write(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        events.add(text.startsWith(":") ? "comment" : "written");
        isFull = !isReading;
      }

      @Override
      public void complete() {
        events.add("complete");
      }

      @Override
      public void disconnect() {
        events.add("complete");
      }
    };
  }

  private void openEventStream() {
    ReadRequest read = read(Transport.EVENT_STREAM);
    EventStream.start(read, "", eventStream(), connections, bodies, settings, clocks);
    events.clear();
  }

  private ReadRequest read(Transport transport) {
    Query query = Query.parse("offset=now", 500);
    return ReadRequest.parse(channels, anybody, "c", transport, query, header -> null, 4);
  }

  private void openLongPoll() {
    PollAnswer answer = new PollAnswer(read(Transport.LONG_POLL), 1_000, clocks, counters);
    Exchange exchange =
        new MemoryExchange("GET /channels/c", anybody, counters) {
          @Override
          protected void write(HttpAnswer written) {
            boolean isProblem = written.status() >= 400;
            events.add(isProblem ? "status " + written.status() : "answer");
          }
        };
    exchange.hold();
    new LongPoll(
            answer, answer.now(), Duration.ofSeconds(10), exchange, "", connections, Runnable::run)
        .start();
  }

  private void openBody() {
    ServletInputStream nothingYet =
        new ServletInputStream() {
          @Override
          public boolean isFinished() {
            return false;
          }

          @Override
          public boolean isReady() {
            return false;
          }

          @Override
          public void setReadListener(ReadListener listener) {
            // nothing comes
          }

          @Override
          public int read() {
            throw new IllegalStateException("nothing is there");
          }
        };
    try {
      RequestBody.receive(
          request(nothingYet),
          response(),
          new RequestBody.Place(
              bodies, settings, clocks.ticks(), counters, Runnable::run, Runnable::run),
          (body, used) -> events.add("used"));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All at once: each leaves its events, in the order of the seconds. */
  private List<String> hear(Runnable inTheMidst) {
    events.clear();
    openWebSocket();
    List<String> all = new ArrayList<>();
    openEventStream();
    openLongPoll();
    openBody();
    for (int second = 1; second <= 15; second++) {
      if (second == 3) {
        inTheMidst.run();
      }
      pass(1);
      all.add(second + ": " + events.stream().sorted().toList());
      events.clear();
    }
    return all;
  }

  static Stream<Named<Duration>> steps() {
    return Stream.of(
        Named.of("an hour back", Duration.ofHours(-1)),
        Named.of("an hour forward", Duration.ofHours(1)));
  }

  @ParameterizedTest
  @MethodSource("steps")
  void aWallClockThatIsSetChangesNothing(Duration step) {
    List<String> undisturbed = hear(() -> {});
    assertTrue(undisturbed.toString().contains("ping"), undisturbed.toString());
    assertTrue(undisturbed.toString().contains("comment"), undisturbed.toString());
    assertTrue(undisturbed.get(10).contains("answer"), undisturbed.toString());
    assertTrue(undisturbed.get(5).contains("status 408"), undisturbed.toString());
    TimeoutsTest disturbed = new TimeoutsTest();
    disturbed.createChannel();
    assertEquals(undisturbed, disturbed.hear(() -> disturbed.wall = disturbed.wall.plus(step)));
  }

  @Test
  void aWebSocketThatAnswersPingsIsNotGivenUpAfterAStandstill() {
    openWebSocket();
    pass(2);
    tickAfter(40_000);
    assertEquals("ping", events.get(events.size() - 1), "asked at once");
    pass(30);
    assertEquals(1, connections.count());
  }

  @Test
  void aPingThatWasUnderWayInAStandstillHasTheRestOfItsTime() {
    openWebSocket();
    isAnswering = false;
    pass(3);
    assertTrue(events.contains("ping"));
    tickAfter(40_000);
    assertEquals(1, connections.count());
    socket.ponged();
    pass(2);
    assertEquals(1, connections.count());
  }

  @Test
  void aWebSocketThatDoesNotAnswerItsPingIsGivenUpAlsoAfterAStandstill() {
    openWebSocket();
    isAnswering = false;
    tickAfter(40_000);
    pass(3);
    assertEquals("close connection-lost", events.get(events.size() - 1));
    assertEquals(0, connections.count());
  }

  @Test
  void aWebSocketWhosePingCouldNotBeWrittenIsTooSlow() {
    openWebSocket();
    isReading = false;
    pass(4);
    assertEquals(1, connections.count(), "a ping that waits asks nobody");
    pass(3);
    assertEquals("close too-slow", events.get(events.size() - 1));
  }

  @Test
  void aFrameThatIsBeingWrittenInAStandstillHasTheRestOfItsTime() {
    openWebSocket();
    isReading = false;
    pass(3); // the heartbeat of the first second is not taken
    tickAfter(40_000);
    assertEquals(1, connections.count());
    pass(2);
    assertEquals("close too-slow", events.get(events.size() - 1));
  }

  @Test
  void anEventStreamGoesOnAfterAStandstillAndSaysSoAtOnce() {
    openEventStream();
    tickAfter(40_000);
    assertEquals(List.of("comment"), events);
    pass(5);
    assertFalse(events.contains("complete"), events.toString());
  }

  @Test
  void anEventStreamThatIsBeingWrittenInAStandstillHasTheRestOfItsTime() {
    openEventStream();
    isReading = false;
    pass(3);
    tickAfter(40_000);
    assertEquals(1, connections.count());
    pass(3);
    assertEquals(List.of("comment", "complete"), events);
  }

  @Test
  void aStandstillDoesNotMakeAnEventStreamOld() {
    openEventStream();
    pass(10);
    tickAfter(40_000);
    assertEquals(1, connections.count());
    pass(10);
    assertTrue(events.contains("complete"), events.toString());
  }

  @Test
  void aBodyThatIsOnItsWayInAStandstillHasTheRestOfItsTime() {
    openBody();
    pass(2);
    tickAfter(40_000);
    assertEquals(List.of(), events);
    pass(3);
    assertTrue(events.contains("status 408"), events.toString());
  }

  @Test
  void aLongPollIsAnsweredAfterAStandstillThatWasLongerThanItsWait() {
    openLongPoll();
    tickAfter(40_000);
    assertEquals(List.of("answer"), events);
  }
}
