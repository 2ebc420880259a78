package switchboard.redis;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
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

  private static final int MARK_MILLIS = 600_000;

  private final RedisStore store;
  private final ChannelName name;
  private final Acknowledgements acknowledgements = new Acknowledgements();
  private final OlderMessages older;
  private final PubSubAudit audit = new PubSubAudit();
  private final AtomicBoolean listens = new AtomicBoolean();
  private final AtomicBoolean willSync = new AtomicBoolean();
  private final Object lock = new Object();
  private volatile LogCopy copy;
  private volatile Channel channel;
  private volatile boolean isStale;
  private volatile boolean isDropped;
  private volatile long usedMillis;
  private volatile long syncedMillis;

  MirroredLog(RedisStore store, ChannelName name) {
    this.store = store;
    this.name = name;
    this.older = new OlderMessages(store, name);
    this.usedMillis = elapsedMillis();
  }

  private long elapsedMillis() {
    return store.parts().clocks().elapsed().millis();
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

  ScriptReply state() {
    return copy.state();
  }

  /** Reads the current state of the channel from Redis, and copies new messages. */
  ScriptReply refresh(boolean touches) {
    usedMillis = elapsedMillis();
    ScriptReply state = refreshOnce(touches);
    if (reportLoss()) {
      // Before this request appends, so that readers are told once and not twice.
      state = refreshOnce(false);
    }
    while (state.exists() && state.id().equals(id()) && copy.end() < copy.state().head()) {
      state = refreshOnce(false);
    }
    return state;
  }

  private ScriptReply refreshOnce(boolean touches) {
    LogCopy known = copy;
    ScriptReply state = store.read(name, known.state().epoch(), known.end(), touches);
    if (state.exists() && state.id().equals(known.state().id()) && apply(state)) {
      channel.moved();
    }
    return state;
  }

  /** Copies what was read from Redis; whether there was anything new. */
  boolean apply(ScriptReply state) {
    synchronized (lock) {
      LogCopy known = copy;
      if (known != null && known.isNewerThan(state)) {
        return false; // a later answer was applied before
      }
      acknowledgements.check(state);
      long end = known == null ? -1 : known.end();
      boolean wasClosed = known != null && known.ring().isClosed();
      LogCopy next = LogCopy.after(known, state, name, store.parts());
      copy = next;
      if (known != null && next.ring() != known.ring()) {
        older.forget(); // it may have messages that Redis lost
      }
      isSynchronized();
      return known == null
          || next.ring() != known.ring()
          || next.end() > end
          || next.ring().isClosed() != wasClosed;
    }
  }

  private void isSynchronized() {
    isStale = false;
    syncedMillis = elapsedMillis();
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
      store.repairCounters().losses().increment();
      syncSoon();
      return true;
    } catch (Refused e) {
      isStale = true; // the next tick tries again
      return false;
    }
  }

  /** The Pub/Sub subscription begins now; what was appended before was not received. */
  void subscribed() {
    audit.begin();
    store.heads().add(this);
  }

  /** Whether the copy ends where the log in Redis ends. */
  boolean isAsIn(Scripts.Head head) {
    boolean isSame = copy.isAsIn(head);
    if (isSame) {
      isSynchronized();
    }
    return isSame;
  }

  /** An append or a deletion, received by Pub/Sub. */
  void receive(AppendNotice notice) {
    if (notice.isDeletion()) {
      if (notice.id().equals(id())) {
        store.gone(this);
      }
      return;
    }
    audit.received(new Offset(notice.epoch(), notice.end()));
    boolean fits;
    synchronized (lock) {
      if (copy.has(notice)) {
        return;
      }
      fits = copy.add(notice);
    }
    if (fits) {
      channel.moved();
    } else {
      store.repairCounters().gaps().increment();
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
    LogCopy known = copy;
    if (isDue && isListenedTo && audit.isMissing(known.state().place(known.end()))) {
      store.repairCounters().missed().increment();
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
  public void append(Append append, long nowMillis, Consumer<Appended> done) {
    done.accept(append(append));
  }

  private Appended append(Append append) {
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

  private void accepted(Append append, ScriptReply state, long start) {
    synchronized (lock) {
      acknowledgements.check(state);
      acknowledgements.add(state.id(), new Offset(state.epoch(), start + append.messages().size()));
      // If it does not follow, it arrives by Pub/Sub, or with the next read.
      long now = store.parts().clocks().wall().millis(); // of Redis, as the messages' times are
      copy.add(state.epoch(), start, append.messages(), now, append.close());
    }
    reportLossSoon();
  }

  @Override
  public Reading readAfter(Offset offset, long limit) {
    LogCopy known = copy;
    Reading reading = known.readAfter(offset, limit);
    if (!(reading instanceof Gap gap)) {
      return reading;
    }
    requireCurrent(offset);
    if (gap.reason() == Gap.Reason.TRIMMED) {
      return readOlder(known, offset, limit);
    }
    if (known.state().placeOfBefore(offset) >= 0) {
      return gap;
    }
    if (copy.isBefore(offset)) {
      // It has read at another server that knows more.
      if (store.settle(this, refresh(false)).orElse(null) != channel) {
        throw unavailable("it was deleted and created again");
      }
      if (!copy.isBefore(offset)) {
        return readAfter(offset, limit);
      }
    }
    return new Gap(Gap.Reason.EPOCH, earliest(), 0);
  }

  // A stale copy must not report a gap: other servers may have delivered what it does not have.
  private void requireCurrent(Offset offset) {
    if (!isCurrent()) {
      throw unavailable(
          "Redis does not respond, so the messages after " + offset + " are not known");
    }
  }

  private Refused unavailable(String why) {
    return new Refused(Ending.STORE_UNAVAILABLE, "channel \"%s\": %s".formatted(name, why));
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

  private Reading readOlder(LogCopy known, Offset offset, long limit) {
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
      throw unavailable("retry the request");
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
    ScriptReply state = copy.state();
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
    copy.ring().forgetOld(store.parts().clocks().wall().millis());
  }

  @Override
  public void leaveBudget() {
    copy.ring().leaveBudget();
  }
}
