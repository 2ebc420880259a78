package switchboard.channel;

import org.jspecify.annotations.Nullable;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;

/**
 * Writes to one client, for one {@link Subscription}.
 *
 * <p>A sink never blocks: it starts the write and returns, and runs {@code done} exactly once, on
 * any thread, when the next write may start. If the write fails, it cancels the subscription
 * instead.
 *
 * <p><b>Threads.</b> One caller at a time – the subscription's drain – and no call before the
 * {@code done} of the last one.
 */
public interface Sink {

  /** The transport to the client. */
  Transport transport();

  /** The name that the client gave; {@code null} for none. */
  default @Nullable String member() {
    return null;
  }

  /**
   * Whether a batch may be written now. If not, nothing was kept of it, and the sink {@linkplain
   * Subscription#resume resumes} the subscription when one may.
   */
  default boolean isFree(Subscription subscription) {
    return true;
  }

  /** Messages, in order, right after everything written before. */
  void write(Batch batch, Runnable done);

  /** Messages are missing here; the next batch starts at {@link Gap#earliest()}. */
  void gap(Gap gap, Runnable done);

  /** The channel is closed and everything up to {@code end} was written. The last call. */
  void closed(Offset end);

  /** The subscription ends for another reason. The last call, at any time, also during a write. */
  void end(Ending ending);
}
