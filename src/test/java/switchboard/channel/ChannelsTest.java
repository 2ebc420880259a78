package switchboard.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import switchboard.log.Append;
import switchboard.log.Gap;
import switchboard.log.Page;
import switchboard.log.Retention;

class ChannelsTest {

  private static final ChannelName NAME = new ChannelName("c");
  private static final Append NOTHING = Append.of(List.of());

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final Channels channels =
      new Channels(
          new Retention(10, 1_000, Duration.ZERO),
          new Page(10, 1_000),
          name -> name.value().startsWith("auto-"),
          new Dispatch(Runnable::run),
          () -> now);

  private Channels.Created create(Lifetime lifetime) {
    return channels.create(NAME, new Channels.Request(ContentType.JSON, lifetime, NOTHING));
  }

  @Test
  void aChannelIsFoundAfterItWasCreatedAndNotBefore() {
    assertEquals(Optional.empty(), channels.find(NAME));
    Channels.Created created = create(Lifetime.UNBOUNDED);
    assertTrue(created.isNew());
    assertSame(created.channel(), channels.find(NAME).orElseThrow());
    assertFalse(create(Lifetime.UNBOUNDED).isNew());
  }

  @Test
  void someNamesNeedNoCreating() {
    assertTrue(channels.find(new ChannelName("auto-x")).isPresent());
    assertTrue(channels.find(new ChannelName("other")).isEmpty());
  }

  @Test
  void aChannelCreatedAnewIsAnotherEpochEvenInTheSameMillisecond() {
    var first = create(Lifetime.UNBOUNDED).channel().end();
    assertTrue(channels.delete(NAME));
    Channel second = create(Lifetime.UNBOUNDED).channel();
    assertTrue(second.end().epoch() > first.epoch());
    assertEquals(Gap.Reason.EPOCH, ((Gap) second.readAfter(first)).reason());
  }

  @Test
  void aChannelNobodyUsesExpiresAfterItsTimeToLive() {
    create(Lifetime.parse("60", null));
    now = now.plusSeconds(59);
    channels.find(NAME).orElseThrow().touch();
    now = now.plusSeconds(59);
    channels.tick();
    assertEquals(1, channels.count());
    now = now.plusSeconds(1);
    channels.tick();
    assertEquals(0, channels.count());
    assertTrue(channels.find(NAME).isEmpty());
  }

  @Test
  void aChannelSomebodyListensToDoesNotExpire() {
    Channel channel = create(Lifetime.parse("60", null)).channel();
    Subscription subscription = channel.subscribe(channel.end(), RecordingSink.fast());
    now = now.plusSeconds(600);
    channels.tick();
    assertEquals(1, channels.count());
    subscription.cancel();
    now = now.plusSeconds(60);
    channels.tick();
    assertEquals(0, channels.count());
  }

  @Test
  void lifetimesThatNoClockCanCountAreRefusedWhenTheyAreAskedFor() {
    for (String ttl : List.of("999999999999999999", "99999999999", "-1", "1.5", "")) {
      assertThrows(IllegalArgumentException.class, () -> Lifetime.parse(ttl, null), ttl);
    }
    for (String time : List.of("+999999999-12-31T23:59:59Z", "2026-01-01", "tomorrow", "")) {
      assertThrows(IllegalArgumentException.class, () -> Lifetime.parse(null, time), time);
    }
    create(Lifetime.parse("9999999999", null));
    channels.tick();
    assertEquals(1, channels.count());
    create(Lifetime.parse(null, "9999-12-31T23:59:59Z"));
    channels.tick();
    assertEquals(1, channels.count());
  }

  @Test
  void anExpiredChannelEndsForThoseWhoListen() {
    Channel channel = create(Lifetime.parse(null, "2026-01-01T00:01:00Z")).channel();
    RecordingSink sink = RecordingSink.fast();
    channel.subscribe(channel.end(), sink);
    now = now.plusSeconds(60);
    channels.tick();
    assertEquals(List.of("channel-deleted"), sink.events);
  }
}
