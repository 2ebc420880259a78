package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.UpToDate;
import switchboard.testing.RecordingSink;
import switchboard.testing.RedisServer;
import switchboard.testing.RedisWire;

/** A Redis that does not answer is known to be away within a second, and nobody waits for it. */
@Tag("redis")
class SilentRedisTest {

  /** When all have to know. */
  private static final long KNOWN_MILLIS = 1_000;

  /** So much later a machine that is busy with other tests may get there. */
  private static final long SLACK_MILLIS = 500;

  /** Each client comes again after so long. */
  private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final List<AutoCloseable> open = new ArrayList<>();
  private final ExecutorService clients = Executors.newCachedThreadPool();
  private final Queue<Request> requests = new ConcurrentLinkedQueue<>();
  private volatile boolean isOver;

  /** What became of one. */
  private record Request(String what, long startNanos, long endNanos, Ending ending) {
    private long millis() {
      return TimeUnit.NANOSECONDS.toMillis(endNanos - startNanos);
    }
  }

  private <T extends AutoCloseable> T closed(T opened) {
    open.add(opened);
    return opened;
  }

  @AfterEach
  void stop() throws Exception {
    isOver = true;
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
    clients.shutdown();
  }

  /** More than there are connections to Redis, so that some always wait for their turn. */
  private void startClients(Node node) {
    for (int i = 0; i < 16; i++) {
      String name = "auto-" + i;
      keepAsking("append", () -> Node.append(node.find("auto-appends"), "x"));
      keepAsking("create and delete", () -> node.create(name) != null && delete(node, name));
    }
  }

  private static boolean delete(Node node, String name) {
    return Channels.await(node.channels.delete(new ChannelName(name)));
  }

  private void keepAsking(String what, Callable<?> request) {
    clients.execute(
        () -> {
          while (!isOver) {
            long start = System.nanoTime();
            Ending ending = endingOf(request);
            requests.add(new Request(what, start, System.nanoTime(), ending));
            LockSupport.parkNanos(PACE_NANOS);
          }
        });
  }

  private static Ending endingOf(Callable<?> request) {
    try {
      request.call();
      return null;
    } catch (Channels.Refused refused) {
      return refused.ending();
    } catch (Exception e) {
      return Ending.INTERNAL;
    }
  }

  private void awaitAnswers() {
    long since = System.nanoTime();
    Node.await(
        "both are answered well",
        () ->
            requests.stream()
                    .filter(r -> r.startNanos() - since > 0 && r.ending() == null)
                    .map(Request::what)
                    .distinct()
                    .count()
                == 2);
  }

  private void assertAllAreRefusedInTime(Node node, Runnable silence) {
    awaitAnswers();
    silence.run();
    long silent = System.nanoTime();
    Node.await("it is not ready", () -> !node.channels.isWell());
    assertTrue(millisSince(silent) < KNOWN_MILLIS + SLACK_MILLIS, "it took too long to know");
    Node.await("two seconds pass", () -> millisSince(silent) > 2_000);
    for (Request request : List.copyOf(requests)) {
      if (request.endNanos() - silent > 0) {
        long after = TimeUnit.NANOSECONDS.toMillis(request.startNanos() - silent);
        String told = "%s after %d ms: %s".formatted(request.what(), after, request);
        assertTrue(request.millis() < KNOWN_MILLIS + SLACK_MILLIS, told);
        if (after > KNOWN_MILLIS + SLACK_MILLIS) {
          assertEquals(Ending.STORE_UNAVAILABLE, request.ending(), told);
          assertTrue(request.millis() < SLACK_MILLIS, told);
        } else {
          assertTrue(
              request.ending() == null
                  || request.ending() == Ending.STORE_UNAVAILABLE
                  || request.ending() == Ending.OUTCOME_UNKNOWN,
              told);
        }
      }
    }
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }

  private void assertAllIsWellSoon(Node node) {
    long back = System.nanoTime();
    Node.await("it answers again", node.store::isReachable);
    awaitAnswers();
    assertTrue(millisSince(back) < 2_000 + SLACK_MILLIS, () -> millisSince(back) + " ms");
    Node.await("it is ready", node.channels::isWell);
  }

  @Test
  void whileRedisIsPausedAllAreRefusedWithinASecondAndThenWorkContinues() {
    RedisServer redis = closed(RedisServer.start());
    Node node = closed(Node.roomy(redis.url()));
    startClients(node);
    assertAllAreRefusedInTime(node, redis::pause);
    redis.resume();
    assertAllIsWellSoon(node);
  }

  @Test
  void whileRedisIsGoneAllAreRefusedAtOnceAndThenWorkContinues() {
    RedisServer redis = closed(RedisServer.start());
    Node node = closed(Node.roomy(redis.url()));
    startClients(node);
    assertAllAreRefusedInTime(node, redis::kill);
    redis.startAgain();
    assertAllIsWellSoon(node);
  }

  @Test
  void whileTheNetworkDropsAllPacketsAllAreRefusedWithinASecondAndThenWorkContinues() {
    RedisServer redis = closed(RedisServer.start());
    RedisWire wire = closed(new RedisWire(redis.port()));
    Node node = closed(Node.roomy(wire.url()));
    startClients(node);
    assertAllAreRefusedInTime(node, () -> wire.hold(true));
    wire.hold(false);
    assertAllIsWellSoon(node);
  }

  @Test
  void noRequestWaitsForARedisThatIsLoading() {
    RedisServer redis = closed(RedisServer.start());
    RedisWire wire = closed(new RedisWire(redis.port()));
    Node node = closed(Node.roomy(wire.url()));
    startClients(node);
    assertAllAreRefusedInTime(
        node, () -> wire.sayInstead("LOADING Redis is loading the dataset in memory"));
    wire.sayInstead(null);
    assertAllIsWellSoon(node);
  }

  @Test
  void noRequestWaitsForAPausedMasterOfARedisClusterAndTheOthersContinue() {
    RedisServer.requireTheMachinesOwn();
    try (RedisCluster cluster = RedisCluster.start()) {
      Node node = closed(Node.roomy(cluster.url()));
      RedisServer silent = cluster.masters().get(cluster.owner(Slots.of("t:{auto-0}")));
      String other =
          IntStream.range(1, 100)
              .mapToObj(i -> "auto-" + i)
              .filter(
                  n -> cluster.masters().get(cluster.owner(Slots.of("t:{" + n + "}"))) != silent)
              .findFirst()
              .orElseThrow();
      Channel here = node.find("auto-0");
      Channel there = node.find(other);
      keepAsking("append", () -> Node.append(here, "x"));
      keepAsking("create and delete", () -> Node.append(here, "y"));
      assertAllAreRefusedInTime(node, silent::pause);
      assertInstanceOf(Appended.Accepted.class, Node.append(there, "1"));
      silent.resume();
      assertAllIsWellSoon(node);
    }
  }

  @Test
  void aRedisThatIsSlowIsWaitedFor() {
    RedisServer redis = closed(RedisServer.start());
    RedisWire wire = closed(new RedisWire(redis.port()));
    Node node = closed(Node.roomy(wire.url()));
    Channel channel = node.find("auto-c");
    Node.await("it is well", node.channels::isWell);
    int appended = 0;
    for (int delay : new int[] {200, 400}) {
      wire.delay(delay);
      Node.await("its answers come", () -> tookAtLeast(channel, 2L * delay));
      appended++;
      for (int round = 0; round < 3; round++, appended += 8) {
        assertAllAreAccepted(channel);
        assertTrue(node.store.isReachable());
      }
    }
    assertEquals(appended, node.find("auto-c").end().number());
    assertTrue(node.find("auto-c").isCurrent());
  }

  private void assertAllAreAccepted(Channel channel) {
    List<CompletableFuture<Appended>> all =
        IntStream.range(0, 8)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> Node.append(channel, "x"), clients))
            .toList();
    all.forEach(each -> assertInstanceOf(Appended.Accepted.class, each.join()));
  }

  private static boolean tookAtLeast(Channel channel, long millis) {
    long start = System.nanoTime();
    return endingOf(() -> Node.append(channel, "x")) == null && millisSince(start) >= millis;
  }

  @Test
  void anAppendThatRedisMayHaveTakenBeforeItWentSilentIsOfUnknownOutcome() {
    RedisServer redis = closed(RedisServer.start());
    Node node = closed(Node.roomy(redis.url()));
    Channel channel = node.find("auto-c");
    Node.append(channel, "1");
    redis.pause();
    var refused = assertThrows(Channels.Refused.class, () -> Node.append(channel, "2"));
    assertEquals(Ending.OUTCOME_UNKNOWN, refused.ending());
    var next = assertThrows(Channels.Refused.class, () -> Node.append(channel, "3"));
    assertEquals(Ending.STORE_UNAVAILABLE, next.ending());
    redis.resume();
  }

  @Test
  void aNodeThatIsCutOffReportsNoGapAndDoesNotClaimToBeUpToDate() {
    RedisServer redis = closed(RedisServer.start());
    RedisWire wire = closed(new RedisWire(redis.port()));
    Node a = closed(Node.roomy(redis.url()));
    Node b = closed(Node.roomy(redis.url()));
    Node cut = closed(Node.roomy(wire.url()));
    Channel before = a.find("auto-c");
    Node.append(before, "1", "2", "3");
    Channel old = cut.find("auto-c");
    RecordingSink stays = RecordingSink.fast();
    old.subscription(old.earliest(), stays).start();
    Node.awaitEvents(List.of("1", "2", "3"), stays.events);
    wire.cut();
    Node.await("it knows", () -> !cut.store.isReachable());
    // Redis loses all, and the others go on.
    try (Jedis jedis = redis.client()) {
      jedis.flushAll();
    }
    Node.await("the others know", () -> a.find("auto-c").end().epoch() > old.end().epoch());
    Node.append(b.find("auto-c"), "4");
    Offset given = b.find("auto-c").end();

    Channel here = cut.find("auto-c");
    assertFalse(here.isCurrent());
    Batch batch = (Batch) here.readAfter(here.earliest());
    assertEquals("1", new String(batch.messages().get(0), UTF_8), "what is here can be read");
    assertInstanceOf(UpToDate.class, here.readAfter(batch.next()), "a reader there may wait");
    for (Offset unknown : List.of(given, new Offset(1, 2))) {
      var refused = assertThrows(Channels.Refused.class, () -> here.readAfter(unknown));
      assertEquals(Ending.STORE_UNAVAILABLE, refused.ending());
      RecordingSink sink = RecordingSink.fast();
      here.subscription(unknown, sink).start();
      assertEquals(List.of("store-unavailable"), List.copyOf(sink.events));
    }
    assertEquals(List.of("1", "2", "3"), List.copyOf(stays.events), "it stays and is told nothing");

    wire.leadTo(redis.port());
    Node.await("it is back", () -> cut.find("auto-c").isCurrent());
    Offset end = b.find("auto-c").end();
    Node.await("it knows the same", () -> cut.find("auto-c").end().equals(end));
    assertEquals(new UpToDate(end, false), cut.find("auto-c").readAfter(end));
    assertInstanceOf(Gap.class, cut.find("auto-c").readAfter(new Offset(1, 2)));
    Node.await("it goes on", () -> stays.events.contains("4"));
    assertTrue(stays.events.contains("gap of 0"), () -> "told: " + stays.events);
  }

  @Test
  void anUnknownEpochIsReadFromRedisBeforeAGapIsReported() {
    RedisServer redis = closed(RedisServer.start());
    Node a = closed(Node.roomy(redis.url()));
    Node b = closed(Node.roomy(redis.url()));
    Channel behind = b.find("auto-c");
    a.find("auto-c");
    redis.kill();
    redis.startAgain();
    Node.await("both are back", () -> a.store.isReachable() && b.store.isReachable());
    Offset given = a.find("auto-c").end();
    assertTrue(given.epoch() > behind.end().epoch());
    // Without a look at the channel first, as a subscription reads on.
    assertEquals(new UpToDate(given, false), behind.readAfter(given));
  }
}
