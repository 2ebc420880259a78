package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import switchboard.access.Authorizer;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Ending;
import switchboard.channel.Limits;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.http.Guard;
import switchboard.http.Query;
import switchboard.log.Append;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

class EventStreamSinkTest {

  private final Counters counters = new Counters();
  private final Clocks clocks = Clocks.system();
  private final Settings settings =
      new Settings(
          setting -> setting.key().equals("switchboard.access.open") ? "*" : null,
          List.of("switchboard.access.open"));
  private final Channels channels =
      new Channels(
          new Retention(2, 100_000, Duration.ZERO),
          new Page(10, 100_000),
          Limits.NONE,
          name -> true,
          new Dispatch(Runnable::run, counters),
          clocks);
  private final List<String> events = new ArrayList<>();
  private final List<EventStreamSink> sinks = new ArrayList<>();
  private boolean isRevoked;

  private ReadRequest request(String query) {
    Authorizer authorizer = new Authorizer(settings, clocks, name -> false);
    Guard anybody = new Guard(authorizer, authorizer.identify("", null, null));
    return ReadRequest.parse(
        channels,
        anybody,
        query.contains("channel=") ? null : "a",
        Transport.EVENT_STREAM,
        Query.parse(query, 1_000),
        header -> null,
        4);
  }

  private void listen(String query) {
    ReadRequest request = request(query);
    EventStreamSink.Stream stream =
        new EventStreamSink.Stream() {
          @Override
          public ReadRequest request() {
            return request;
          }

          @Override
          public Counters counters() {
            return counters;
          }

          @Override
          public boolean isRevoked() {
            return isRevoked;
          }

          @Override
          public void enqueue(Supplier<byte[]> bytes, Runnable done) {
            events.add(new String(bytes.get(), UTF_8));
            done.run();
          }

          @Override
          public String id() {
            return "id";
          }

          @Override
          public String nextCursor() {
            return "7";
          }

          @Override
          public void channelEnded() {
            events.add("channel ended");
          }

          @Override
          public boolean finish(String why) {
            events.add("finish " + why);
            return true;
          }

          @Override
          public void end(Ending ending) {
            events.add("end " + ending.slug());
          }
        };
    Turns turns = new Turns();
    request.places().forEach(place -> sinks.add(new EventStreamSink(place, stream, turns)));
    sinks.forEach(EventStreamSink::start);
  }

  private Channel channel(String name) {
    return channels.find(new ChannelName(name)).orElseThrow();
  }

  private void append(String name, String message) {
    channel(name).append(Append.of(List.of(message.getBytes(UTF_8))));
  }

  @Test
  void aMessageIsAnEventWithTheCursor() {
    listen("live=sse&offset=-1");
    append("a", "1");
    assertEquals(1, events.size());
    assertTrue(events.get(0).contains("event: data"), events.get(0));
    assertTrue(events.get(0).contains("7"), events.get(0));
    assertEquals(channel("a").end(), sinks.get(0).next());
    assertTrue(sinks.get(0).hasHeardAll());
    assertEquals(1, counters.batches(Transport.EVENT_STREAM).sum());
  }

  @Test
  void theLastMessageOfAClosedChannelEndsIt() {
    listen("live=sse&offset=-1");
    channel("a").append(new Append(List.of("1".getBytes(UTF_8)), null, null, true));
    assertEquals("channel ended", events.get(events.size() - 1));
    assertTrue(sinks.get(0).hasEnded());
    assertEquals(2, events.size());
  }

  @Test
  void aGapIsTheEndForAClientThatIsToldNoResets() {
    Offset first = firstOffset();
    listen("live=sse&offset=" + first);
    assertEquals(List.of("finish " + Ending.OFFSET_GONE.slug()), events);
  }

  private Offset firstOffset() {
    Offset first = channel("a").earliest();
    List.of("1", "2", "3").forEach(message -> append("a", message));
    return first;
  }

  @Test
  void aDeletedChannelEndsTheStreamWithoutAWord() {
    listen("live=sse&offset=-1");
    channels.delete(new ChannelName("a"));
    assertEquals(List.of("end channel-deleted"), events);
  }

  @Test
  void nothingIsToldToAClientWhoseTokenIsRevoked() {
    listen("live=sse&offset=-1");
    isRevoked = true;
    append("a", "1");
    assertEquals(List.of(), events);
    assertFalse(sinks.get(0).hasHeardAll());
    sinks.get(0).cancel();
    assertEquals(0, channel("a").subscriptionCount());
  }
}
