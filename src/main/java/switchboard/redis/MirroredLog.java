package switchboard.redis;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Ending;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Gap;
import switchboard.log.Log;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.RingLog;

/**
 * A channel's log in Redis, and a copy of its newest part here. Reads within the copy do not use
 * Redis; older messages are read from there, a page at a time.
 *
 * <pre>
 *   Redis   ║ 40 │ 41 │ 42 │ 43 │ 44 │ 45 ║
 *   copy              ║ 42 │ 43 │ 44 │ 45 ║ ◀─ Pub/Sub
 * </pre>
 *
 * <p>A message is added to the copy only at its end. One that does not fit there – a hole, another
 * epoch – causes a read from Redis instead.
 *
 * <p><b>Threads.</b> Safe. Only {@link #append} and reads before the copy wait for Redis.
 */
final class MirroredLog implements Log {

  /** How much of a log is copied at once. */
  private static final int COPIED_MESSAGES = 1_000;

  private static final int COPIED_BYTES = 1 << 20;

  private static final int MARK_MILLIS = 600_000;

  private record Copy(State state, RingLog ring) {
    long end() {
      return ring.end().number();
    }
  }

  private final RedisStore store;
  private final ChannelName name;
  private final Acknowledgements acknowledgements = new Acknowledgements();
  private final OlderMessages older;
  private final AtomicBoolean listens = new AtomicBoolean();
  private final AtomicBoolean willSync = new AtomicBoolean();
  private final Object lock = new Object();
  private volatile Copy copy;
  private volatile Channel channel;
  private volatile boolean isStale;
  private volatile boolean isDropped;
  private volatile long usedMillis;
  private volatile long syncedMillis;
  private volatile Offset heard;
  private volatile Offset audited;

  MirroredLog(RedisStore store, ChannelName name) {
    this.store = store;
    this.name = name;
    this.older = new OlderMessages(store, name);
    this.usedMillis = elapsedMillis();
  }

  private long elapsedMillis() {
    return store.parts().clocks().elapsed().millis();
  }

  // By the clock of Redis, as the times of the messages are.
  private long wallMillis() {
    return store.parts().clocks().wall().millis();
  }

  void belongsTo(Channel channel) {
    this.channel = channel;
  }

  Channel channel() {
    return channel;
  }

  ChannelName name() {
    return name;
  }

  String id() {
    return copy.state().id();
  }

  State state() {
    return copy.state();
  }

  /** Reads the current state of the channel from Redis, and copies new messages. */
  State refresh(boolean touches) {
    usedMillis = elapsedMillis();
    State state = refreshOnce(touches);
    if (reportLoss()) {
      // Before this request appends, so that readers are told once and not twice.
      state = refreshOnce(false);
    }
    while (state.exists() && state.id().equals(id()) && copy.end() < copy.state().head()) {
      state = refreshOnce(false);
    }
    return state;
  }

  private State refreshOnce(boolean touches) {
    Copy known = copy;
    State state =
        store.read(
            name, known.state().epoch(), known.end(), COPIED_MESSAGES, COPIED_BYTES, touches);
    if (state.exists() && state.id().equals(known.state().id()) && apply(state)) {
      channel.moved();
    }
    return state;
  }

  /** The state of a channel that has no copy here. */
  static State first(RedisStore store, ChannelName name) {
    return store.read(name, 0, -1, COPIED_MESSAGES, COPIED_BYTES, false);
  }

  /** Copies what was read from Redis; whether there was anything new. */
  boolean apply(State state) {
    synchronized (lock) {
      Copy known = copy;
      boolean isOther = known == null || !known.state().id().equals(state.id());
      if (!isOther && state.epoch() < known.state().epoch()) {
        return false; // a later answer was applied before
      }
      acknowledgements.check(state);
      long from = state.from();
      boolean isNew = isOther || state.epoch() != known.state().epoch() || from > known.end();
      RingLog ring = isNew ? begin(known, state, from) : known.ring();
      long before = ring.end().number();
      boolean wasClosed = ring.isClosed();
      fill(ring, state, from);
      if (isNew || state.head() >= known.state().head()) {
        copy = new Copy(state.withoutMore(), ring);
      }
      isStale = false;
      syncedMillis = elapsedMillis();
      return isNew || ring.end().number() > before || ring.isClosed() != wasClosed;
    }
  }

  /** A worker will report the loss of what was accepted here, if there is one. */
  void reportLossSoon() {
    if (acknowledgements.lost() != null) {
      store.start(this::reportLoss);
    }
  }

  // Tells all readers, at every server, that some of what was accepted is lost.
  private boolean reportLoss() {
    Acknowledgements.Acknowledged loss = acknowledgements.lost();
    if (loss == null) {
      return false;
    }
    try {
      Scripts.Once once = new Scripts.Once(store.id() + ":" + loss.end().epoch());
      store.call("mark", name, once, MARK_MILLIS);
      acknowledgements.reported(loss);
      store.losses().increment();
      syncSoon();
      return true;
    } catch (Refused e) {
      isStale = true; // the next tick tries again
      return false;
    }
  }

  private RingLog begin(Copy known, State state, long from) {
    if (known != null) {
      known.ring().leaveBudget();
    }
    older.forget();
    return RingLog.mirrorOf(
        state.epochs(),
        from,
        store.parts().retention(),
        store.parts().page(),
        store.parts().budget(),
        Channel.costBytes(name, state.contentType(), state.lifetime(), state.fork()));
  }

  private static void fill(RingLog ring, State state, long from) {
    for (LogEntry entry : state.entries()) {
      if (from++ == ring.end().number()) {
        ring.mirror(List.of(entry.message()), entry.millis(), false);
      }
    }
    if (state.closed() && ring.end().number() == state.head()) {
      ring.mirror(List.of(), 0, true);
    }
  }

  /** The Pub/Sub subscription begins now; what was appended before was not received. */
  void listened() {
    heard = null;
    audited = null;
    store.heads().add(this);
  }

  /** Whether the copy ends where the log in Redis ends. */
  boolean isAsIn(Scripts.Head head) {
    Copy known = copy;
    boolean isSame =
        known.state().id().equals(head.id())
            && known.state().epoch() == head.epoch()
            && known.end() == head.number()
            && known.ring().isClosed() == head.closed();
    if (isSame) {
      isStale = false;
      syncedMillis = elapsedMillis();
    }
    return isSame;
  }

  // Everything the last audit saw must have arrived by Pub/Sub meanwhile. If not, Pub/Sub lost it
  // without breaking the connection. (A message in flight at the time of the audit is no loss.)
  private void audit() {
    Offset seen = audited;
    Offset brought = heard;
    if (seen != null && brought != null && seen.compareTo(brought) > 0) {
      store.missed().increment();
    }
    Copy known = copy;
    audited = known.state().place(known.end());
    if (heard == null) {
      heard = audited; // count from here
    }
  }

  /** An append or a deletion, received by Pub/Sub. */
  void hear(Heard heard) {
    if (heard.isDeletion()) {
      if (heard.id().equals(id())) {
        store.gone(this);
      }
      return;
    }
    this.heard = new Offset(heard.epoch(), heard.end());
    boolean fits;
    synchronized (lock) {
      Copy known = copy;
      if (heard.epoch() == known.state().epoch() && heard.end() <= known.end()) {
        boolean isKnown = !heard.closes() || known.ring().isClosed();
        if (isKnown) {
          return;
        }
      }
      fits = heard.epoch() == known.state().epoch() && heard.start() == known.end();
      if (fits) {
        known.ring().mirror(heard.messages(), heard.millis(), heard.closes());
      }
    }
    if (fits) {
      channel.moved();
    } else {
      store.gaps().increment();
      syncSoon();
    }
  }

  /** A worker will read from Redis. */
  void syncSoon() {
    if (willSync.compareAndSet(false, true) && !store.start(this::sync)) {
      willSync.set(false);
    }
  }

  private void sync() {
    willSync.set(false);
    try {
      long used = usedMillis;
      store.settle(this, refresh(false));
      usedMillis = used; // a synchronisation is not a use
    } catch (Refused e) {
      isStale = true; // the next tick tries again
    }
  }

  /** When the copy was last known to be complete. */
  long syncedMillis() {
    return syncedMillis;
  }

  /** About once a second. */
  void tick(long nowMillis, long auditMillis) {
    boolean isListenedTo = channel.subscriptionCount() > 0;
    if (isListenedTo) {
      usedMillis = nowMillis;
    }
    reportLossSoon();
    boolean isLate = nowMillis - syncedMillis > auditMillis;
    boolean isDue = (isListenedTo || hasAcknowledged()) && isLate;
    if (isDue && isListenedTo) {
      audit();
    }
    if (isStale || channel.isExpired()) {
      syncSoon();
    } else if (isDue) {
      store.heads().add(this);
    } else if (isListenedTo && channel.lifetime().ttl() != null) {
      touch(); // readers use it
    }
  }

  /** Whether something was accepted here that Redis could lose. */
  boolean hasAcknowledged() {
    return acknowledgements.isAny();
  }

  /** Whether it was unused for so long that the copy can be dropped. */
  boolean drop(long nowMillis, long lingerMillis) {
    boolean isUnused = channel.subscriptionCount() == 0 && acknowledgements.lost() == null;
    isDropped = isUnused && nowMillis - usedMillis > lingerMillis;
    return isDropped;
  }

  @Override
  public Appended append(Append append, long nowMillis) {
    AppendReply reply = store.append(this, append);
    if (reply.appended() == null) {
      store.gone(this);
      throw new Refused(
          Ending.UNKNOWN_CHANNEL, "channel \"%s\": it no longer exists".formatted(name));
    }
    if (reply.appended() instanceof Appended.Accepted) {
      accepted(append, reply.state(), reply.start());
    }
    return reply.appended();
  }

  private void accepted(Append append, State state, long start) {
    synchronized (lock) {
      Copy known = copy;
      acknowledgements.check(state);
      acknowledgements.add(state.id(), new Offset(state.epoch(), start + append.messages().size()));
      // Otherwise it arrives by Pub/Sub, or with the next read.
      if (state.epoch() == known.state().epoch() && start == known.end()) {
        known.ring().mirror(append.messages(), wallMillis(), append.close());
      }
    }
    reportLossSoon();
  }

  @Override
  public Reading readAfter(Offset offset, long limit) {
    Copy known = copy;
    long before = known.state().placeOfBefore(offset);
    Reading reading =
        before >= 0 ? changed(known.state(), before) : known.ring().readAfter(offset, limit);
    if (!(reading instanceof Gap gap)) {
      return reading;
    }
    requireCurrent(offset);
    if (before >= 0) {
      return gap;
    }
    if (gap.reason() == Gap.Reason.TRIMMED) {
      return readOlder(known, offset, limit);
    }
    if (isAhead(offset)) {
      // It has read at another server that knows more.
      if (store.settle(this, refresh(false)).orElse(null) != channel) {
        throw new Refused(
            Ending.STORE_UNAVAILABLE,
            "channel \"%s\": it was deleted and created again".formatted(name));
      }
      if (!isAhead(offset)) {
        return readAfter(offset, limit);
      }
    }
    return new Gap(Gap.Reason.EPOCH, earliest(), 0);
  }

  // A later epoch is ahead, too: epochs increase with time.
  private boolean isAhead(Offset offset) {
    Copy known = copy;
    return offset.epoch() > known.state().epoch()
        || (offset.epoch() == known.state().epoch() && offset.number() > known.end());
  }

  // A stale copy must not report a gap: another server may have delivered what it does not have,
  // and where it would send the reader to may be gone.
  private void requireCurrent(Offset offset) {
    if (!isCurrent()) {
      throw new Refused(
          Ending.STORE_UNAVAILABLE,
          "channel \"%s\": Redis does not respond, so the messages after %s are not known"
              .formatted(name, offset));
    }
  }

  /** Whether Redis answers, and answered the last time that this log was read. */
  @Override
  public boolean isCurrent() {
    return !isStale && store.isReachable(name);
  }

  /** Redis did not answer; the next tick asks again. */
  void isStale() {
    isStale = true;
  }

  // The history of Redis has changed: some of what this reader received, or of what was accepted
  // after it, may be gone. It reads on where both histories are the same for the last time.
  private static Gap changed(State state, long number) {
    return new Gap(Gap.Reason.EPOCH, state.place(Math.max(number, state.first())), 0);
  }

  private Reading readOlder(Copy known, Offset offset, long limit) {
    Reading reading = older.read(known.state().epoch(), offset, limit);
    if (reading == null) {
      syncSoon();
      return new Gap(Gap.Reason.EPOCH, earliest(), 0);
    }
    return reading;
  }

  @Override
  public void listen() {
    if (isDropped) {
      throw new Refused(
          Ending.STORE_UNAVAILABLE, "channel \"%s\": retry the request".formatted(name));
    }
    if (listens.compareAndSet(false, true)) {
      store.listener().add(this);
    }
  }

  @Override
  public void touch() {
    store.start(
        () -> {
          try {
            refresh(true);
          } catch (Refused e) {
            isStale = true;
          }
        });
  }

  @Override
  public Offset earliest() {
    State state = copy.state();
    return state.place(state.first());
  }

  @Override
  public Offset end() {
    return copy.ring().end();
  }

  @Override
  public boolean isClosed() {
    return copy.ring().isClosed();
  }

  @Override
  public long retainedBytes() {
    return copy.ring().retainedBytes();
  }

  @Override
  public long heldBytes() {
    return copy.ring().heldBytes();
  }

  @Override
  public void shrinkTo(long maxHeldBytes) {
    copy.ring().shrinkTo(maxHeldBytes);
  }

  @Override
  public void forgetOld(long nowMillis) {
    older.forget();
    copy.ring().forgetOld(wallMillis());
  }

  @Override
  public void leaveBudget() {
    copy.ring().leaveBudget();
  }
}
