package switchboard.transport;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import switchboard.channel.Channel;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.Sink;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;

/**
 * Writes the messages of one channel's subscription as events into an event stream.
 *
 * <p><b>Threads.</b> As {@link Sink}; events are created under the lock of the stream's writer.
 */
final class EventStreamSink implements Sink {

  /** The stream that contains the events of one or several channels. */
  interface Stream {

    /** The client's request. */
    ReadRequest request();

    Counters counters();

    /** Whether the client is no longer authorized; then it gets the reason. */
    boolean isRevoked();

    /** Writes an event after the waiting ones. */
    void enqueue(Supplier<byte[]> bytes, Runnable done);

    /** The offsets of all channels, as the id of an event. */
    String id();

    /** The cursor of the next event. */
    String nextCursor();

    /** Called when the end of one of the channels is written. */
    void channelEnded();

    /** Ends the stream without counting an ending. */
    boolean finish(String why);

    /** Ends the stream. */
    void end(Ending ending);
  }

  private final ReadPosition place;
  private final Channel channel;
  private final Stream stream;
  private final Turns turns;
  private final Subscription subscription;
  private Offset next; // guarded by the writer's lock
  private volatile boolean hasEnded;

  EventStreamSink(ReadPosition place, Stream stream, Turns turns) {
    this.place = place;
    this.channel = place.channel();
    this.stream = stream;
    this.turns = turns;
    this.next = place.from();
    this.subscription = channel.subscription(place.from(), this);
  }

  /** Starts reading the channel. */
  void start() {
    subscription.start();
  }

  /** Stops reading the channel. */
  void cancel() {
    subscription.cancel();
  }

  /** Whether all messages appended so far are written. */
  boolean hasHeardAll() {
    return subscription.hasHeardAll();
  }

  /** The offset after the events created so far. Under the lock of the stream's writer. */
  Offset next() {
    return next;
  }

  /** Whether the end of the channel was written. */
  boolean hasEnded() {
    return hasEnded;
  }

  @Override
  public Transport transport() {
    return Transport.EVENT_STREAM;
  }

  @Override
  public String member() {
    return stream.request().member();
  }

  @Override
  public boolean isFree(Subscription asking) {
    return turns.take(asking);
  }

  @Override
  public void write(Batch batch, Runnable done) {
    if (stream.isRevoked()) {
      return;
    }
    stream.counters().sent(Transport.EVENT_STREAM, batch);
    boolean isLast = batch.closed();
    stream.enqueue(
        () -> events(batch),
        () -> {
          turns.pass(); // first the others, who have waited
          written(isLast, done);
        });
  }

  private byte[] events(Batch batch) {
    next = batch.next();
    return stream.request().isMany()
        ? frame("data", batch.encoded(new Wire.Frame(place.kind(), channel.name())).payload())
        : batch.encoded(new Wire.Events(place.kind(), stream.nextCursor()));
  }

  private void written(boolean wasLast, Runnable done) {
    // For a single channel the last events already contain the end.
    if (wasLast && !stream.request().isMany()) {
      ended();
    } else {
      done.run();
    }
  }

  @Override
  public void gap(Gap gap, Runnable done) {
    if (!stream.request().hearsResets()) {
      // The client reconnects with its offset and gets 410.
      stream.finish(Ending.OFFSET_GONE.slug());
      return;
    }
    stream.counters().told(gap);
    stream.enqueue(
        () -> {
          next = gap.earliest();
          return stream.request().isMany()
              ? frame("reset", Wire.buffer(Wire.resetFrame(channel.name(), gap)))
              : Wire.resetEvent(gap);
        },
        done);
  }

  @Override
  public void closed(Offset end) {
    stream.enqueue(
        () ->
            stream.request().isMany()
                ? frame("closed", Wire.buffer(Wire.closedFrame(channel.name(), end)))
                : Wire.closedControl(end),
        this::ended);
  }

  @Override
  public void end(Ending ending) {
    // Nothing is sent: an EventSource reconnects and gets the reason in the response.
    stream.end(ending);
  }

  private byte[] frame(String event, ByteBuffer frame) {
    return Wire.frameEvent(event, frame, stream.id());
  }

  private void ended() {
    hasEnded = true;
    stream.channelEnded();
  }
}
