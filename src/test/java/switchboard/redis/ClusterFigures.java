package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.config.RedisUrl;
import switchboard.log.Append;
import switchboard.log.Batch;
import switchboard.testing.QuietSink;
import switchboard.testing.RedisServer;

/**
 * What the Redis engine costs, without a server around it; no test, nothing in it fails. {@code
 * bench/cluster} runs it and prints the table for {@code docs/reports/benchmarks.md}.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClusterFigures {

  private static final Path REPORT = Path.of("target/cluster-figures.md");
  private static final int ROUNDS = 5;
  private static final int APPENDS = 10_000;
  private static final int SPREAD = 100;
  private static final int MANY = Integer.getInteger("figures.channels", 100_000);
  private static final byte[] MESSAGE = "x".repeat(200).getBytes(UTF_8);

  private final List<AutoCloseable> open = new ArrayList<>();
  private RedisServer redis;

  @BeforeEach
  void start() {
    redis = RedisServer.start();
    open.add(redis);
  }

  @AfterEach
  void stop() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private Node node() {
    Node node = Node.usual(redis.url());
    open.add(node);
    return node;
  }

  private static void report(String line, Object... values) throws IOException {
    String text = line.formatted(values) + "\n";
    System.out.print(text);
    Files.writeString(
        REPORT,
        text,
        java.nio.file.StandardOpenOption.CREATE,
        java.nio.file.StandardOpenOption.APPEND);
  }

  private double redisCpuMicros() {
    return Double.parseDouble(info("used_cpu_user", "cpu")) * 1e6
        + Double.parseDouble(info("used_cpu_sys", "cpu")) * 1e6;
  }

  private String info(String name, String section) {
    try (Jedis jedis = redis.client()) {
      return jedis
          .info(section)
          .lines()
          .filter(line -> line.startsWith(name + ":"))
          .findFirst()
          .orElseThrow()
          .substring(name.length() + 1)
          .strip();
    }
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  private interface Appending {
    void append(int i) throws Exception;
  }

  /** Appends a second, and the CPU of Redis for each in µs. */
  private double[] rate(int threads, Appending appending) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    AtomicInteger next = new AtomicInteger();
    double cpu = redisCpuMicros();
    long start = System.nanoTime();
    List<Future<?>> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      all.add(
          pool.submit(
              () -> {
                for (int i = next.getAndIncrement(); i < APPENDS; i = next.getAndIncrement()) {
                  appending.append(i);
                }
                return null;
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    pool.shutdown();
    return new double[] {APPENDS / seconds, (redisCpuMicros() - cpu) / APPENDS};
  }

  @Test
  @Order(1)
  void appends() throws Exception {
    Files.deleteIfExists(REPORT);
    Node a = node();
    List<Channel> channels = IntStream.range(0, SPREAD).mapToObj(i -> a.create("c" + i)).toList();
    List<String> ids =
        channels.stream().map(c -> a.store.log(c.name()).id()).collect(Collectors.toList());
    Scripts scripts = new Scripts(new RedisClient(RedisUrl.parse(redis.url()), Thread::new), "t:");
    report(
        "| append of 200 bytes, 100 channels | threads | a second | × bare | CPU of Redis, µs |");
    report("|---|---:|---:|---:|---:|");
    for (int threads : new int[] {1, 16}) {
      ThreadLocal<Connection> own =
          ThreadLocal.withInitial(() -> new Connection(new HostAndPort("127.0.0.1", redis.port())));
      Map<String, Appending> ways = new java.util.LinkedHashMap<>();
      ways.put(
          "bare `EVALSHA`, a connection a thread",
          i -> own.get().executeCommand(bare(scripts, ids.get(i % SPREAD), i % SPREAD)));
      ways.put(
          "through the engine", i -> channels.get(i % SPREAD).append(Append.of(List.of(MESSAGE))));
      ways.put(
          "as a request does: look, then append",
          i -> a.find("c" + i % SPREAD).append(Append.of(List.of(MESSAGE))));
      ways.values().forEach(way -> warm(threads, way));
      Map<String, List<Double>> rates = new java.util.LinkedHashMap<>();
      Map<String, List<Double>> costs = new java.util.LinkedHashMap<>();
      for (int round = 0; round < ROUNDS; round++) {
        for (Map.Entry<String, Appending> way : ways.entrySet()) {
          double[] seen = rate(threads, way.getValue());
          rates.computeIfAbsent(way.getKey(), k -> new ArrayList<>()).add(seen[0]);
          costs.computeIfAbsent(way.getKey(), k -> new ArrayList<>()).add(seen[1]);
        }
      }
      double bare = median(rates.values().iterator().next());
      for (String way : ways.keySet()) {
        double rate = median(rates.get(way));
        report(
            "| %s | %d | %,.0f | %.2f | %.0f |",
            way, threads, rate, rate / bare, median(costs.get(way)));
      }
    }
  }

  private void warm(int threads, Appending way) {
    try {
      rate(threads, way);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  // What MirroredLog sends for an append, with nothing of ours around it.
  private static redis.clients.jedis.CommandArguments bare(Scripts scripts, String id, int c) {
    ChannelName name = new ChannelName("c" + c);
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                "append", "t:", name, id, UUID.randomUUID(), 60_000, 100, 1_000_000, 0, 10_000));
    arguments.addAll(List.of("", 0, 0, 0, "", 0, List.of(MESSAGE)));
    return scripts.command(Command.EVALSHA, scripts.hash, name, arguments);
  }

  /** Says when it was written to. */
  private static final class Waiting extends QuietSink {
    private volatile long heardNanos;
    private volatile CountDownLatch heard = new CountDownLatch(1);

    Waiting() {
      super(Transport.WEBSOCKET, null);
    }

    @Override
    public void write(Batch batch, Runnable done) {
      heardNanos = System.nanoTime();
      super.write(batch, done);
      heard.countDown();
    }

    @Override
    public void end(Ending ending) {
      throw new IllegalStateException(ending.slug());
    }
  }

  private static Waiting listen(Node node, String name) {
    Channel channel = node.find(name);
    Waiting sink = new Waiting();
    channel.subscription(channel.end(), sink).start();
    return sink;
  }

  @Test
  @Order(2)
  void latency() throws Exception {
    Node a = node();
    Node b = node();
    Channel channel = a.create("c");
    Waiting here = listen(a, "c");
    Waiting there = listen(b, "c");
    Node.await("both listen", () -> subscribers("t:{c}") == 2);
    int count = 5_000;
    double[] same = new double[count];
    double[] other = new double[count];
    for (int i = -count; i < count; i++) {
      here.heard = new CountDownLatch(1);
      there.heard = new CountDownLatch(1);
      long start = System.nanoTime();
      channel.append(Append.of(List.of(MESSAGE)));
      here.heard.await();
      there.heard.await();
      if (i >= 0) {
        same[i] = (here.heardNanos - start) / 1e3;
        other[i] = (there.heardNanos - start) / 1e3;
      }
    }
    Arrays.sort(same);
    Arrays.sort(other);
    report("");
    report("| from before the append to the reader | p50, µs | p99, µs |");
    report("|---|---:|---:|");
    report("| at the same node | %.0f | %.0f |", same[count / 2], same[count * 99 / 100]);
    report("| at another node | %.0f | %.0f |", other[count / 2], other[count * 99 / 100]);
    report(
        "| other by same | %.2f | %.2f |",
        other[count / 2] / same[count / 2], other[count * 99 / 100] / same[count * 99 / 100]);
  }

  private long subscribers(String channel) {
    try (Jedis jedis = redis.client()) {
      return jedis.pubsubNumSub(channel).get(channel);
    }
  }

  private long subscriptions() {
    return Long.parseLong(info("pubsub_channels", "stats"));
  }

  @Test
  @Order(3)
  void cpuByNodesThatListen() throws Exception {
    report("");
    report("| nodes that listen to the channel | CPU of Redis for an append, µs |");
    report("|---:|---:|");
    Node publisher = node();
    Channel channel = publisher.create("c");
    List<Node> listeners = new ArrayList<>();
    for (int count : new int[] {0, 1, 2, 4}) {
      while (listeners.size() < count) {
        Node node = node();
        listeners.add(node);
        listen(node, "c");
      }
      Node.await("all listen", () -> subscribers("t:{c}") == count);
      List<Double> costs = new ArrayList<>();
      for (int round = 0; round < ROUNDS; round++) {
        costs.add(rate(4, i -> channel.append(Append.of(List.of(MESSAGE))))[1]);
      }
      report("| %d | %.1f |", count, median(costs));
    }
  }

  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private long redisMemory() {
    return Long.parseLong(info("used_memory", "memory"));
  }

  @Test
  @Order(4)
  void manyChannels() throws Exception {
    Node a = node();
    Node b = node();
    long emptyRedis = redisMemory();
    parallel(i -> Node.append(a.create("c" + i), "x".repeat(200)));
    Node.await(
        "the idempotency keys are gone",
        () -> {
          try (Jedis jedis = redis.client()) {
            return jedis.dbSize() < 2L * MANY + 1_000;
          }
        },
        120);
    long fullRedis = redisMemory();
    long emptyHeap = heap();
    long start = System.nanoTime();
    parallel(i -> listen(b, "c" + i));
    Node.await("all are listened to", () -> subscriptions() > MANY, 120);
    double attachSeconds = (System.nanoTime() - start) / 1e9;
    long attachedHeap = heap();
    long attachedRedis = redisMemory();
    long killed = System.currentTimeMillis();
    double cpu = redisCpuMicros();
    try (Jedis jedis = redis.client()) {
      jedis.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
    }
    // The old connection's are gone at once; each node has one more for what it says to itself.
    Node.await("all are listened to again", () -> subscriptions() > MANY, 300);
    double subscribedSeconds = (System.currentTimeMillis() - killed) / 1e3;
    Node.await("all are looked at again", () -> isQuiet(b, killed), 300);
    double reconnectSeconds = (System.currentTimeMillis() - killed) / 1e3;
    report("");
    report("| %,d channels of one message of 200 bytes, a reader of each at one node | |", MANY);
    report("|---|---:|");
    report("| Redis, a channel | %,d bytes |", (fullRedis - emptyRedis) / MANY);
    report("| Redis, a subscription on top | %,d bytes |", (attachedRedis - fullRedis) / MANY);
    report(
        "| node, a channel with its copy and a reader | %,d bytes |",
        (attachedHeap - emptyHeap) / MANY);
    report("| attach all, looks included | %.1f s |", attachSeconds);
    report("| all subscribed again after the connection broke | %.1f s |", subscribedSeconds);
    report("| all compared with Redis again | %.1f s |", reconnectSeconds);
    report("| CPU of Redis for that | %.1f s |", (redisCpuMicros() - cpu) / 1e6);
  }

  private boolean isQuiet(Node node, long since) {
    return IntStream.range(0, MANY)
        .allMatch(i -> node.store.log(new ChannelName("c" + i)).syncedMillis() >= since);
  }

  private static void parallel(java.util.function.IntConsumer what) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    List<Future<?>> all = new ArrayList<>();
    AtomicInteger next = new AtomicInteger();
    for (int t = 0; t < 8; t++) {
      all.add(
          pool.submit(
              () -> {
                for (int i = next.getAndIncrement(); i < MANY; i = next.getAndIncrement()) {
                  what.accept(i);
                }
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
    pool.shutdown();
  }
}
