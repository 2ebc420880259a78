package switchboard.channel;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.UpToDate;

/**
 * An offset that moves: reads on whenever the log has more messages, and passes them to its {@link
 * Sink}, one write at a time. It owns no queue: a slow client falls behind in the log, and gets a
 * gap if the log no longer has its next message.
 *
 * <p>It is created before it starts, and may be cancelled at any time: one that was cancelled first
 * never starts.
 *
 * <pre>
 *            advance()                  done
 *   waiting ───────────▶ writing ──────────────▶ reads again: waiting, or writing the next batch
 * </pre>
 *
 * <p><b>Threads.</b> Safe. If several threads call {@link #advance()} at once, one of them drains,
 * and the others only tell it that there may be more.
 *
 * <p><b>Cost.</b> About 100 bytes.
 */
public final class Subscription implements PresenceSnapshot.Listener {

  private final Channel channel;
  private final Sink sink;
  private final Runnable done = this::onWritten;
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile Offset next;
  private volatile boolean writing;
  private Offset afterWrite;

  Subscription(Channel channel, Offset from, Sink sink) {
    this.channel = channel;
    this.next = from;
    this.afterWrite = from;
    this.sink = sink;
  }

  /**
   * Begins, unless it was cancelled before. The first write starts on the calling thread.
   *
   * @return this subscription
   */
  public Subscription start() {
    if (!hasEnded()) {
      channel.start(this);
    }
    return this;
  }

  boolean hasEnded() {
    return ended.get();
  }

  /** Where to read on: everything before it was written, or reported as a gap. */
  public Offset next() {
    return next;
  }

  /** The channel that is listened to. */
  public Channel channel() {
    return channel;
  }

  /** Everything that was appended so far was written. */
  public boolean hasHeardAll() {
    return ended.get() || (!writing && next.number() >= channel.end().number());
  }

  @Override
  public Transport transport() {
    return sink.transport();
  }

  @Override
  public @Nullable String member() {
    return sink.member();
  }

  /** The sink, which was not free, is free now. */
  public void resume() {
    advance();
  }

  /** There may be something to write. */
  void advance() {
    if (calls.getAndIncrement() != 0) {
      return; // another thread is draining and will see the count
    }
    int seen = 1;
    do {
      try {
        drain();
      } catch (RuntimeException e) {
        // The calling thread serves another client and must not fail because of this one.
        channel.fail(this, e);
      }
      seen = calls.addAndGet(-seen);
    } while (seen != 0);
  }

  private void drain() {
    // A sink may call done before its write returns, so one drain may write several batches.
    while (!writing && !ended.get()) {
      Reading reading = readOrEnd();
      if (reading == null) {
        return;
      }
      if (reading instanceof Batch batch) {
        if (!sink.isFree(this)) {
          return;
        }
        begin(batch.next());
        sink.write(batch, done);
      } else if (reading instanceof Gap gap) {
        begin(gap.earliest());
        sink.gap(gap, done);
      } else {
        if (((UpToDate) reading).closed() && leave()) {
          sink.closed(next);
        }
        return;
      }
    }
  }

  private @Nullable Reading readOrEnd() {
    try {
      return channel.readNext(next);
    } catch (Channels.Refused e) {
      end(e.ending()); // the store does not answer: the client retries
      return null;
    }
  }

  private void begin(Offset offset) {
    afterWrite = offset;
    writing = true;
  }

  private void onWritten() {
    next = afterWrite;
    writing = false;
    advance();
  }

  /** The client is gone or has enough: nothing more is written, the sink is not called again. */
  public void cancel() {
    leave();
  }

  /** Ends it and tells the client why. */
  void end(Ending ending) {
    if (leave()) {
      sink.end(ending);
    }
  }

  // First the mark, then out of the set: one that is being started is seen by one of the two.
  // → SubscriptionTest.oneThatIsCancelledWhileItStartsIsForgotten
  private boolean leave() {
    boolean isFirst = ended.compareAndSet(false, true);
    channel.forget(this);
    return isFirst;
  }
}
