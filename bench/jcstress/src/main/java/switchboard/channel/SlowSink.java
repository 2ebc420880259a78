package switchboard.channel;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import switchboard.log.Append;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.log.RingLog;
import switchboard.time.Clocks;

/** A channel with one subscription, whose first write ends when it is told to. */
final class SlowSink implements Sink {

  private static final Append ONE = Append.of(List.of("1".getBytes(StandardCharsets.US_ASCII)));

  private final Channel channel =
      new Channel(
          new ChannelName("c"),
          ContentType.JSON,
          Lifetime.UNBOUNDED,
          null,
          new RingLog(1, new Retention(10, 1_000, Duration.ZERO, 0), new Page(10, 1_000)),
          new StoreContext(
              null,
              null,
              Limits.NONE,
              null,
              null,
              null,
              new Dispatch(Runnable::run, new Counters()),
              Clocks.system()));
  private volatile Runnable first;
  private volatile boolean isWriting;
  volatile int written;
  volatile int faults;

  SlowSink() {
    new Subscription(channel, channel.end(), this).start();
  }

  void append() {
    channel.append(ONE);
  }

  void endWrite() {
    isWriting = false;
    first.run();
  }

  @Override
  public Transport transport() {
    return Transport.WEBSOCKET;
  }

  @Override
  public void write(Batch batch, Runnable done) {
    if (isWriting || batch.from().number() != written) {
      faults = 1;
    }
    isWriting = true;
    written += batch.messages().size();
    if (first == null) {
      first = done;
    } else {
      isWriting = false;
      done.run();
    }
  }

  @Override
  public void gap(Gap gap, Runnable done) {
    faults = 2;
  }

  @Override
  public void closed(Offset end) {
    faults = 3;
  }

  @Override
  public void end(Ending ending) {
    faults = 4;
  }
}
