package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Ending;
import switchboard.channel.Limits;
import switchboard.channel.Sink;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.log.Append;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

class TurnsTest {

  private final Turns turns = new Turns();
  private final Queue<Runnable> onTheirWay = new ArrayDeque<>();
  private final List<String> written = new ArrayList<>();

  /** Pages of one message. */
  private final Channels channels =
      new Channels(
          new Retention(100, 1_000_000, Duration.ZERO),
          new Page(1, 1_000_000),
          Limits.NONE,
          name -> true,
          new Dispatch(Runnable::run, new Counters()),
          Clocks.system());

  private Subscription subscribe(String name) {
    Channel channel = channels.find(new ChannelName(name)).orElseThrow();
    List<byte[]> messages = List.of((name + 1).getBytes(UTF_8), (name + 2).getBytes(UTF_8));
    channel.append(Append.of(messages));
    return channel.subscription(channel.earliest(), new Feed()).start();
  }

  private void writeAll() {
    while (!onTheirWay.isEmpty()) {
      assertEquals(1, onTheirWay.size());
      onTheirWay.remove().run();
    }
  }

  private final class Feed implements Sink {

    @Override
    public boolean isFree(Subscription subscription) {
      return turns.take(subscription);
    }

    @Override
    public void write(Batch batch, Runnable done) {
      written.add(new String(batch.messages().get(0), UTF_8));
      onTheirWay.add(
          () -> {
            turns.pass();
            done.run();
          });
    }

    @Override
    public Transport transport() {
      return Transport.WEBSOCKET;
    }

    @Override
    public void gap(Gap gap, Runnable done) {
      done.run();
    }

    @Override
    public void closed(Offset end) {}

    @Override
    public void end(Ending ending) {}
  }

  @Test
  void oneBatchIsOnItsWayAndAllHaveTheirTurn() {
    List.of("a", "b", "c").forEach(this::subscribe);
    writeAll();
    assertEquals(List.of("a1", "b1", "c1", "a2", "b2", "c2"), written);
  }

  @Test
  void oneThatHasLeftIsPassedOver() {
    subscribe("a");
    Subscription left = subscribe("b");
    subscribe("c");
    left.cancel();
    writeAll();
    assertEquals(List.of("a1", "c1", "a2", "c2"), written);
  }
}
