package switchboard.channel;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Log;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.time.Clocks;

/**
 * A log at one URL, and those who wait to hear what comes next in it. Here, and only here, append
 * meets wake.
 *
 * <pre>
 *   append ─▶ log            whoever publishes returns at once
 *        ╰──▶ wake ─▶ walk   one thread walks the subscriptions; each reads on from its own offset
 * </pre>
 *
 * <p>While a walk runs, more messages arrive, so the next walk carries more: batches grow with the
 * load by themselves, and idle channels answer at once.
 *
 * <p><b>Threads.</b> Safe. Nothing is ever written to a client while a lock is held.
 */
public final class Channel {

  /** So many are written to by the thread that appends. An estimate, not a measured threshold. */
  private static final int FEW = 8;

  private static final int FORK_BYTES = 100;
  private static final long NO_HORIZON = Long.MAX_VALUE;

  private final ChannelName name;
  private final ContentType contentType;
  private final Lifetime lifetime;
  private final Fork fork;
  private final Log log;
  private final Dispatch dispatch;
  private final Clocks clocks;
  private final int maxSubscriptions;
  private final RecentPollers.Room roomForPollers;
  private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
  private final AtomicInteger wakes = new AtomicInteger();
  private volatile RecentPollers pollers;
  private volatile boolean deleted;
  private volatile boolean walkMissed;
  private volatile long horizon = NO_HORIZON;
  private volatile long lastUsedMillis;

  /**
   * What a channel costs beside its log, roughly: what a client could make long, by two bytes a
   * character. The rest is part of what the log costs.
   */
  public static long costBytes(ChannelName name, ContentType type, Lifetime lifetime, Fork fork) {
    int written = lifetime.written() == null ? 0 : lifetime.written().length();
    int source = fork == null ? 0 : FORK_BYTES + fork.source().value().length();
    return 2L * (name.value().length() + type.value().length() + written + source);
  }

  /** Nobody listens yet. */
  public Channel(
      ChannelName name,
      ContentType contentType,
      Lifetime lifetime,
      Fork fork,
      Log log,
      Parts parts) {
    this.name = name;
    this.contentType = contentType;
    this.lifetime = lifetime;
    this.fork = fork;
    this.log = log;
    this.dispatch = parts.dispatch();
    this.clocks = parts.clocks();
    this.maxSubscriptions = parts.limits().subscriptionsPerChannel();
    this.roomForPollers = parts.pollers();
    this.lastUsedMillis = clocks.elapsed().millis();
  }

  public ChannelName name() {
    return name;
  }

  public ContentType contentType() {
    return contentType;
  }

  public Lifetime lifetime() {
    return lifetime;
  }

  /** Where it branched off another channel; {@code null} if it did not. */
  public Fork fork() {
    return fork;
  }

  Log log() {
    return log;
  }

  /**
   * Adds messages, or refuses. Readers hear of them on other threads, where there are more than a
   * few. Never waits for a reader.
   */
  public Appended append(Append append) {
    Appended appended = log.append(append, clocks.elapsed().millis());
    touch();
    if (appended instanceof Appended.Accepted) {
      dispatch.tally().appended(append.messages().size(), append.sizeBytes());
      wake();
    }
    return appended;
  }

  /** What comes after {@code offset}: at most one page. */
  public Reading readAfter(Offset offset) {
    return log.readAfter(offset);
  }

  /**
   * What will write everything after {@code from}, and from then on whatever is appended, into
   * {@code sink}. Nothing is read before {@link Subscription#start}.
   */
  public Subscription subscription(Offset from, Sink sink) {
    return new Subscription(this, from, sink);
  }

  void start(Subscription subscription) {
    Ending refusal = listen();
    // First into the set, then the first read: a message appended in between finds it there.
    // → SubscriptionTest.aMessageAppendedWhileSomebodySubscribesIsDelivered
    subscriptions.add(subscription);
    dispatch.tally().subscribed(subscription.transport(), 1);
    if (subscription.hasEnded()) {
      forget(subscription); // cancelled before it was in the set
    } else if (refusal != null) {
      subscription.end(refusal);
    } else if (deleted) {
      subscription.end(Ending.CHANNEL_DELETED);
    } else if (subscriptions.size() > maxSubscriptions) {
      subscription.end(Ending.CHANNEL_FULL);
    } else {
      subscription.advance();
    }
  }

  private Ending listen() {
    try {
      log.listen();
      return null;
    } catch (Channels.Refused refused) {
      return refused.ending();
    } catch (RuntimeException e) {
      dispatch.failed(this, e);
      return Ending.INTERNAL;
    }
  }

  void forget(Subscription subscription) {
    if (subscriptions.remove(subscription)) {
      dispatch.tally().subscribed(subscription.transport(), -1);
      touch();
    }
  }

  /**
   * The log has more, though nobody appended here; readers hear of it on other threads.
   *
   * <p>A log that lives elsewhere tells so.
   */
  public void moved() {
    if (!subscriptions.isEmpty() && wakes.getAndIncrement() == 0) {
      walkSoon();
    }
  }

  private void wake() {
    // Only the first of many wakes starts a walk; the others make it go round once more.
    if (!subscriptions.isEmpty() && wakes.getAndIncrement() == 0) {
      if (subscriptions.size() <= FEW) {
        walk();
      } else {
        walkSoon();
      }
    }
  }

  private void walkSoon() {
    if (!dispatch.start(this::walk)) {
      walkMissed = true; // the next append or the clock tries again
      horizon = NO_HORIZON;
      wakes.set(0);
    }
  }

  private void walk() {
    int seen = wakes.get();
    horizon = log.end().number();
    for (Subscription subscription : subscriptions) {
      subscription.advance();
    }
    // Back to the end of the queue rather than round in a loop: a busy channel must not keep a
    // worker from the others, nor the thread of whoever appends.
    if (wakes.compareAndSet(seen, 0)) {
      horizon = NO_HORIZON;
    } else {
      wakes.set(1);
      walkSoon();
    }
  }

  /** Ends one that could not be read or written for; the log says why. */
  void fail(Subscription subscription, RuntimeException e) {
    dispatch.failed(this, e);
    subscription.end(Ending.INTERNAL);
  }

  /**
   * What comes next for a subscription. While a walk goes on, that ends where the log ended when it
   * began: so all get the same batch, though messages keep coming, and those go out together in the
   * next walk. It comes for certain: whoever appended them has counted another wake.
   */
  Reading readNext(Offset offset) {
    return log.readAfter(offset, horizon);
  }

  /**
   * What the clock does: forgets old messages, counts how far readers are behind, and makes good a
   * walk that could not start.
   */
  public void tick(long nowMillis) {
    log.forgetOld(nowMillis);
    countLags();
    if (walkMissed) {
      walkMissed = false;
      wake();
    }
  }

  private void countLags() {
    if (!subscriptions.isEmpty()) {
      long end = log.end().number();
      for (Subscription subscription : subscriptions) {
        dispatch.tally().lags(end - subscription.next().number());
      }
    }
  }

  /** The channel is gone; everybody who waits is told. */
  public void delete() {
    deleted = true;
    release();
    // By a worker: whoever deletes is another client's request, which must not write to this one's.
    if (!subscriptions.isEmpty() && !dispatch.start(this::endAll)) {
      endAll();
    }
  }

  /** It is gone from here: what it remembers counts no longer. */
  public void release() {
    log.leaveBudget();
    if (pollers != null) {
      pollers.end();
    }
  }

  private void endAll() {
    for (Subscription subscription : subscriptions) {
      subscription.end(Ending.CHANNEL_DELETED);
    }
  }

  /** Somebody read or wrote: a sliding lifetime starts anew. */
  public void touch() {
    lastUsedMillis = clocks.elapsed().millis();
    if (lifetime.ttl() != null) {
      log.touch();
    }
  }

  // Who listens uses it: "a stream with active live readers will not expire" (PROTOCOL.md §5.1).
  public boolean isExpired() {
    long unusedMillis = subscriptions.isEmpty() ? clocks.elapsed().millis() - lastUsedMillis : 0;
    return lifetime.isOver(unusedMillis, clocks.wall().millis());
  }

  /** The first offset that can be read. */
  public Offset earliest() {
    return log.earliest();
  }

  /** The offset behind the newest message. */
  public Offset end() {
    return log.end();
  }

  /** Whether what is known here is all there is; not while its log cannot be asked. */
  public boolean isCurrent() {
    return log.isCurrent();
  }

  /** Nothing may be appended any more. */
  public boolean isClosed() {
    return log.isClosed();
  }

  /** Bytes of all messages kept. */
  public long retainedBytes() {
    return log.retainedBytes();
  }

  /** As many listen as may. */
  public boolean isFull() {
    return subscriptions.size() >= maxSubscriptions;
  }

  /**
   * A client came with a request of its own and is taken to be there until its next one is due.
   *
   * @param client tells it from the others
   * @param member what it calls itself; {@code null} where it does not say
   * @param leaseMillis how long it is taken to be there
   */
  public void visit(Transport transport, Poller client, String member, long leaseMillis) {
    if (pollers == null) {
      synchronized (this) {
        pollers = pollers == null ? new RecentPollers(maxSubscriptions, roomForPollers) : pollers;
      }
    }
    pollers.add(transport, client, member, clocks.ticks().millis() + leaseMillis);
    if (deleted) {
      pollers.end();
    }
  }

  /** Who listens here now. */
  Attendance attendance() {
    Collection<? extends Attendance.Listener> guests =
        pollers == null ? List.of() : pollers.at(clocks.ticks().millis());
    boolean areMore = pollers != null && pollers.areMore(clocks.ticks().millis());
    if (subscriptions.isEmpty() && guests.isEmpty() && !areMore) {
      return Attendance.NONE;
    }
    List<Attendance.Listener> all = new ArrayList<>(guests);
    for (Subscription subscription : subscriptions) {
      // A long poll is counted among those who come and go: between two of them it is there too.
      if (subscription.transport() != Transport.LONG_POLL) {
        all.add(subscription);
      }
    }
    return Attendance.of(all, areMore);
  }

  /** How many listen now. */
  public int subscriptionCount() {
    return subscriptions.size();
  }
}
