package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Ending;
import switchboard.channel.Limits;
import switchboard.channel.Sink;
import switchboard.channel.Transport;
import switchboard.container.WebSocketFrame;
import switchboard.log.Append;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

/**
 * What a delivered message costs between the log and the container, by counts that do not depend on
 * how busy the machine is. The figures for whole servers are in {@code docs/reports/benchmarks.md}.
 */
class DeliveryCostTest {

  private static final int CLIENTS = 200;
  private static final int BURST = 32;
  private static final int ROUNDS = 100;
  private static final Wire.Frame FRAME = new Wire.Frame(ContentType.Kind.JSON, null);
  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Queue<Runnable> walks = new ArrayDeque<>();
  private long messages;
  private long bytes;

  /** A client that takes everything at once. */
  private final class Taking implements Sink {

    private final Function<Batch, WebSocketFrame> encoding;

    private Taking(Function<Batch, WebSocketFrame> encoding) {
      this.encoding = encoding;
    }

    @Override
    public Transport transport() {
      return Transport.WEBSOCKET;
    }

    @Override
    public void write(Batch batch, Runnable done) {
      messages += batch.messages().size();
      bytes += encoding.apply(batch).bytes().length;
      done.run();
    }

    @Override
    public void gap(Gap gap, Runnable done) {
      throw new IllegalStateException("the log keeps all");
    }

    @Override
    public void closed(Offset end) {
      throw new IllegalStateException("nobody closes it");
    }

    @Override
    public void end(Ending ending) {
      throw new IllegalStateException(ending.slug());
    }
  }

  private Channel crowdedChannel(Function<Batch, WebSocketFrame> encoding) {
    Channels channels =
        new Channels(
            new Retention(1_000, 1 << 24, Duration.ZERO),
            new Page(1_000, 1 << 20),
            Limits.NONE,
            name -> true,
            new Dispatch(walks::add, new Counters()),
            Clocks.system());
    Channel channel = channels.find(new ChannelName("c")).orElseThrow();
    IntStream.range(0, CLIENTS)
        .forEach(i -> channel.subscription(channel.end(), new Taking(encoding)).start());
    return channel;
  }

  private static final byte[] MESSAGE = ("{\"pad\":\"" + "x".repeat(118) + "\"}").getBytes(UTF_8);

  private void appendAndWalk(Channel channel, int count) {
    for (int i = 0; i < count; i++) {
      channel.append(Append.of(List.of(MESSAGE)));
    }
    while (!walks.isEmpty()) {
      walks.remove().run();
    }
  }

  /** What {@code rounds} of {@code action} take, after as many for the compiler. */
  private static long cost(LongSupplier meter, Runnable action) {
    for (int i = 0; i < ROUNDS; i++) {
      action.run();
    }
    long before = meter.getAsLong();
    for (int i = 0; i < ROUNDS; i++) {
      action.run();
    }
    return meter.getAsLong() - before;
  }

  @Test
  void aDeliveredMessageAllocatesNextToNothing() {
    Channel channel = crowdedChannel(batch -> batch.encoded(FRAME));
    long all = cost(this::allocatedBytes, () -> appendAndWalk(channel, 1));
    long perMessage = all / (ROUNDS * CLIENTS);
    assertEquals(2L * ROUNDS * CLIENTS, messages);
    assertTrue(perMessage <= 16, perMessage + " bytes for each client, one message at a time");
  }

  @Test
  void aFrameOfManyMessagesIsSmallerThanManyFrames() {
    appendAndWalk(crowdedChannel(batch -> batch.encoded(FRAME)), BURST);
    double perMessage = (double) bytes / messages;
    assertTrue(perMessage <= 135, perMessage + " bytes for a message of 128");
  }

  @Test
  void theBatchedPathIsMuchCheaperThanAFrameForEachMessageAndClient() {
    Channel channel = crowdedChannel(batch -> batch.encoded(FRAME));
    long batched = cost(THREAD::getCurrentThreadCpuTime, () -> appendAndWalk(channel, BURST));
    Channel other = crowdedChannel(FRAME::encode);
    long plain =
        cost(
            THREAD::getCurrentThreadCpuTime,
            () -> IntStream.range(0, BURST).forEach(i -> appendAndWalk(other, 1)));
    assertEquals(4L * ROUNDS * CLIENTS * BURST, messages);
    assertTrue(
        batched * 3 < plain,
        "batched %d µs, plain %d µs".formatted(batched / 1_000, plain / 1_000));
  }

  private long allocatedBytes() {
    return THREAD.getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
