package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.channel.Listing;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Producer;
import switchboard.log.Reading;
import switchboard.log.Retention;
import switchboard.log.UpToDate;
import switchboard.testing.RecordingSink;

/** Two servers of a cluster on one real Redis are one to their clients. */
class TwoNodesTest extends OneRedis {

  private Node a;
  private Node b;

  /** Where the nodes keep their channels. */
  protected String url() {
    return redis.url();
  }

  @BeforeEach
  void startNodes() {
    a = Node.roomy(url());
    b = Node.roomy(url());
  }

  @AfterEach
  void stopNodes() {
    a.close();
    b.close();
  }

  private static List<String> read(Channel channel, Offset from) {
    List<String> messages = new ArrayList<>();
    Reading reading = channel.readAfter(from);
    while (reading instanceof Batch batch) {
      batch.messages().forEach(m -> messages.add(new String(m, UTF_8)));
      reading = channel.readAfter(batch.next());
    }
    assertInstanceOf(UpToDate.class, reading);
    return messages;
  }

  protected static List<String> read(Channel channel) {
    return read(channel, channel.earliest());
  }

  private static String[] numbers(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(Integer::toString).toArray(String[]::new);
  }

  @Test
  void whatOneNodeAcceptedTheOtherReadsAtOnce() {
    Channel here = a.create("c");
    for (int i = 1; i <= 30; i++) {
      Node.append(here, "a" + i);
      Channel there = b.find("c");
      assertEquals("a" + i, read(there).get(2 * i - 2));
      Node.append(there, "b" + i);
      assertEquals(2 * i, read(a.find("c")).size());
    }
    assertEquals(a.find("c").end(), b.find("c").end());
  }

  @Test
  void readersAtOneNodeReceiveAppendsAtTheOtherInOrder() {
    Channel here = a.create("c");
    RecordingSink sink = RecordingSink.fast();
    b.find("c").subscription(here.earliest(), sink).start();
    Node.await("it is subscribed to", () -> subscribers("t:{c}") == 1);
    for (String number : numbers(1, 500)) {
      Node.append(here, number);
    }
    Node.awaitEvents(List.of(numbers(1, 500)), sink.events);
    assertEquals(0, b.store.repairCounters().gaps().sum());
  }

  @Test
  void bothNodesListAllChannelsThatAreThereInPages() {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 200; i++) {
      (i % 2 == 0 ? a : b).create("c" + i);
      names.add("c" + i);
    }
    Channel source = a.find("c7");
    a.channels.create(
        new ChannelName("fork"),
        new Channels.Request(
            null, Lifetime.UNBOUNDED, new Fork(source.name(), null, 0), false, type -> List.of()));
    names.add("fork");
    a.channels.delete(source.name()); // its name is kept for the fork
    b.channels.delete(new ChannelName("c8"));
    names.removeAll(List.of("c7", "c8"));
    for (Node node : List.of(a, b)) {
      for (int limit : new int[] {10, 1_000}) {
        assertEquals(names, listed(node, limit));
      }
    }
    for (String wrong : List.of("", "1", "x-1", "99999-0", "0-99999999999999999999", "0-0-0")) {
      assertThrows(IllegalArgumentException.class, () -> a.channels.list(wrong, 10), wrong);
    }
  }

  private static Set<String> listed(Node node, int limit) {
    Set<String> names = new TreeSet<>();
    Listing page = node.channels.list(null, limit);
    while (page.next() != null) {
      page.channels().forEach(channel -> names.add(channel.name().value()));
      page = node.channels.list(page.next(), limit);
    }
    page.channels().forEach(channel -> names.add(channel.name().value()));
    return names;
  }

  /** How many nodes hear a channel. */
  protected long subscribers(String channel) {
    try (Jedis jedis = redis.client()) {
      return jedis.pubsubNumSub(channel).get(channel);
    }
  }

  @RepeatedTest(3)
  void manyAppendAtBothAndAllReceiveOneOrder() {
    Channel here = a.create("c");
    Channel there = b.find("c");
    RecordingSink atA = RecordingSink.fast();
    RecordingSink atB = RecordingSink.fast();
    here.subscription(here.earliest(), atA).start();
    there.subscription(there.earliest(), atB).start();
    List<CompletableFuture<Void>> publishers =
        IntStream.range(0, 4)
            .mapToObj(
                p ->
                    CompletableFuture.runAsync(
                        () -> {
                          for (int i = 0; i < 100; i++) {
                            Node.append(p % 2 == 0 ? here : there, p + ":" + i);
                          }
                        }))
            .toList();
    publishers.forEach(CompletableFuture::join);
    Node.await("all is heard", () -> atA.events.size() >= 400 && atB.events.size() >= 400);
    assertEquals(List.copyOf(atA.events), List.copyOf(atB.events));
    for (int p = 0; p < 4; p++) {
      String prefix = p + ":";
      assertEquals(
          IntStream.range(0, 100).mapToObj(i -> prefix + i).toList(),
          atA.events.stream().filter(e -> e.startsWith(prefix)).toList());
    }
  }

  @Test
  void aChannelIsCreatedOnceWhereverThatIs() {
    assertTrue(
        a.channels.create(new ChannelName("c"), Channels.Request.empty(ContentType.JSON)).isNew());
    assertFalse(
        b.channels.create(new ChannelName("c"), Channels.Request.empty(ContentType.JSON)).isNew());
    var refusal =
        assertThrows(
            Channels.Refused.class,
            () ->
                b.channels.create(
                    new ChannelName("c"), Channels.Request.empty(new ContentType("text/plain"))));
    assertEquals(Ending.CHANNEL_EXISTS, refusal.ending());
    assertEquals(Optional.empty(), a.channels.find(new ChannelName("other")));
    assertTrue(a.channels.find(new ChannelName("auto-x")).isPresent());
    Node.append(b.find("auto-x"), "1");
    assertEquals(List.of("1"), read(a.find("auto-x")));
  }

  @Test
  void theSameRequestFindsTheSameChannelHoweverFineItsTimes() {
    for (Lifetime lifetime :
        List.of(
            Lifetime.parse("60", null),
            Lifetime.parse(null, "2099-01-01T00:00:00.123456789+02:00"))) {
      ChannelName name = new ChannelName("c" + lifetime.written().length());
      var request =
          new Channels.Request(ContentType.JSON, lifetime, null, false, type -> List.of());
      assertTrue(a.channels.create(name, request).isNew());
      assertFalse(b.channels.create(name, request).isNew());
      assertEquals(lifetime, b.channels.find(name).orElseThrow().lifetime());
    }
  }

  @Test
  void bytesAreKeptAsTheyAreAndThousandsGoInOnePiece() {
    byte[] all = new byte[256];
    for (int i = 0; i < 256; i++) {
      all[i] = (byte) i;
    }
    Channel here = a.create("c");
    RecordingSink sink = RecordingSink.fast();
    Channel there = b.find("c");
    there.subscription(there.earliest(), sink).start();
    assertInstanceOf(
        Appended.Accepted.class, here.append(Append.of(java.util.Collections.nCopies(3_000, all))));
    Node.await("all is heard", () -> sink.events.size() == 3_000);
    assertEquals(3_000, b.find("c").end().number());
    Batch batch = (Batch) b.find("c").readAfter(here.earliest());
    org.junit.jupiter.api.Assertions.assertArrayEquals(all, batch.messages().get(0));
  }

  @Test
  void readersAtOneNodeAreToldThatTheChannelWasDeletedAtTheOther() {
    Channel here = a.create("c");
    RecordingSink sink = RecordingSink.fast();
    here.subscription(here.earliest(), sink).start();
    Offset before = here.end();
    assertTrue(Channels.await(b.channels.delete(new ChannelName("c"))));
    Node.awaitEvents(List.of("channel-deleted"), sink.events);
    assertTrue(a.channels.find(new ChannelName("c")).isEmpty());
    Channel anew = a.create("c");
    assertTrue(anew.end().compareTo(before) > 0, "another epoch, that sorts behind");
    assertEquals(new Gap(Gap.Reason.EPOCH, anew.end(), 0), b.find("c").readAfter(before));
  }

  @Test
  void aProducersRetryAtTheOtherIsKnown() {
    Channel here = a.create("c");
    Append first = new Append(List.of("1".getBytes(UTF_8)), new Producer("p", 0, 0), null, false);
    assertInstanceOf(Appended.Accepted.class, here.append(first));
    assertInstanceOf(Appended.Duplicate.class, b.find("c").append(first));
    Append third = new Append(List.of("3".getBytes(UTF_8)), new Producer("p", 0, 2), null, false);
    assertEquals(new Appended.ProducerGap(1, 2), b.find("c").append(third));
    Append newer = new Append(List.of("4".getBytes(UTF_8)), new Producer("p", 1, 0), null, false);
    assertInstanceOf(Appended.Accepted.class, b.find("c").append(newer));
    assertEquals(new Appended.StaleEpoch(1), a.find("c").append(third));
    assertEquals(List.of("1", "4"), read(a.find("c")));
  }

  @Test
  void sequencesAreComparedAsBytes() {
    Channel here = a.create("c");
    List<byte[]> messages = List.of("1".getBytes(UTF_8));
    assertInstanceOf(Appended.Accepted.class, here.append(new Append(messages, null, "B", false)));
    assertInstanceOf(
        Appended.Accepted.class, b.find("c").append(new Append(messages, null, "a", false)));
    assertEquals(
        new Appended.SeqRegression("a"),
        a.find("c").append(new Append(messages, null, "Z", false)));
  }

  @Test
  void aClosedChannelIsClosedEverywhere() {
    Channel here = a.create("c");
    RecordingSink sink = RecordingSink.fast();
    b.find("c").subscription(here.earliest(), sink).start();
    here.append(new Append(List.of("1".getBytes(UTF_8)), null, null, true));
    Node.awaitEvents(List.of("1", "closed"), sink.events);
    assertTrue(b.find("c").isClosed());
    assertInstanceOf(Appended.LogClosed.class, Node.append(b.find("c"), "2"));
  }

  @Test
  void readersBehindTheOldestMessageAreToldHowManyAreMissing() {
    try (Node small = Node.at(url())) {
      Channel here = small.create("c");
      Offset start = here.end();
      Node.append(here, numbers(1, 250));
      Node.append(here, numbers(251, 300));
      assertEquals(new Gap(Gap.Reason.TRIMMED, start.plus(200), 200), b.find("c").readAfter(start));
      assertEquals(List.of(numbers(201, 300)), read(b.find("c")));
    }
  }

  @Test
  void bytesAndAgeAreBoundsToo() throws Exception {
    try (Node small = new Node(url(), new Retention(1_000, 50, Duration.ofMillis(300)))) {
      Channel channel = small.create("small");
      for (int i = 0; i < 20; i++) {
        Node.append(channel, "ten bytes.");
      }
      assertEquals(5, read(small.find("small")).size());
      Node.await("all are too old", () -> read(small.find("small")).isEmpty());
      assertEquals(20, small.find("small").end().number());
    }
  }

  @Test
  void whatTheCopyHereHasForgottenIsReadFromRedis() {
    Channel here = a.create("c");
    Node.append(here, numbers(1, 95));
    Channel there = b.find("c");
    logOf(b, "c").shrinkTo(0);
    assertEquals(List.of(numbers(1, 95)), read(there));
  }

  private static MirroredLog logOf(Node node, String name) {
    return node.store.log(new ChannelName(name));
  }

  @Test
  void aForkIsOneLogAtBoth() {
    Channel source = a.create("source");
    Node.append(source, numbers(1, 5));
    Offset at = source.earliest().plus(2);
    Channel fork =
        b.channels
            .create(new ChannelName("fork"), fork(new Fork(new ChannelName("source"), at, 1)))
            .channel();
    assertEquals(List.of("1", "2", "3"), read(fork));
    Node.append(a.find("fork"), "x");
    Node.append(source, "6");
    assertEquals(List.of("1", "2", "3", "x"), read(b.find("fork")));
    assertEquals(List.of("3", "x"), read(b.find("fork"), at), "the source's offset is the fork's");
    a.channels.delete(new ChannelName("source"));
    assertTrue(b.channels.isKeptForForks(new ChannelName("source")));
    assertEquals(List.of("1", "2", "3", "x"), read(b.find("fork")));
    b.channels.delete(new ChannelName("fork"));
    assertFalse(a.channels.isKeptForForks(new ChannelName("source")));
  }

  @Test
  void aForkInheritsManyMessages() {
    Channel source = a.create("source");
    Node.append(source, numbers(1, 50));
    ChannelName name = new ChannelName("fork");
    b.channels.create(name, fork(new Fork(source.name(), null, 0)));
    assertEquals(List.of(numbers(1, 50)), read(a.find("fork")));
  }

  @Test
  void theLastForkGoneFreesTheNamesOfAllItsSourcesAtBoth() {
    ChannelName root = new ChannelName("root");
    ChannelName middle = new ChannelName("middle");
    ChannelName leaf = new ChannelName("leaf");
    a.create("root");
    a.channels.create(middle, fork(new Fork(root, null, 0)));
    b.channels.create(leaf, fork(new Fork(middle, null, 0)));
    assertTrue(b.channels.find(root).isPresent());
    a.channels.delete(root);
    a.channels.delete(middle);
    a.channels.delete(leaf);
    for (ChannelName name : List.of(root, middle, leaf)) {
      assertTrue(b.channels.find(name).isEmpty(), name.value()); // nor brought back, as if lost
      assertFalse(b.channels.isKeptForForks(name));
    }
  }

  private static Channels.Request fork(Fork fork) {
    return new Channels.Request(null, Lifetime.UNBOUNDED, fork, false, type -> List.of());
  }

  @Test
  void readingAtOneNodeKeepsTheChannelAliveAtBoth() {
    var lifetime = Lifetime.parse("1", null);
    var request = new Channels.Request(ContentType.JSON, lifetime, null, false, type -> List.of());
    a.channels.create(new ChannelName("c"), request);
    RecordingSink sink = RecordingSink.fast();
    Channel there = b.find("c");
    var subscription = there.subscription(there.earliest(), sink).start();
    long since = System.nanoTime();
    Node.await("two lifetimes", () -> System.nanoTime() - since > 2_000_000_000L);
    Node.append(a.find("c"), "1");
    Node.awaitEvents(List.of("1"), sink.events);
    subscription.cancel();
    Node.await("it is over", () -> a.channels.find(new ChannelName("c")).isEmpty());
    assertTrue(b.channels.find(new ChannelName("c")).isEmpty());
  }
}
