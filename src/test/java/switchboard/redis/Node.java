package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Limits;
import switchboard.channel.Presence;
import switchboard.config.RedisUrl;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;
import switchboard.time.MonotonicClock;

/** What one server is of a cluster, without a server around it; its clock ticks faster. */
final class Node implements AutoCloseable {

  static final Intervals FAST = new Intervals(100, 1_500, 1_000, 60_000);

  private final ExecutorService workers = Executors.newFixedThreadPool(2);
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  final Channels channels;
  final Presence presence;
  RedisStore store;

  Node(String url, Retention retention) {
    this(url, retention, "t:");
  }

  Node(String url, Retention retention, String prefix) {
    this(url, retention, prefix, InstantSource.system());
  }

  Node(String url, Retention retention, String prefix, InstantSource time) {
    this(url, retention, prefix, time, FAST, 50);
  }

  private Node(
      String url,
      Retention retention,
      String prefix,
      InstantSource time,
      Intervals intervals,
      long tickMillis) {
    channels =
        new Channels(
            retention,
            new Page(10, 100_000),
            new Limits(Long.MAX_VALUE, Integer.MAX_VALUE, 1_000, 3),
            name -> name.value().startsWith("auto-"),
            new Dispatch(workers, new Counters()),
            clocks(time),
            parts ->
                store =
                    new RedisStore(
                        new RedisClient(RedisUrl.parse(url), Thread::new),
                        prefix,
                        parts,
                        Thread::new,
                        intervals));
    presence =
        new Presence(channels, Node::isTold, name -> name.value().startsWith("auto-changes"));
    clock.scheduleWithFixedDelay(this::tick, tickMillis, tickMillis, TimeUnit.MILLISECONDS);
  }

  private static Clocks clocks(InstantSource wall) {
    MonotonicClock elapsed = MonotonicClock.system();
    return new Clocks(wall, elapsed, elapsed);
  }

  private static boolean isTold(ChannelName name) {
    return name.value().startsWith("auto-changes-members");
  }

  private void tick() {
    channels.tick();
    presence.tick();
  }

  /** It stops without a word. */
  void abort() {
    clock.shutdownNow();
    store.abort();
    workers.shutdown();
  }

  static Node at(String url) {
    return new Node(url, new Retention(100, 1_000_000, Duration.ZERO));
  }

  /** One whose clock ticks as that of a server does. */
  static Node usual(String url) {
    return new Node(
        url,
        new Retention(100, 1_000_000, Duration.ZERO),
        "t:",
        InstantSource.system(),
        Intervals.USUAL,
        1_000);
  }

  /** One that forgets nothing while somebody who listens lags behind. */
  static Node roomy(String url) {
    return new Node(url, new Retention(100_000, 100_000_000, Duration.ZERO));
  }

  Channel create(String name) {
    return channels
        .create(new ChannelName(name), Channels.Request.empty(ContentType.JSON))
        .channel();
  }

  Channel find(String name) {
    return channels.find(new ChannelName(name)).orElseThrow();
  }

  static Appended append(Channel channel, String... messages) {
    return channel.append(Append.of(Stream.of(messages).map(m -> m.getBytes(UTF_8)).toList()));
  }

  static void await(String what, java.util.concurrent.Callable<Boolean> condition) {
    await(what, condition, 30);
  }

  static void await(
      String what, java.util.concurrent.Callable<Boolean> condition, int boundSeconds) {
    Awaitility.await(what)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .atMost(Duration.ofSeconds(boundSeconds))
        .until(condition);
  }

  static void awaitEvents(List<String> expected, List<String> events) {
    try {
      await("all is heard", () -> events.size() >= expected.size());
    } finally {
      org.junit.jupiter.api.Assertions.assertEquals(expected, List.copyOf(events));
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
    channels.close();
    workers.shutdown();
  }
}
