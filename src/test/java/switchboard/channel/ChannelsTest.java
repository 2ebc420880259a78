package switchboard.channel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.testing.FakeClocks;
import switchboard.testing.RecordingSink;
import switchboard.time.Clocks;

class ChannelsTest {

  private static final ChannelName NAME = new ChannelName("c");

  private final FakeClocks time = new FakeClocks();
  private final Channels channels =
      new Channels(
          new Retention(10, 100_000, Duration.ZERO),
          new Page(10, 1_000),
          Limits.NONE,
          name -> name.value().startsWith("auto-"),
          new Dispatch(Runnable::run, new Counters()),
          time.clocks());

  private Channels.Created create(Lifetime lifetime) {
    return channels.create(NAME, request(ContentType.JSON, lifetime, null));
  }

  private static Channels.Request request(ContentType type, Lifetime lifetime, Fork fork) {
    return new Channels.Request(type, lifetime, fork, false, known -> List.of());
  }

  @Test
  void aChannelIsFoundAfterItWasCreatedAndNotBefore() {
    assertEquals(Optional.empty(), channels.find(NAME));
    Channels.Created created = create(Lifetime.UNBOUNDED);
    assertTrue(created.isNew());
    assertSame(created.channel(), channels.find(NAME).orElseThrow());
    assertFalse(create(Lifetime.UNBOUNDED).isNew());
    assertThrows(
        Channels.Refused.class,
        () -> channels.create(NAME, request(ContentType.DEFAULT, Lifetime.UNBOUNDED, null)));
  }

  @Test
  void aRequestForAnotherLifetimeIsToldTheActualOne() {
    create(Lifetime.parse("60", null));
    var refusal =
        assertThrows(Channels.Refused.class, () -> create(Lifetime.parse("61", null))).getMessage();
    assertTrue(refusal.contains("holds application/json, Stream-TTL: 60"), refusal);
  }

  @Test
  void channelsWithSomeNamesAreCreatedAtTheFirstRequest() {
    assertTrue(channels.find(new ChannelName("auto-x")).isPresent());
    assertTrue(channels.find(new ChannelName("other")).isEmpty());
  }

  @Test
  void aChannelThatIsCreatedAgainHasAnotherEpochEvenInTheSameMillisecond() {
    var first = create(Lifetime.UNBOUNDED).channel().end();
    assertTrue(Channels.await(channels.delete(NAME)));
    Channel second = create(Lifetime.UNBOUNDED).channel();
    assertTrue(second.end().epoch() > first.epoch());
    assertEquals(Gap.Reason.EPOCH, ((Gap) second.readAfter(first)).reason());
  }

  @Test
  void anUnusedChannelExpiresAfterItsTimeToLive() {
    create(Lifetime.parse("60", null));
    time.pass(Duration.ofSeconds(59));
    channels.find(NAME).orElseThrow().touch();
    time.pass(Duration.ofSeconds(59));
    channels.tick();
    assertEquals(1, channels.count());
    time.pass(Duration.ofSeconds(1));
    channels.tick();
    assertEquals(0, channels.count());
    assertTrue(channels.find(NAME).isEmpty());
  }

  @Test
  void aChannelWithReadersDoesNotExpire() {
    Channel channel = create(Lifetime.parse("60", null)).channel();
    Subscription subscription = channel.subscription(channel.end(), RecordingSink.fast()).start();
    time.pass(Duration.ofMinutes(10));
    channels.tick();
    assertEquals(1, channels.count());
    subscription.cancel();
    time.pass(Duration.ofSeconds(60));
    channels.tick();
    assertEquals(0, channels.count());
  }

  @Test
  void lifetimesTooLongToBeCountedAreRefused() {
    for (String ttl : List.of("999999999999999999", "99999999999", "-1", "1.5", "")) {
      assertThrows(IllegalArgumentException.class, () -> Lifetime.parse(ttl, null), ttl);
    }
    for (String time : List.of("+999999999-12-31T23:59:59Z", "2026-01-01", "tomorrow", "")) {
      assertThrows(IllegalArgumentException.class, () -> Lifetime.parse(null, time), time);
    }
    create(Lifetime.parse("9999999999", null));
    channels.tick();
    assertEquals(1, channels.count());
    channels.delete(NAME);
    create(Lifetime.parse(null, "9999-12-31T23:59:59Z"));
    channels.tick();
    assertEquals(1, channels.count());
  }

  @Test
  void anExpiredChannelEndsItsSubscriptions() {
    Channel channel = create(Lifetime.parse(null, "2026-01-01T00:01:00Z")).channel();
    RecordingSink sink = RecordingSink.fast();
    channel.subscription(channel.end(), sink).start();
    time.pass(Duration.ofSeconds(60));
    channels.tick();
    assertEquals(List.of("channel-deleted"), sink.events);
  }

  private Channel fork(String name, String source, Offset at) {
    Fork fork = new Fork(new ChannelName(source), at, 0);
    return channels
        .create(new ChannelName(name), request(null, Lifetime.UNBOUNDED, fork))
        .channel();
  }

  private static Offset append(Channel channel, String message) {
    Append append = Append.of(List.of(message.getBytes(UTF_8)));
    return ((Appended.Accepted) channel.append(append)).next();
  }

  private static List<String> all(Channel channel) {
    return channel.readAfter(channel.earliest()) instanceof Batch batch
        ? batch.messages().stream().map(m -> new String(m, UTF_8)).toList()
        : List.of();
  }

  @Test
  void aForkHasItsSourcesMessagesAndIsIndependentFromThere() {
    Channel source = create(Lifetime.UNBOUNDED).channel();
    append(source, "a");
    Offset at = append(source, "b");
    Channel fork = fork("f", "c", null);
    append(source, "of the source");
    Offset own = append(fork, "of the fork");
    assertEquals(List.of("a", "b", "of the source"), all(source));
    assertEquals(List.of("a", "b", "of the fork"), all(fork));
    assertEquals(source.earliest(), fork.earliest());
    assertTrue(own.compareTo(at) > 0);
    assertEquals(Gap.Reason.EPOCH, ((Gap) source.readAfter(own)).reason());
    assertEquals(
        List.of("of the fork"),
        ((Batch) fork.readAfter(at)).messages().stream().map(m -> new String(m, UTF_8)).toList());
  }

  @Test
  void aForkThatIsCreatedAgainDoesNotKnowOffsetsOfItsFormerEpoch() {
    append(create(Lifetime.UNBOUNDED).channel(), "a");
    Channel fork = fork("f", "c", null);
    Offset own = append(fork, "b");
    channels.delete(fork.name());
    Channel again = fork("f", "c", null);
    append(again, "c");
    assertEquals(Gap.Reason.EPOCH, ((Gap) again.readAfter(own)).reason());
  }

  @Test
  void forksOfForksKeepEachPartsOffsets() {
    Channel first = create(Lifetime.UNBOUNDED).channel();
    Offset one = append(first, "1");
    Channel second = fork("second", "c", null);
    Offset two = append(second, "2");
    append(second, "dropped");
    Channel third = fork("third", "second", two);
    Offset three = append(third, "3");
    Channel fourth = fork("fourth", "third", one);
    append(fourth, "4");
    assertEquals(List.of("1", "2", "3"), all(third));
    assertEquals(List.of("1", "4"), all(fourth));
    for (Offset known : List.of(one, two, three)) {
      assertFalse(third.readAfter(known) instanceof Gap, known.toString());
    }
    assertTrue(fourth.readAfter(two) instanceof Gap);
  }

  @Test
  void aDeletedSourceKeepsItsNameUntilItsLastForkIsGoneAndSoOnUpTheChain() {
    create(Lifetime.UNBOUNDED);
    fork("f", "c", null);
    fork("g", "f", null);
    ChannelName f = new ChannelName("f");
    channels.delete(NAME);
    channels.delete(f);
    assertTrue(channels.isKeptForForks(NAME));
    assertTrue(channels.isKeptForForks(f));
    assertTrue(channels.find(NAME).isEmpty());
    assertThrows(Channels.Refused.class, () -> create(Lifetime.UNBOUNDED));
    channels.delete(new ChannelName("g"));
    assertFalse(channels.isKeptForForks(NAME));
    assertFalse(channels.isKeptForForks(f));
    assertTrue(create(Lifetime.UNBOUNDED).isNew());
  }

  @Test
  void forksShareTheirSourcesMessages() {
    Channel source = create(Lifetime.UNBOUNDED).channel();
    append(source, "a");
    Channel fork = fork("f", "c", null);
    assertSame(
        ((Batch) source.readAfter(source.earliest())).messages().get(0),
        ((Batch) fork.readAfter(fork.earliest())).messages().get(0));
  }

  @Test
  void aHundredThousandChannelsThatComeAndGoLeaveNoMemoryBehind() {
    // 100,000 times 10 kB is a gigabyte: more than the tests have.
    byte[] message = new byte[10_000];
    for (int i = 0; i < 100_000; i++) {
      ChannelName name = new ChannelName("c" + i);
      boolean expires = i % 2 == 0;
      Lifetime lifetime = expires ? Lifetime.parse("1", null) : Lifetime.UNBOUNDED;
      Channel channel = channels.create(name, request(ContentType.JSON, lifetime, null)).channel();
      channel.append(Append.of(List.of(message.clone())));
      if (!expires) {
        channels.delete(name);
      } else if (i % 1_000 == 0) {
        time.pass(Duration.ofSeconds(2));
        channels.tick();
      }
    }
    time.pass(Duration.ofSeconds(2));
    channels.tick();
    assertEquals(0, channels.count());
  }

  private static Channels limited(Limits limits) {
    return new Channels(
        new Retention(1_000, 100_000, Duration.ZERO),
        new Page(10, 1_000),
        limits,
        name -> name.value().startsWith("auto-"),
        new Dispatch(Runnable::run, new Counters()),
        Clocks.system());
  }

  private static Ending refusal(org.junit.jupiter.api.function.Executable action) {
    return assertThrows(Channels.Refused.class, action).ending();
  }

  private static Channel json(Channels channels, String name) {
    return channels
        .create(new ChannelName(name), Channels.Request.empty(ContentType.JSON))
        .channel();
  }

  @Test
  void noMoreChannelsThanTheLimitAreCreatedUntilOneIsDeleted() {
    Channels few = limited(new Limits(Long.MAX_VALUE, 2, 10, 10));
    json(few, "a");
    json(few, "b");
    assertEquals(Ending.TOO_MANY_CHANNELS, refusal(() -> json(few, "c")));
    assertEquals(Ending.TOO_MANY_CHANNELS, refusal(() -> few.find(new ChannelName("auto-c"))));
    assertFalse(json(few, "a") == null, "those that are there are found");
    few.delete(new ChannelName("a"));
    json(few, "c");
  }

  @Test
  void noMoreForksThanTheLimitAreCreatedUntilOneIsDeleted() {
    Channels few = limited(new Limits(Long.MAX_VALUE, 10, 10, 1));
    json(few, "a");
    Fork fork = new Fork(new ChannelName("a"), null, 0);
    few.create(new ChannelName("f"), request(null, Lifetime.UNBOUNDED, fork));
    assertEquals(
        Ending.TOO_MANY_FORKS,
        refusal(() -> few.create(new ChannelName("g"), request(null, Lifetime.UNBOUNDED, fork))));
    few.delete(new ChannelName("f"));
    few.create(new ChannelName("g"), request(null, Lifetime.UNBOUNDED, fork));
  }

  @Test
  void aSubscriptionAboveTheLimitIsRefusedAndTheOthersContinue() {
    Channels few = limited(new Limits(Long.MAX_VALUE, 10, 1, 10));
    Channel channel = json(few, "a");
    RecordingSink first = RecordingSink.fast();
    RecordingSink second = RecordingSink.fast();
    channel.subscription(channel.end(), first).start();
    channel.subscription(channel.end(), second).start();
    assertEquals(List.of("channel-full"), second.events);
    channel.append(Append.of(List.of("1".getBytes(UTF_8))));
    assertEquals(List.of("1"), first.events);
    assertTrue(channel.isFull());
  }

  @Test
  void aSubscriptionAboveTheLimitOfAllChannelsIsRefused() {
    Channels few = limited(new Limits(Long.MAX_VALUE, 10, 10, 10, 10, 2));
    RecordingSink third = RecordingSink.fast();
    for (String name : List.of("a", "b")) {
      Channel channel = json(few, name);
      assertTrue(channel.haveRoomFor(1));
      channel.subscription(channel.end(), RecordingSink.fast()).start();
    }
    Channel channel = json(few, "c");
    assertFalse(channel.haveRoomFor(1));
    channel.subscription(channel.end(), third).start();
    assertEquals(List.of("too-many-connections"), third.events);
  }

  @Test
  void whatAChannelCostsBesideItsMessagesIsCounted() {
    Channels channels = limited(new Limits(1_000_000, 10_000, 10, 10));
    json(channels, "a");
    long little = channels.heldBytes();
    String type = "text/plain; x=" + "y".repeat(ContentType.MAX_LENGTH - 14);
    String name = "b".repeat(ChannelName.MAX_LENGTH);
    channels.create(new ChannelName(name), Channels.Request.empty(new ContentType(type)));
    long much = channels.heldBytes() - little;
    assertTrue(much > little + type.length() + name.length() - 50, much + " bytes, " + little);
    assertEquals(
        Ending.STORE_FULL,
        refusal(
            () -> {
              for (int i = 0; i < 10_000; i++) {
                channels.create(
                    new ChannelName("c" + i), Channels.Request.empty(new ContentType(type)));
              }
            }));
    assertTrue(channels.heldBytes() <= 1_000_000, channels.heldBytes() + " bytes");
    for (Channel channel : List.copyOf(channels.store().channels())) {
      channels.delete(channel.name());
    }
    assertEquals(0, channels.heldBytes());
  }

  @Test
  void namesThatAreKeptForForksAreCountedAmongTheChannels() {
    Channels few = limited(new Limits(1_000_000, 5, 10, 10));
    json(few, "0");
    Ending ending = null;
    int forks = 0;
    while (ending == null && forks < 10) {
      Fork fork = new Fork(new ChannelName(Integer.toString(forks)), null, 0);
      ChannelName next = new ChannelName(Integer.toString(++forks));
      try {
        few.create(next, request(null, Lifetime.UNBOUNDED, fork));
        few.delete(fork.source()); // its name is kept, since the fork is there
      } catch (Channels.Refused refused) {
        ending = refused.ending();
      }
    }
    assertEquals(Ending.TOO_MANY_CHANNELS, ending);
    assertEquals(5, forks);
    few.delete(new ChannelName("4"));
    assertEquals(0, few.heldBytes(), "the last fork gone, all names are free again");
    json(few, "0");
  }

  @Test
  void whenMemoryGetsTightTheLargestChannelsForgetAndSmallOnesLoseNothing() {
    Channels small = limited(new Limits(100_000, 10, 10, 10));
    Channel little = json(small, "little");
    Offset start = little.end();
    little.append(Append.of(List.of(new byte[100])));
    Channel greedy = json(small, "greedy");
    Channel other = json(small, "other");
    for (int i = 0; i < 1_000; i++) {
      assertTrue(
          greedy.append(Append.of(List.of(new byte[1_000]))) instanceof Appended.Accepted,
          "room is made before it is needed");
      if (i % 2 == 0) {
        other.append(Append.of(List.of(new byte[1_000])));
      }
      assertTrue(small.heldBytes() <= 100_000, small.heldBytes() + " bytes");
    }
    assertTrue(little.readAfter(start) instanceof Batch, "it had little");
    assertTrue(greedy.retainedBytes() > 20_000, "it keeps its share");
    assertTrue(other.retainedBytes() > 20_000, "and so does the other");
  }

  @Test
  void whatDoesNotFitIsRefusedAndDeletingMakesRoom() {
    Channels small = limited(new Limits(20_000, 100, 10, 10));
    Channel channel = json(small, "a");
    assertTrue(channel.append(Append.of(List.of(new byte[20_000]))) instanceof Appended.Full);
    for (int i = 0; i < 8; i++) {
      json(small, "c" + i);
    }
    assertEquals(
        Ending.STORE_FULL,
        refusal(
            () -> {
              json(small, "d");
              json(small, "e");
            }));
    for (int i = 0; i < 8; i++) {
      small.delete(new ChannelName("c" + i));
    }
    json(small, "e");
  }
}
