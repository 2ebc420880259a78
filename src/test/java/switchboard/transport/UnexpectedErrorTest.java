package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import switchboard.access.Authorizer;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.http.Guard;
import switchboard.http.MemoryExchange;
import switchboard.http.Problem;
import switchboard.http.Query;
import switchboard.testing.LoggedErrors;
import switchboard.testing.SmallChannels;
import switchboard.time.Clocks;

/** A held long poll is answered and forgotten, whatever fails. */
class UnexpectedErrorTest {

  private static final Map<String, String> SETTINGS = Map.of("switchboard.access.open", "*");

  private final Settings settings =
      new Settings(setting -> SETTINGS.get(setting.key()), SETTINGS.keySet());
  private final Counters counters = new Counters();
  private final Connections connections = new Connections(counters, 10, 0, Admission.open());
  private long now = 1_000;
  private final Clocks clocks = new Clocks(() -> Instant.EPOCH, () -> now, () -> now);
  private final Authorizer authorizer = new Authorizer(settings, clocks, name -> false);
  private final Guard anybody = new Guard(authorizer, authorizer.identify("", null, null));
  private final Channels channels = SmallChannels.of(counters, clocks);
  private final LoggedErrors logged = new LoggedErrors(Problem.class);
  private MemoryExchange exchange;

  /** What the executor does with work; a test changes it while the request is held. */
  private Executor executor = Runnable::run;

  private Error fault;

  @BeforeEach
  void createChannel() {
    channels.create(new ChannelName("c"), Channels.Request.empty(ContentType.JSON));
  }

  @AfterEach
  void leaveTheLog() {
    logged.close();
  }

  private void hold() {
    Query query = Query.parse("offset=now", 500);
    Clocks faulty =
        new Clocks(
            () -> {
              if (fault != null) {
                throw fault;
              }
              return Instant.EPOCH;
            },
            () -> now,
            () -> now);
    ReadRequest read =
        ReadRequest.parse(channels, anybody, "c", Transport.LONG_POLL, query, header -> null, 4);
    PollAnswer answer = new PollAnswer(read, 1_000, faulty, counters);
    exchange = new MemoryExchange("GET /channels/c", anybody, counters);
    exchange.hold();
    new LongPoll(
            answer,
            answer.now(),
            Duration.ofSeconds(10),
            exchange,
            "",
            connections,
            work -> executor.execute(work))
        .start();
  }

  private void append() {
    channels
        .find(new ChannelName("c"))
        .orElseThrow()
        .append(new switchboard.log.Append(List.of(new byte[] {'1'}), null, null, false));
  }

  private void assertTold(Ending ending, Throwable why) {
    assertEquals(ending.status(), exchange.answer().status());
    assertTrue(exchange.text().contains(ending.type()), exchange.text());
    assertEquals(why == null ? List.of() : List.of(why), logged.all());
    assertEquals(1, counters.endings(ending));
    assertEquals(0, connections.count());
    assertEquals(0, channels.find(new ChannelName("c")).orElseThrow().subscriptionCount());
  }

  @Test
  void whenItsTimeIsUpAndTheAnswerFails() {
    hold();
    fault = new StackOverflowError("a fault on purpose");
    now += 11_000;
    connections.tick(now);
    assertTold(Ending.INTERNAL, fault);
  }

  @Test
  void whenAMessageComesAndTheAnswerFails() {
    hold();
    fault = new StackOverflowError("a fault on purpose");
    append();
    assertTold(Ending.INTERNAL, fault);
  }

  @Test
  void whenNoThreadTakesTheAnswer() {
    hold();
    executor =
        work -> {
          throw new RejectedExecutionException("shut down");
        };
    append();
    assertTold(Ending.SERVER_STOPPING, null);
  }

  @Test
  void whenThereIsNoThreadForTheAnswer() {
    hold();
    OutOfMemoryError none = new OutOfMemoryError("unable to create native thread");
    executor =
        work -> {
          throw none;
        };
    append();
    assertTold(Ending.INTERNAL, none);
  }

  @Test
  void whenNoThreadTakesItsBeginning() {
    executor =
        work -> {
          throw new RejectedExecutionException("shut down");
        };
    hold();
    assertTold(Ending.SERVER_STOPPING, null);
  }
}
