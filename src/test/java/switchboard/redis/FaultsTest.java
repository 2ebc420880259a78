package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Lifetime;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Producer;
import switchboard.log.Retention;
import switchboard.testing.RecordingSink;
import switchboard.testing.RedisServer;
import switchboard.testing.RedisWire;

/** What happens to Redis and to the way there, and that no reader misses anything untold. */
@Tag("redis")
class FaultsTest {

  private static final String TOLD = "gap of 0";

  private final List<AutoCloseable> open = new ArrayList<>();
  private RedisServer redis;

  private Node node(String url) {
    Node node = Node.at(url);
    open.add(node);
    return node;
  }

  /** What a node comes to Redis by, until the test spoils it. */
  private RedisWire wire() {
    RedisWire wire = new RedisWire(redis.port());
    open.add(wire);
    return wire;
  }

  private void start(String... options) {
    redis = RedisServer.start(options);
    open.add(redis);
  }

  @AfterEach
  void stop() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  /** Appends numbers, each again until it is known to be there, each once. */
  private static void append(Node node, int first, int last) {
    for (int i = first; i <= last; i++) {
      String number = Integer.toString(i);
      Append once =
          new Append(List.of(number.getBytes(UTF_8)), new Producer(number, 0, 0), null, false);
      Node.await(number + " is accepted", () -> isThere(node, once));
    }
  }

  private static boolean isThere(Node node, Append append) {
    try {
      Appended appended = node.find("auto-c").append(append);
      return appended instanceof Appended.Accepted || appended instanceof Appended.Duplicate;
    } catch (Channels.Refused e) {
      return false;
    }
  }

  private static List<String> numbers(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(Integer::toString).toList();
  }

  private static RecordingSink listen(Node node) {
    RecordingSink sink = RecordingSink.fast();
    Channel channel = node.find("auto-c");
    channel.subscription(channel.earliest(), sink).start();
    return sink;
  }

  /** What was heard after the last time that something was told to be missing. */
  private static List<String> afterTheGap(RecordingSink sink) {
    List<String> events = List.copyOf(sink.events);
    return events.subList(events.lastIndexOf(TOLD) + 1, events.size());
  }

  private static void awaitTold(RecordingSink sink, int lastOfAll) {
    Node.await("the last is heard", () -> sink.events.contains(Integer.toString(lastOfAll)));
    assertTrue(sink.events.contains(TOLD), () -> "told: " + sink.events);
  }

  @Test
  void readersOfAnOldSnapshotAreToldOfItAndReceiveWhatIsNew() {
    start();
    Node a = node(redis.url());
    Node b = node(redis.url());
    RecordingSink sink = listen(b);
    append(a, 1, 20);
    try (Jedis jedis = redis.client()) {
      jedis.save();
    }
    append(a, 21, 25);
    Node.awaitEvents(numbers(1, 25), sink.events);
    Offset atTen = a.find("auto-c").earliest().plus(10);
    Offset atTheEnd = a.find("auto-c").end();
    redis.kill();
    redis.startAgain();
    // Offsets 20 to 27 are given again, under another epoch: 25 is not simply passed over.
    append(a, 26, 33);
    awaitTold(sink, 33);
    assertEquals(numbers(26, 33), afterTheGap(sink));
    Channel late = b.find("auto-c");
    assertEquals(28, late.end().number());
    assertEquals(new Gap(Gap.Reason.EPOCH, place(late, 10), 0), late.readAfter(atTen));
    assertEquals(new Gap(Gap.Reason.EPOCH, place(late, 20), 0), late.readAfter(atTheEnd));
    Batch rest = (Batch) late.readAfter(place(late, 20));
    assertEquals("26", new String(rest.messages().get(0), UTF_8));
  }

  private static Offset place(Channel channel, long number) {
    return new Offset(channel.end().epoch(), number);
  }

  @Test
  void aNodeThatReceivesNothingIsNotReadyAndMissesNothing() throws Exception {
    start();
    Node a = node(redis.url());
    RedisWire wire = wire();
    Node b = node(wire.url());
    RecordingSink sink = listen(b);
    append(a, 1, 10);
    Node.awaitEvents(numbers(1, 10), sink.events);
    Node.await("it hears", b.channels::isWell);
    wire.deafen(true);
    append(b, 11, 20); // publishing there works as ever
    Node.await("it knows that it is deaf", () -> !b.channels.isWell());
    append(a, 21, 30);
    wire.deafen(false);
    Node.await("it hears again", b.channels::isWell);
    Node.awaitEvents(numbers(1, 30), sink.events);
  }

  @Test
  void whatPubSubLosesSilentlyIsFoundAndCounted() throws Exception {
    start();
    Node a = node(redis.url());
    RedisWire wire = wire();
    Node b = node(wire.url());
    RecordingSink sink = listen(b);
    append(a, 1, 10);
    Node.awaitEvents(numbers(1, 10), sink.events);
    wire.muffle("{auto-c}");
    append(a, 11, 20);
    Node.awaitEvents(numbers(1, 20), sink.events);
    Node.await("it is counted", () -> b.channels.repairs().missed() > 0);
    assertEquals(0, a.channels.repairs().missed());
  }

  @Test
  void twoProductsOnOneRedisKnowNothingOfEachOther() {
    start();
    Node a = node(redis.url());
    try (Jedis jedis = redis.client()) {
      jedis.set("{auto-c}", "of another product");
      jedis.set("u:{auto-c}:m", "of another product");
      jedis.publish("u:{auto-c}", "of another product");
    }
    Node b = new Node(redis.url(), new Retention(100, 1_000_000, Duration.ZERO), "u:");
    open.add(b);
    append(a, 1, 3);
    var refusal = assertThrows(Channels.Refused.class, () -> b.find("auto-c"));
    assertEquals(Ending.STORE_UNAVAILABLE, refusal.ending());
    assertTrue(refusal.getMessage().contains("WRONGTYPE"), refusal.getMessage());
    assertEquals(0, b.find("auto-d").end().number());
    append(a, 4, 6);
    assertEquals(6, a.find("auto-c").end().number());
    assertTrue(b.find("auto-d").end().number() == 0 && a.channels.isWell());
  }

  @Test
  void aNodeWhoseClockIsWrongNumbersAndForgetsLikeTheOthers() {
    start();
    Node right = node(redis.url());
    Node wrong =
        new Node(
            redis.url(),
            new Retention(100, 1_000_000, Duration.ofMinutes(10)),
            "t:",
            () -> java.time.Instant.now().plus(Duration.ofDays(400)));
    open.add(wrong);
    append(right, 1, 3);
    append(wrong, 4, 6);
    append(right, 7, 9);
    RecordingSink sink = listen(right);
    Node.awaitEvents(numbers(1, 9), sink.events);
    assertEquals(right.find("auto-c").end(), wrong.find("auto-c").end());
  }

  @ParameterizedTest
  @ValueSource(ints = {11, -11})
  void aNodeWhoseClockIsWrongEndsNothingEarlyOrLate(int minutes) {
    start();
    Retention tenMinutes = new Retention(100, 1_000_000, Duration.ofMinutes(10));
    Node right = new Node(redis.url(), tenMinutes);
    open.add(right);
    Node wrong =
        new Node(
            redis.url(), tenMinutes, "t:", () -> Instant.now().plus(Duration.ofMinutes(minutes)));
    open.add(wrong);
    append(right, 1, 3);
    append(wrong, 4, 6);
    RecordingSink sink = listen(wrong);
    Node.awaitEvents(numbers(1, 6), sink.events);

    // A channel's end is a time, and by Redis' clock.
    Instant end = Instant.now().plusSeconds(2);
    Lifetime lifetime = Lifetime.parse(null, end.toString());
    ChannelName name = new ChannelName("ends");
    wrong.channels.create(
        name, new Channels.Request(ContentType.JSON, lifetime, null, false, type -> List.of()));
    RecordingSink there = RecordingSink.fast();
    wrong.find("ends").subscription(wrong.find("ends").earliest(), there).start();
    while (Instant.now().isBefore(end.minusMillis(300))) {
      assertTrue(right.channels.find(name).isPresent() && wrong.channels.find(name).isPresent());
    }
    Node.awaitEvents(List.of("channel-deleted"), there.events);
    assertTrue(Instant.now().isBefore(end.plusSeconds(5)), "it was told late");
    assertTrue(right.channels.find(name).isEmpty());

    // The copy forgets what is too old for Redis, neither more nor less.
    long kept = right.find("auto-c").retainedBytes();
    assertTrue(kept > 0);
    assertEquals(kept, wrong.find("auto-c").retainedBytes());
    assertEquals(0, wrong.find("auto-c").earliest().number());

    // Who is there, and who is not there any more.
    Node.await("it is known", () -> right.presence.of(right.find("auto-c")).present() == 1);
    wrong.abort();
    Node.await("it is gone", () -> right.presence.of(right.find("auto-c")).present() == 0);
  }

  @Test
  void anAppendWhoseAnswerIsLostIsDoneOnce() {
    start();
    RedisWire wire = wire();
    Node a = node(wire.url());
    Channel channel = a.find("auto-c");
    wire.loseAnswers(1);
    assertInstanceOf(Appended.Accepted.class, Node.append(channel, "1"));
    append(a, 2, 2);
    assertEquals(2, a.find("auto-c").end().number());
  }

  @Test
  void anAppendOfUnknownOutcomeIsReportedSoAndItsProducerMayRepeatIt() {
    start();
    RedisWire wire = wire();
    Node a = node(wire.url());
    Channel channel = a.find("auto-c");
    wire.loseAnswers(Integer.MAX_VALUE);
    Append once = new Append(List.of("1".getBytes(UTF_8)), new Producer("p", 0, 0), null, false);
    var refusal = assertThrows(Channels.Refused.class, () -> channel.append(once));
    assertEquals(Ending.OUTCOME_UNKNOWN, refusal.ending());
    wire.loseAnswers(0);
    assertInstanceOf(Appended.Duplicate.class, a.find("auto-c").append(once));
    assertEquals(1, a.find("auto-c").end().number());
  }

  @Test
  void whileRedisIsAwayNothingIsAcceptedAndTheCopyIsReadAndThenWorkContinues() {
    start("--appendonly", "yes", "--appendfsync", "always");
    Node a = node(redis.url());
    Channel channel = a.find("auto-c");
    append(a, 1, 10);
    redis.kill();
    var refusal = assertThrows(Channels.Refused.class, () -> Node.append(channel, "lost"));
    assertTrue(
        List.of(Ending.STORE_UNAVAILABLE, Ending.OUTCOME_UNKNOWN).contains(refusal.ending()));
    assertFalse(a.channels.isWell());
    RecordingSink sink = listen(a);
    assertEquals(numbers(1, 10), List.copyOf(sink.events));
    redis.startAgain();
    append(a, 11, 20);
    awaitTold(sink, 20);
    assertEquals(numbers(11, 20), afterTheGap(sink));
    Node.await("it is well", a.channels::isWell);
  }

  @Test
  void aFullRedisRefusesAndKeepsWhatItHas() {
    start("--maxmemory", "3mb", "--maxmemory-policy", "noeviction");
    Node a = node(redis.url());
    Node b = node(redis.url());
    Map<String, Long> accepted = new HashMap<>();
    byte[] large = new byte[100_000];
    for (int i = 0; i < 100; i++) {
      try {
        Channel channel = a.find("auto-" + i);
        accepted.put("auto-" + i, 0L);
        channel.append(Append.of(List.of(large)));
        accepted.put("auto-" + i, 1L);
      } catch (Channels.Refused refused) {
        assertEquals(Ending.STORE_FULL, refused.ending());
        assertTrue(refused.getMessage().contains("127.0.0.1:" + redis.port()), refused::getMessage);
        assertTrue(refused.getMessage().contains("maxmemory"), refused::getMessage);
      }
    }
    assertTrue(accepted.containsValue(1L), "some find room");
    assertTrue(accepted.size() < 100 || accepted.containsValue(0L), "not all do");
    accepted.forEach((name, end) -> assertEquals(end, b.find(name).end().number(), name));
    try (Jedis jedis = redis.client()) {
      jedis.configSet("maxmemory", "0");
    }
    assertInstanceOf(Appended.Accepted.class, Node.append(b.find("auto-99"), "there is room"));
    assertTrue(a.channels.isWell());
  }

  @Test
  void aMasterWithTooFewReplicasAcceptsNothingAndSaysWhy() {
    start();
    Node a = node(redis.url());
    append(a, 1, 3);
    try (Jedis jedis = redis.client()) {
      jedis.configSet("min-replicas-to-write", "1");
    }
    Channel channel = a.find("auto-c");
    var refusal = assertThrows(Channels.Refused.class, () -> Node.append(channel, "4"));
    assertEquals(Ending.STORE_UNAVAILABLE, refusal.ending());
    assertTrue(refusal.getMessage().contains("NOREPLICAS"), refusal::getMessage);
    RecordingSink sink = listen(a);
    assertEquals(numbers(1, 3), List.copyOf(sink.events), "what is there can be read");
    try (Jedis jedis = redis.client()) {
      jedis.configSet("min-replicas-to-write", "0");
    }
    append(a, 4, 4);
    Node.awaitEvents(numbers(1, 4), sink.events);
  }

  @Test
  void aNodeWhoseClockJumpsForgetsNothingAndKeepsItsProducers() {
    start();
    AtomicReference<Duration> wrong = new AtomicReference<>(Duration.ZERO);
    Node jumping =
        new Node(
            redis.url(),
            new Retention(100, 1_000_000, Duration.ofMinutes(10)),
            "t:",
            () -> Instant.now().plus(wrong.get()));
    open.add(jumping);
    Node other = node(redis.url());
    RecordingSink here = listen(jumping);
    RecordingSink there = listen(other);
    int last = 0;
    for (int hours : new int[] {0, 5, -5, 48, 0}) {
      wrong.set(Duration.ofHours(hours));
      append(jumping, last + 1, last + 2);
      append(other, last + 3, last + 3);
      last += 3;
      Append first = new Append(List.of("1".getBytes(UTF_8)), new Producer("1", 0, 0), null, false);
      assertInstanceOf(Appended.Duplicate.class, jumping.find("auto-c").append(first));
      assertEquals(last, jumping.find("auto-c").end().number());
      assertEquals(0, jumping.find("auto-c").earliest().number());
      String lease = "t:node:" + jumping.store.id();
      try (Jedis jedis = redis.client()) {
        jedis.del(lease);
        Node.await("it renews its lease", () -> jedis.exists(lease));
      }
      Node.await("it is well", jumping.channels::isWell);
      Node.await(
          "both are known to listen", () -> other.presence.of(other.find("auto-c")).present() == 2);
    }
    Node.awaitEvents(numbers(1, last), here.events);
    Node.awaitEvents(numbers(1, last), there.events);
  }

  @Test
  void aMasterThatBecameAReplicaAcceptsNothing() {
    start();
    Node a = node(redis.url());
    Channel channel = a.find("auto-c");
    append(a, 1, 1);
    RedisServer other = RedisServer.start();
    open.add(other);
    try (Jedis jedis = redis.client()) {
      jedis.replicaof("127.0.0.1", other.port());
    }
    var refusal = assertThrows(Channels.Refused.class, () -> Node.append(channel, "2"));
    assertEquals(Ending.STORE_UNAVAILABLE, refusal.ending());
    assertTrue(refusal.getMessage().contains("READONLY"), refusal::getMessage);
  }
}
