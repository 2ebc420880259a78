package switchboard.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.testing.FakeClocks;
import switchboard.testing.RecordingSink;

/** Who listens to the channels of a server that is alone. */
class PresenceTest {

  private final FakeClocks time = new FakeClocks();
  private final Channels channels =
      new Channels(
          new Retention(100, 10_000, Duration.ZERO),
          new Page(10, 1_000),
          new Limits(1_000_000, 100, 2, 3),
          name -> Presence.isOfChanges(name.value(), PresenceTest::isWatched),
          new Dispatch(Runnable::run, new Counters()),
          time.clocks());
  private final Presence presence =
      new Presence(
          channels, name -> name.value().equals("watched"), name -> isWatched(name.value()));
  private final Channel watched = create("watched");

  private static boolean isWatched(String name) {
    return name.startsWith("watched");
  }

  private Channel create(String name) {
    return channels
        .create(new ChannelName(name), Channels.Request.empty(ContentType.JSON))
        .channel();
  }

  private RecordingSink changes(String name) {
    Channel beside = channels.find(new ChannelName(name + "~presence")).orElseThrow();
    RecordingSink sink = RecordingSink.fast();
    beside.subscription(beside.earliest(), sink).start();
    return sink;
  }

  private void visit(Channel channel, String client, String member, long forMillis) {
    channel.visit(Transport.POLL, Poller.of(client), member, forMillis);
  }

  @Test
  void aPollerIsPresentUntilItsLeaseEndsAndIsNotCountedTwice() {
    visit(watched, "1", null, 500);
    visit(watched, "1", null, 1_000);
    assertEquals(Map.of(Transport.POLL, 1), presence.of(watched).counts());
    time.passMillis(1_000);
    assertEquals(1, presence.of(watched).present());
    time.passMillis(1);
    assertEquals(0, presence.of(watched).present());
  }

  @Test
  void noMorePollersAreRememberedThanTheSubscriberLimit() {
    for (int i = 0; i < 10; i++) {
      visit(watched, Integer.toString(i), null, 500);
    }
    assertEquals(2, presence.of(watched).present());
    visit(watched, "0", "alice", 500);
    assertEquals(new TreeSet<>(List.of("alice")), presence.of(watched).members());
  }

  @Test
  void allChannelsTogetherRememberNoMorePollersThanTheLimitAndSayThatThereAreMore() {
    Channels few =
        new Channels(
            new Retention(100, 10_000, Duration.ZERO),
            new Page(10, 1_000),
            new Limits(1_000_000, 100, 100, 3, 5),
            name -> true,
            new Dispatch(Runnable::run, new Counters()),
            time.clocks());
    Presence ofFew = new Presence(few, name -> true, name -> false);
    Channel one = few.find(new ChannelName("one")).orElseThrow();
    Channel two = few.find(new ChannelName("two")).orElseThrow();
    for (int i = 0; i < 4; i++) {
      visit(one, "client " + i, null, 500);
    }
    assertEquals(4, ofFew.of(one).present());
    assertFalse(ofFew.of(one).atLeast());
    for (int i = 0; i < 4; i++) {
      visit(two, "client " + i, null, 900);
    }
    assertEquals(1, ofFew.of(two).present());
    assertTrue(ofFew.of(two).atLeast(), "three more are there");
    time.passMillis(600); // those of the first channel are gone
    assertEquals(0, ofFew.of(one).present());
    visit(two, "client 2", null, 900);
    assertEquals(2, ofFew.of(two).present());
    few.delete(two.name());
    for (int i = 0; i < 5; i++) {
      visit(one, "client " + i, null, 500);
    }
    assertEquals(5, ofFew.of(one).present(), "a channel that is deleted remembers nobody");
    assertFalse(ofFew.of(one).atLeast());
  }

  @Test
  void aPollerIsAsLargeWhateverItSaysOfItself() {
    assertEquals(Poller.of("x".repeat(7_000)), Poller.of("x".repeat(7_000)));
    assertNotEquals(Poller.of("x".repeat(7_000)), Poller.of("x".repeat(7_001)));
    for (java.lang.reflect.RecordComponent part : Poller.class.getRecordComponents()) {
      assertEquals(long.class, part.getType());
    }
  }

  @Test
  void whatChangedInOneTickIsOneMessage() {
    RecordingSink heard = changes("watched");
    visit(watched, "1", "bob", 500);
    visit(watched, "2", "alice", 900);
    presence.tick();
    presence.tick();
    time.passMillis(600);
    presence.tick();
    assertEquals(
        List.of(
            "{\"joined\":2,\"left\":0,\"present\":2,"
                + "\"members\":{\"joined\":[\"alice\",\"bob\"],\"left\":[]}}",
            "{\"joined\":0,\"left\":1,\"present\":1,"
                + "\"members\":{\"joined\":[],\"left\":[\"bob\"]}}"),
        List.copyOf(heard.events));
  }

  @Test
  void numbersAreJsonWhateverTheLanguageOfTheServer() {
    RecordingSink heard = changes("watched");
    visit(watched, "1", "bob", 500);
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      presence.tick();
    } finally {
      Locale.setDefault(before);
    }
    assertTrue(heard.events.get(0).startsWith("{\"joined\":1,\"left\":0,\"present\":1"));
  }

  @Test
  void aChannelThatIsDeletedIsLeftByAll() {
    RecordingSink heard = changes("watched");
    visit(watched, "1", null, 500);
    presence.tick();
    channels.delete(watched.name());
    presence.tick();
    assertEquals(2, heard.events.size());
    assertTrue(heard.events.get(1).startsWith("{\"joined\":0,\"left\":1,\"present\":0"));
  }

  @Test
  void readersOfTheChangesAreNotReported() {
    changes("watched");
    presence.tick();
    assertTrue(channels.find(new ChannelName("watched~presence~presence")).isEmpty());
    assertTrue(channels.find(new ChannelName("other~presence")).isEmpty());
  }

  @Test
  void aNameTooLongForASuffixHasNoChanges() {
    Channel long119 = create("watched" + "x".repeat(112));
    Channel long120 = create("watched" + "x".repeat(113));
    visit(long119, "1", null, 500);
    visit(long120, "1", null, 500);
    presence.tick();
    assertEquals(128, long119.name().value().length() + "~presence".length());
    assertTrue(channels.find(new ChannelName(long119.name() + "~presence")).isPresent());
  }
}
