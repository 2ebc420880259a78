package switchboard.redis;

import java.util.List;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.StoreContext;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.RingLog;

/**
 * The newest part of a log in Redis, as far as it is known here.
 *
 * <p>Messages are added only at its end. When the channel in Redis is another one, has another
 * epoch or has messages beyond what was read, a new copy takes the place of this one.
 *
 * <p><b>Threads.</b> Changed under the lock of the {@link MirroredLog}; safe to read.
 *
 * @param state the channel when it was last read
 * @param ring its newest messages
 */
record LogCopy(ScriptReply state, RingLog ring) {

  /** The number of the next message. */
  long end() {
    return ring.end().number();
  }

  private boolean isOf(ScriptReply other) {
    return state.id().equals(other.id());
  }

  /** Whether {@code other} was read before this state of the same channel. */
  boolean isNewerThan(ScriptReply other) {
    return isOf(other) && other.epoch() < state.epoch();
  }

  /** Whether it ends where the log in Redis ends. */
  boolean isAsIn(Scripts.Head head) {
    return state.id().equals(head.id())
        && state.epoch() == head.epoch()
        && end() == head.number()
        && ring.isClosed() == head.closed();
  }

  /** Whether an offset is behind its end. A later epoch is, too: epochs increase with time. */
  boolean isBefore(Offset offset) {
    return offset.epoch() > state.epoch()
        || (offset.epoch() == state.epoch() && offset.number() > end());
  }

  /** Whether it has this append. */
  boolean has(AppendNotice append) {
    return append.epoch() == state.epoch()
        && append.end() <= end()
        && (!append.closes() || ring.isClosed());
  }

  /** Adds an append that was made anywhere, if it follows the last message; whether it does. */
  boolean add(AppendNotice append) {
    return add(append.epoch(), append.start(), append.messages(), append.millis(), append.closes());
  }

  /** The same for an append that was made here. */
  boolean add(long epoch, long start, List<byte[]> messages, long millis, boolean closes) {
    boolean follows = epoch == state.epoch() && start == end();
    if (follows) {
      ring.mirror(messages, millis, closes);
    }
    return follows;
  }

  /**
   * What comes after an offset.
   *
   * @return for an offset from before a change of history a gap, since what its reader received, or
   *     what was accepted after it, may be gone; it reads on where both histories are the same for
   *     the last time
   */
  Reading readAfter(Offset offset, long limit) {
    long before = state.placeOfBefore(offset);
    return before < 0
        ? ring.readAfter(offset, limit)
        : new Gap(Gap.Reason.EPOCH, state.place(Math.max(before, state.first())), 0);
  }

  /** The copy after a read from Redis: this one with more messages, or a new one. */
  static LogCopy after(LogCopy known, ScriptReply state, ChannelName name, StoreContext parts) {
    long from = state.from();
    boolean isNew =
        known == null
            || !known.isOf(state)
            || state.epoch() != known.state().epoch()
            || from > known.end();
    if (isNew && known != null) {
      known.ring().leaveBudget();
    }
    RingLog ring = isNew ? empty(state, from, name, parts) : known.ring();
    fill(ring, state, from);
    boolean isOlder = !isNew && state.head() < known.state().head();
    return new LogCopy(isOlder ? known.state() : state.withoutMore(), ring);
  }

  private static RingLog empty(ScriptReply state, long from, ChannelName name, StoreContext parts) {
    return RingLog.mirrorOf(
        state.epochs(),
        from,
        parts.retention(),
        parts.page(),
        parts.budget(),
        Channel.costBytes(name, state.contentType(), state.lifetime(), state.fork()));
  }

  private static void fill(RingLog ring, ScriptReply state, long from) {
    for (LogEntry entry : state.entries()) {
      if (from++ == ring.end().number()) {
        ring.mirror(List.of(entry.message()), entry.millis(), false);
      }
    }
    if (state.closed() && ring.end().number() == state.head()) {
      ring.mirror(List.of(), 0, true);
    }
  }
}
