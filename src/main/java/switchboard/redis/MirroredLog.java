package switchboard.redis;

import java.lang.ref.SoftReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Ending;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Log;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Producer;
import switchboard.log.Reading;
import switchboard.log.RingLog;
import switchboard.log.UpToDate;

/**
 * A channel's log in Redis, and a copy of its newest part here. Who reads within the copy costs
 * Redis nothing; who stands before it is read a page from there.
 *
 * <pre>
 *   Redis   ║ 40 │ 41 │ 42 │ 43 │ 44 │ 45 ║
 *   copy              ║ 42 │ 43 │ 44 │ 45 ║ ◀─ Pub/Sub
 * </pre>
 *
 * <p>The copy takes a message only at its own end. Whatever does not fit there – a hole, another
 * epoch – makes it look at the log in Redis instead.
 *
 * <p><b>Threads.</b> Safe. Only {@link #append} and reads before the copy wait for Redis.
 */
final class MirroredLog implements Log {

  /** So much of a log is copied at once. */
  private static final int LOOK_MESSAGES = 1_000;

  private static final int LOOK_BYTES = 1 << 20;

  /** How long an append can be sent again without being done twice. */
  private static final int ONCE_MILLIS = 60_000;

  private static final int MARK_MILLIS = 600_000;

  private static final SoftReference<Batch> NOTHING = new SoftReference<>(null);

  private record Copy(State state, RingLog ring) {
    long end() {
      return ring.end().number();
    }
  }

  private final RedisStore store;
  private final ChannelName name;
  private final AtomicBoolean listens = new AtomicBoolean();
  private final AtomicBoolean willSync = new AtomicBoolean();
  private final Object lock = new Object();
  private volatile Copy copy;
  private volatile Channel channel;
  private volatile boolean isStale;
  private volatile boolean isDropped;
  private volatile long usedMillis;
  private volatile long syncedMillis;
  // What is encoded of it is not counted, so that it goes before the memory does.
  private volatile SoftReference<Batch> fetched = NOTHING;
  private volatile Offset heard;
  private volatile Offset audited;
  private Acknowledged acknowledged;
  private volatile Acknowledged lost;

  /** What this server has last told a publisher that is kept. */
  private record Acknowledged(String id, Offset end) {

    /** Whether another history has taken its place, one without it. */
    boolean isLostIn(State state) {
      boolean isOther = !id.equals(state.id());
      return (isOther || state.epoch() > end.epoch()) && !(!isOther && state.keeps(end));
    }
  }

  MirroredLog(RedisStore store, ChannelName name) {
    this.store = store;
    this.name = name;
    this.usedMillis = elapsedMillis();
  }

  private long elapsedMillis() {
    return store.parts().clocks().elapsed().millis();
  }

  // Messages carry the time at which they came to Redis, by its clock.
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

  /** Asks Redis what the channel is now, and copies what is new of it. */
  State look(boolean touches) {
    usedMillis = elapsedMillis();
    State state = lookOnce(touches);
    if (lost != null && mark()) {
      state = lookOnce(false); // before this request appends: its readers are told once, not twice
    }
    while (state.exists() && state.id().equals(id()) && copy.end() < copy.state().head()) {
      state = lookOnce(false);
    }
    return state;
  }

  private State lookOnce(boolean touches) {
    Copy known = copy;
    State state =
        store.look(name, known.state().epoch(), known.end(), LOOK_MESSAGES, LOOK_BYTES, touches);
    if (state.exists() && state.id().equals(known.state().id()) && apply(state)) {
      channel.moved();
    }
    return state;
  }

  /** What somebody sees of a channel that nobody here has a copy of. */
  static State first(RedisStore store, ChannelName name) {
    return store.look(name, 0, -1, LOOK_MESSAGES, LOOK_BYTES, false);
  }

  /** Takes over what was looked at; whether that is more than was known. */
  boolean apply(State state) {
    synchronized (lock) {
      Copy known = copy;
      boolean isOther = known == null || !known.state().id().equals(state.id());
      if (!isOther && state.epoch() < known.state().epoch()) {
        return false; // an answer that another one overtook
      }
      requireAcknowledged(state);
      long from = Long.parseLong(state.more(0));
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

  // Some who hear this channel at other servers may have been told that Redis' history changed
  // before
  // this was acknowledged, and know nothing of it.
  private void requireAcknowledged(State state) {
    if (acknowledged != null && acknowledged.isLostIn(state)) {
      lost = acknowledged;
      acknowledged = null;
    }
  }

  /** A worker will tell the loss that was seen, if there is one. */
  void markSoon() {
    if (lost != null) {
      store.start(this::mark);
    }
  }

  private boolean mark() {
    Acknowledged gone = lost;
    if (gone == null) {
      return false;
    }
    try {
      store.call("mark", name, store.id() + ":" + gone.end().epoch(), MARK_MILLIS);
      synchronized (lock) {
        lost = lost == gone ? null : lost;
      }
      store.losses().increment();
      syncSoon();
      return true;
    } catch (Refused e) {
      isStale = true; // the clock tries again
      return false;
    }
  }

  private RingLog begin(Copy known, State state, long from) {
    if (known != null) {
      known.ring().leaveBudget();
    }
    fetched = NOTHING;
    return RingLog.mirrorOf(
        state.epochs(),
        from,
        store.parts().retention(),
        store.parts().page(),
        store.parts().budget(),
        Channel.costBytes(name, state.contentType(), state.lifetime(), state.fork()));
  }

  private static void fill(RingLog ring, State state, long from) {
    for (int i = 1; i < state.more().size(); i++, from++) {
      if (from == ring.end().number()) {
        Entry entry = Entry.parse(state.more().get(i));
        ring.mirror(List.of(entry.message()), entry.millis(), false);
      }
    }
    if (state.closed() && ring.end().number() == state.head()) {
      ring.mirror(List.of(), 0, true);
    }
  }

  /** A message as the list in Redis has it. */
  private record Entry(long millis, byte[] message) {
    static Entry parse(byte[] written) {
      int colon = 0;
      while (written[colon] != ':') {
        colon++;
      }
      long millis = Long.parseLong(new String(written, 0, colon, StandardCharsets.US_ASCII));
      return new Entry(millis, java.util.Arrays.copyOfRange(written, colon + 1, written.length));
    }
  }

  /** From now on it comes by Pub/Sub; what was appended before did not. */
  void listened() {
    heard = null;
    audited = null;
    store.compareSoon(this);
  }

  /** Whether Redis has what is known here and no more. */
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

  // What the last look once a minute saw must have come by Pub/Sub since; otherwise that lost it
  // and nothing broke. (A message on its way at the time of the look is no loss.)
  private void audit() {
    Offset seen = audited;
    Offset brought = heard;
    if (seen != null && brought != null && seen.compareTo(brought) > 0) {
      store.missed().increment();
    }
    Copy known = copy;
    audited = known.state().place(known.end());
    if (heard == null) {
      heard = audited; // where to count from
    }
  }

  /** What Pub/Sub brought: the bytes of an append that was made anywhere. */
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
      store.holes().increment();
      syncSoon();
    }
  }

  /** A worker will look at the log in Redis. */
  void syncSoon() {
    if (willSync.compareAndSet(false, true) && !store.start(this::sync)) {
      willSync.set(false);
    }
  }

  private void sync() {
    willSync.set(false);
    try {
      long used = usedMillis;
      store.settle(this, look(false));
      usedMillis = used; // that was nobody's use
    } catch (Refused e) {
      isStale = true; // the clock tries again
    }
  }

  /** When it was last known to be as in Redis. */
  long syncedMillis() {
    return syncedMillis;
  }

  /** What the clock does. */
  void tick(long nowMillis, long auditMillis) {
    boolean isListenedTo = channel.subscriptionCount() > 0;
    if (isListenedTo) {
      usedMillis = nowMillis;
    }
    markSoon();
    boolean isLate = nowMillis - syncedMillis > auditMillis;
    boolean isDue = (isListenedTo || hasAcknowledged()) && isLate;
    if (isDue && isListenedTo) {
      audit();
    }
    if (isStale || channel.isExpired()) {
      syncSoon();
    } else if (isDue) {
      store.compareSoon(this);
    } else if (isListenedTo && channel.lifetime().ttl() != null) {
      touch(); // who listens uses it
    }
  }

  /** Whether something was accepted here, which another history of Redis may not have. */
  boolean hasAcknowledged() {
    synchronized (lock) {
      return acknowledged != null;
    }
  }

  /** Whether nobody has used it for so long; then it is forgotten here. */
  boolean drop(long nowMillis, long lingerMillis) {
    boolean isUnused = channel.subscriptionCount() == 0 && lost == null;
    isDropped = isUnused && nowMillis - usedMillis > lingerMillis;
    return isDropped;
  }

  @Override
  public Appended append(Append append, long nowMillis) {
    Producer producer = append.producer();
    State state =
        store.call(
            "append",
            name,
            id(),
            UUID.randomUUID(),
            ONCE_MILLIS,
            store.parts().retention().maxMessages(),
            store.parts().retention().maxBytes(),
            store.parts().retention().maxAge().toMillis(),
            store.parts().retention().maxProducers(),
            producer == null ? "" : producer.id(),
            producer == null ? 0 : producer.epoch(),
            producer == null ? 0 : producer.seq(),
            append.seq() == null ? 0 : 1,
            append.seq() == null ? "" : append.seq(),
            append.close() ? 1 : 0,
            append.messages());
    return appended(append, state);
  }

  private Appended appended(Append append, State state) {
    if (!state.exists()) {
      store.gone(this);
      throw new Refused(
          Ending.UNKNOWN_CHANNEL, "channel \"%s\": it no longer exists".formatted(name));
    }
    return switch (state.status()) {
      case "accepted" -> accepted(append, state, Long.parseLong(state.more(0)));
      case "duplicate" ->
          new Appended.Duplicate(end(state), state.closed(), Long.parseLong(state.more(0)));
      case "closed" -> new Appended.LogClosed(end(state));
      case "stale" -> new Appended.StaleEpoch(Long.parseLong(state.more(0)));
      case "not-zero" -> new Appended.EpochNotAtZero(Long.parseLong(state.more(0)));
      case "gap" ->
          new Appended.ProducerGap(Long.parseLong(state.more(0)), Long.parseLong(state.more(1)));
      case "producers" -> new Appended.TooManyProducers(Integer.parseInt(state.more(0)));
      case "regression" -> new Appended.SeqRegression(state.more(0));
      default -> throw new IllegalStateException("store.lua answered " + state.status());
    };
  }

  private static Offset end(State state) {
    return state.place(state.head());
  }

  private Appended accepted(Append append, State state, long start) {
    synchronized (lock) {
      Copy known = copy;
      requireAcknowledged(state);
      Offset end = new Offset(state.epoch(), start + append.messages().size());
      if (acknowledged == null || acknowledged.end().compareTo(end) < 0) {
        acknowledged = new Acknowledged(state.id(), end);
      }
      // Out of turn it comes by Pub/Sub, or with the next look.
      if (state.epoch() == known.state().epoch() && start == known.end()) {
        known.ring().mirror(append.messages(), wallMillis(), append.close());
      }
    }
    markSoon();
    return new Appended.Accepted(state.place(start + append.messages().size()), state.closed());
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
      return fetch(known, offset, limit);
    }
    if (isAhead(offset)) {
      // Another server has told it more than is known here.
      if (store.settle(this, look(false)).orElse(null) != channel) {
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

  // Of a later epoch, too: epochs follow each other in time.
  private boolean isAhead(Offset offset) {
    Copy known = copy;
    return offset.epoch() > known.state().epoch()
        || (offset.epoch() == known.state().epoch() && offset.number() > known.end());
  }

  // An old copy knows of no gap: what it does not have another server may have given out, and where
  // it would send the reader to may be gone.
  private void requireCurrent(Offset offset) {
    if (!isCurrent()) {
      throw new Refused(
          Ending.STORE_UNAVAILABLE,
          "channel \"%s\": Redis does not respond, so the messages after %s are not known"
              .formatted(name, offset));
    }
  }

  /** Whether Redis answers, and has answered when it was last asked for this. */
  @Override
  public boolean isCurrent() {
    return !isStale && store.isReachable(name);
  }

  /** Redis did not answer; the clock asks it again. */
  void isStale() {
    isStale = true;
  }

  // Redis' history is not the one that it was: some of what this reader has heard, or of what was
  // accepted after it, may be gone. It reads on with the first message that both histories have.
  private static Gap changed(State state, long number) {
    return new Gap(Gap.Reason.EPOCH, state.place(Math.max(number, state.first())), 0);
  }

  private Reading fetch(Copy known, Offset offset, long limit) {
    Batch last = fetched.get();
    if (last != null && last.from().equals(offset) && last.next().number() <= limit) {
      return last; // of many who come again at the same place each gets the same
    }
    Page page = store.parts().page();
    State state =
        store.look(
            name,
            known.state().epoch(),
            offset.number(),
            page.maxMessages(),
            page.maxBytes(),
            false);
    if (!state.exists() || state.epoch() != known.state().epoch()) {
      syncSoon();
      return new Gap(Gap.Reason.EPOCH, earliest(), 0);
    }
    long from = Long.parseLong(state.more(0));
    if (from > offset.number()) {
      return new Gap(Gap.Reason.TRIMMED, state.place(from), from - offset.number());
    }
    return batch(state, offset, limit);
  }

  private Reading batch(State state, Offset offset, long limit) {
    List<byte[]> messages = new ArrayList<>();
    long number = offset.number();
    for (int i = 1; i < state.more().size() && number < limit; i++, number++) {
      messages.add(Entry.parse(state.more().get(i)).message());
    }
    boolean isClosing = state.closed() && number == state.head();
    if (messages.isEmpty()) {
      return new UpToDate(offset, isClosing);
    }
    boolean more = number < Math.min(state.head(), limit);
    Batch batch = new Batch(offset, state.place(number), List.copyOf(messages), more, isClosing);
    if (number < state.head()) {
      fetched = new SoftReference<>(batch);
    }
    return batch;
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
            look(true);
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
    fetched = NOTHING;
    copy.ring().forgetOld(wallMillis());
  }

  @Override
  public void leaveBudget() {
    copy.ring().leaveBudget();
  }
}
