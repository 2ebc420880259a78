package switchboard.redis;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import switchboard.channel.ChannelName;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Reading;
import switchboard.log.UpToDate;

/**
 * Reads what a channel has in Redis before the copy of it here, a page at a time. The last page is
 * kept, so that many readers at the same offset cost one request.
 *
 * <p><b>Threads.</b> Safe. Waits for Redis.
 */
final class OlderMessages {

  private static final SoftReference<Batch> NOTHING = new SoftReference<>(null);

  private final RedisStore store;
  private final ChannelName name;
  // Soft, because the budget does not count what is encoded of it.
  private volatile SoftReference<Batch> last = NOTHING;

  OlderMessages(RedisStore store, ChannelName name) {
    this.store = store;
    this.name = name;
  }

  void forget() {
    last = NOTHING;
  }

  /**
   * What comes after an offset of this {@code epoch} and before number {@code limit}; {@code null}
   * where the channel has another epoch now.
   */
  Reading read(long epoch, Offset from, long limit) {
    Batch known = last.get();
    if (known != null && known.from().equals(from) && known.next().number() <= limit) {
      return known;
    }
    Page page = store.parts().page();
    ScriptReply state =
        store.read(name, epoch, from.number(), page.maxMessages(), page.maxBytes(), false);
    if (!state.exists() || state.epoch() != epoch) {
      return null;
    }
    long first = state.from();
    if (first > from.number()) {
      return new Gap(Gap.Reason.TRIMMED, state.place(first), first - from.number());
    }
    return reading(state, from, limit);
  }

  private Reading reading(ScriptReply state, Offset from, long limit) {
    List<byte[]> messages = new ArrayList<>();
    long number = from.number();
    for (LogEntry entry : state.entries()) {
      if (number < limit) {
        messages.add(entry.message());
        number++;
      }
    }
    boolean isClosing = state.closed() && number == state.head();
    if (messages.isEmpty()) {
      return new UpToDate(from, isClosing);
    }
    boolean more = number < Math.min(state.head(), limit);
    Batch batch = new Batch(from, state.place(number), List.copyOf(messages), more, isClosing);
    if (number < state.head()) {
      last = new SoftReference<>(batch);
    }
    return batch;
  }
}
