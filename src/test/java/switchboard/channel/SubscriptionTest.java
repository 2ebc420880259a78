package switchboard.channel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Log;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.log.RingLog;
import switchboard.testing.RecordingSink;
import switchboard.time.Clocks;

class SubscriptionTest {

  private final Queue<Runnable> walks = new ArrayDeque<>();

  private static void await(Callable<Boolean> condition) {
    with()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .await()
        .atMost(Duration.ofSeconds(10))
        .until(condition);
  }

  private Channel channel(Executor workers) {
    Channels channels =
        new Channels(
            new Retention(100, 1_000_000, Duration.ZERO),
            new Page(10, 1_000_000),
            Limits.NONE,
            name -> true,
            new Dispatch(workers, new Counters()),
            Clocks.system());
    return channels.find(new ChannelName("c")).orElseThrow();
  }

  /** One whose log does something each time somebody begins to listen. */
  private Channel channelThatListens(Runnable action, Counters counters) {
    RingLog log = (RingLog) channel(walks::add).log();
    return channel(
        counters,
        (proxy, method, arguments) -> {
          if (method.getName().equals("listen")) {
            action.run();
            return null;
          }
          return method.invoke(log, arguments);
        });
  }

  /** One whose log needs time for what is appended. */
  @SuppressWarnings("unchecked")
  private Channel channelThatIsSlow(RingLog log, List<Consumer<Appended>> waiting) {
    return channel(
        new Counters(),
        (proxy, method, arguments) -> {
          if (method.getName().equals("append")) {
            log.take((Append) arguments[0], 0);
            waiting.add((Consumer<Appended>) arguments[2]);
            return null;
          }
          return method.invoke(log, arguments);
        });
  }

  private Channel channel(Counters counters, InvocationHandler log) {
    StoreContext parts =
        new StoreContext(
            null,
            null,
            Limits.NONE,
            null,
            null,
            null,
            new Dispatch(walks::add, counters),
            Clocks.system());
    ChannelName name = new ChannelName("c");
    Log logged =
        (Log) Proxy.newProxyInstance(Log.class.getClassLoader(), new Class<?>[] {Log.class}, log);
    return new Channel(name, ContentType.JSON, Lifetime.UNBOUNDED, null, logged, parts);
  }

  private void walk() {
    while (!walks.isEmpty()) {
      walks.remove().run();
    }
  }

  private static void append(Channel channel, String... messages) {
    channel.append(Append.of(List.of(messages).stream().map(m -> m.getBytes(UTF_8)).toList()));
  }

  @Test
  void writesWhatIsThereAndThenWhatComes() {
    Channel channel = channel(walks::add);
    append(channel, "a");
    RecordingSink sink = RecordingSink.fast();
    channel.subscription(channel.earliest(), sink).start();
    append(channel, "b", "c");
    walk();
    assertEquals(List.of("a", "b", "c"), sink.events);
  }

  @Test
  void aSlowLogIsNotWaitedForAndItsThreadWritesToNoReader() throws InterruptedException {
    RingLog log = (RingLog) channel(walks::add).log();
    List<Consumer<Appended>> waiting = new ArrayList<>();
    List<Appended> told = new ArrayList<>();
    Channel channel = channelThatIsSlow(log, waiting);
    RecordingSink sink = RecordingSink.fast();
    channel.subscription(channel.earliest(), sink).start();
    channel.append(Append.of(List.of("a".getBytes(UTF_8))), told::add);
    assertEquals(List.of(), told);
    assertEquals(List.of(), sink.events);
    Appended accepted = new Appended.Accepted(log.nextEnd(), false);
    Thread disk =
        new Thread(
            () -> {
              log.show(1, false);
              channel.moved();
              waiting.get(0).accept(accepted);
            });
    disk.start();
    disk.join();
    assertEquals(List.of(accepted), told);
    assertEquals(List.of(), sink.events, "written by the thread of the log");
    assertEquals(1, walks.size(), "woken twice");
    walk();
    assertEquals(List.of("a"), sink.events);
  }

  /** As many as make a hand-over to a worker worth while. */
  private static List<RecordingSink> crowd(Channel channel) {
    return IntStream.range(0, 20)
        .mapToObj(
            i -> {
              RecordingSink sink = RecordingSink.fast();
              channel.subscription(channel.end(), sink).start();
              return sink;
            })
        .toList();
  }

  @Test
  void withManyReadersThePublisherWritesToNone() {
    Channel channel = channel(walks::add);
    List<RecordingSink> crowd = crowd(channel);
    append(channel, "a");
    crowd.forEach(sink -> assertEquals(List.of(), sink.events));
    walk();
    crowd.forEach(sink -> assertEquals(List.of("a"), sink.events));
  }

  @Test
  void withFewReadersThePublisherWritesToThem() {
    Channel channel = channel(walks::add);
    RecordingSink sink = RecordingSink.fast();
    channel.subscription(channel.end(), sink).start();
    append(channel, "a");
    assertEquals(List.of("a"), sink.events);
    assertEquals(0, walks.size());
  }

  @Test
  void whatIsAppendedDuringAWalkGoesOutTogetherInTheNext() {
    Channel channel = channel(walks::add);
    crowd(channel);
    RecordingSink sink = RecordingSink.fast();
    sink.onWrite(
        () -> {
          append(channel, "b");
          append(channel, "c");
        });
    channel.subscription(channel.end(), sink).start();
    append(channel, "a");
    walks.remove().run();
    assertEquals(1, sink.batches());
    walk();
    assertEquals(List.of("a", "b", "c"), sink.events);
    assertEquals(2, sink.batches(), "b and c in one");
  }

  @Test
  void manyAppendsBeforeAWalkAreOneWalk() {
    Channel channel = channel(walks::add);
    crowd(channel);
    RecordingSink sink = RecordingSink.fast();
    channel.subscription(channel.end(), sink).start();
    IntStream.range(0, 5).forEach(i -> append(channel, "m" + i));
    assertEquals(1, walks.size());
    walk();
    assertEquals(List.of("m0", "m1", "m2", "m3", "m4"), sink.events);
  }

  @Test
  void aSlowClientHasOneWriteInFlightAndCostsAnOffset() {
    Channel channel = channel(walks::add);
    RecordingSink sink = RecordingSink.slow();
    Subscription subscription = channel.subscription(channel.end(), sink).start();
    append(channel, "a");
    walk();
    append(channel, "b");
    append(channel, "c");
    walk();
    assertEquals(List.of("a"), sink.events);
    assertEquals(channel.earliest(), subscription.next());
    sink.finishWrite();
    assertEquals(List.of("a", "b", "c"), sink.events);
  }

  @Test
  void aClientTooSlowForTheLogIsToldAGapAndReadsOn() {
    Channel channel = channel(walks::add);
    RecordingSink sink = RecordingSink.slow();
    channel.subscription(channel.end(), sink).start();
    append(channel, "first");
    walk();
    IntStream.range(0, 150).forEach(i -> append(channel, "m" + i));
    walk();
    sink.finishWrite();
    assertEquals(List.of("first", "gap of 50"), sink.events);
    sink.finishWrite();
    assertEquals("m50", sink.events.get(2));
    assertEquals(12, sink.events.size(), "a page of ten follows");
  }

  @Test
  void oneSlowClientDoesNotDelayTheOthers() {
    Channel channel = channel(walks::add);
    RecordingSink slow = RecordingSink.slow();
    RecordingSink fast = RecordingSink.fast();
    channel.subscription(channel.end(), slow).start();
    channel.subscription(channel.end(), fast).start();
    append(channel, "a");
    walk();
    append(channel, "b");
    walk();
    assertEquals(List.of("a"), slow.events);
    assertEquals(List.of("a", "b"), fast.events);
  }

  @Test
  void aSinkThatFailsEndsItsOwnSubscriptionOnly() {
    Channel channel = channel(walks::add);
    Sink broken =
        new Sink() {
          @Override
          public Transport transport() {
            return Transport.WEBSOCKET;
          }

          @Override
          public void write(switchboard.log.Batch batch, Runnable done) {
            throw new IllegalStateException("broken on purpose");
          }

          @Override
          public void gap(switchboard.log.Gap gap, Runnable done) {}

          @Override
          public void closed(switchboard.log.Offset end) {}

          @Override
          public void end(Ending ending) {}
        };
    RecordingSink other = RecordingSink.fast();
    channel.subscription(channel.end(), broken).start();
    channel.subscription(channel.end(), other).start();
    append(channel, "a");
    walk();
    append(channel, "b");
    walk();
    assertEquals(List.of("a", "b"), other.events);
    assertEquals(1, channel.subscriptionCount());
  }

  @Test
  void aClosedChannelIsToldAfterItsLastMessage() {
    Channel channel = channel(walks::add);
    RecordingSink sink = RecordingSink.fast();
    channel.subscription(channel.end(), sink).start();
    channel.append(new Append(List.of("last".getBytes(UTF_8)), null, null, true));
    walk();
    assertEquals(List.of("last", "closed"), sink.events);
    assertEquals(0, channel.subscriptionCount());
  }

  @Test
  void aDeletedChannelIsReportedByAWorker() {
    Channel channel = channel(walks::add);
    RecordingSink sink = RecordingSink.slow();
    channel.subscription(channel.end(), sink).start();
    append(channel, "a");
    walk();
    channel.delete();
    assertEquals(List.of("a"), sink.events, "whoever deletes does not write to clients");
    walk();
    assertEquals(List.of("a", "channel-deleted"), sink.events);
    assertEquals(0, channel.subscriptionCount());
  }

  @Test
  void aCancelledSubscriptionReceivesNothingMore() {
    Channel channel = channel(walks::add);
    RecordingSink sink = RecordingSink.fast();
    Subscription subscription = channel.subscription(channel.end(), sink).start();
    subscription.cancel();
    append(channel, "a");
    walk();
    channel.delete();
    assertEquals(List.of(), sink.events);
    assertEquals(0, channel.subscriptionCount());
  }

  @Test
  void oneThatIsCancelledBeforeItStartsNeverStarts() {
    Channel channel = channel(walks::add);
    append(channel, "a");
    RecordingSink sink = RecordingSink.fast();
    Subscription subscription = channel.subscription(channel.earliest(), sink);
    append(channel, "b");
    assertEquals(List.of(), sink.events, "nothing is read before it starts");
    subscription.cancel();
    subscription.start();
    append(channel, "c");
    walk();
    channel.delete();
    assertEquals(List.of(), sink.events);
    assertEquals(0, channel.subscriptionCount());
  }

  @Test
  void oneThatIsCancelledWhileItStartsIsForgotten() {
    Counters counters = new Counters();
    Subscription[] starting = {null};
    Channel channel = channelThatListens(() -> starting[0].cancel(), counters);
    append(channel, "a");
    RecordingSink sink = RecordingSink.fast();
    starting[0] = channel.subscription(channel.earliest(), sink);
    starting[0].start();
    assertEquals(List.of(), sink.events);
    assertEquals(0, channel.subscriptionCount());
    assertEquals(0, counters.subscriptions(sink.transport()));
  }

  @Test
  void aWalkThatNoWorkerAcceptedIsRepeatedAtTheNextTick() {
    boolean[] full = {true};
    Channel channel =
        channel(
            walk -> {
              if (full[0]) {
                throw new RejectedExecutionException();
              }
              walks.add(walk);
            });
    RecordingSink sink = RecordingSink.fast();
    channel.subscription(channel.end(), sink).start();
    append(channel, "a");
    full[0] = false;
    channel.tick(0);
    walk();
    assertEquals(List.of("a"), sink.events);
  }

  @Test
  void aMessageAppendedDuringTheStartIsDelivered() {
    ExecutorService workers = Executors.newFixedThreadPool(2);
    ExecutorService publisher = Executors.newSingleThreadExecutor();
    try {
      for (int round = 0; round < 500; round++) {
        Channel channel = channel(workers);
        RecordingSink sink = RecordingSink.fast();
        publisher.execute(() -> append(channel, "a"));
        channel.subscription(channel.earliest(), sink).start();
        await(() -> sink.events.equals(List.of("a")));
      }
    } finally {
      publisher.shutdownNow();
      workers.shutdownNow();
    }
  }

  @Test
  void aSinkThatIsNotFreeGetsNothingAndLaterAllThatCameMeanwhile() {
    Channel channel = channel(walks::add);
    append(channel, "a");
    RecordingSink sink = RecordingSink.fast();
    sink.isFree(false);
    Subscription subscription = channel.subscription(channel.earliest(), sink).start();
    append(channel, "b");
    walk();
    assertEquals(List.of(), sink.events);
    assertFalse(subscription.hasHeardAll());
    sink.isFree(true);
    subscription.resume();
    assertEquals(List.of("a", "b"), sink.events);
    assertEquals(1, sink.batches());
  }

  @Test
  void manyPublishersAndSubscribersLoseNothing() {
    ExecutorService workers = Executors.newFixedThreadPool(2);
    ExecutorService publishers = Executors.newFixedThreadPool(2);
    try {
      Channel channel = channel(workers);
      List<RecordingSink> sinks =
          IntStream.range(0, 20).mapToObj(i -> RecordingSink.fast()).toList();
      sinks.forEach(sink -> channel.subscription(channel.earliest(), sink).start());
      for (int publisher = 0; publisher < 2; publisher++) {
        publishers.execute(
            () -> IntStream.range(0, 50).forEach(i -> append(channel, Integer.toString(i))));
      }
      for (RecordingSink sink : sinks) {
        await(() -> sink.events.size() >= 100);
        assertEquals(100, sink.events.size());
        assertTrue(sink.events.equals(sinks.get(0).events), "the same order for everybody");
      }
    } finally {
      publishers.shutdownNow();
      workers.shutdownNow();
    }
  }
}
