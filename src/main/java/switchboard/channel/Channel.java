package switchboard.channel;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Log;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.time.Clocks;

/**
 * A log at one URL, and the subscriptions that wait for its next messages. An append wakes them
 * here, and only here.
 *
 * <pre>
 *   append ─▶ log            the publisher does not wait for readers
 *        ╰──▶ wake ─▶ walk   one thread walks the subscriptions; each reads on from its own offset
 * </pre>
 *
 * <p>While a walk runs, more messages arrive, so the next walk carries more: batches grow with the
 * load, and a message in an idle channel is delivered at once.
 *
 * <p><b>Threads.</b> Safe. Nothing is ever written to a client while a lock is held.
 */
public final class Channel {

  /** Up to this many are written to by the appending thread. An estimate, not measured. */
  private static final int FEW = 8;

  private static final int FORK_BYTES = 100;
  private static final long NO_HORIZON = Long.MAX_VALUE;

  private final ChannelName name;
  private final ContentType contentType;
  private final Lifetime lifetime;
  private final @Nullable Fork fork;
  private final Log log;
  private final Dispatch dispatch;
  private final Clocks clocks;
  private final int maxSubscriptions;
  private final long maxSubscriptionsInAll;
  private final RecentPollers.Room roomForPollers;
  private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
  private final AtomicInteger wakes = new AtomicInteger();
  private volatile @Nullable RecentPollers pollers;
  private volatile boolean deleted;
  private volatile boolean walkMissed;
  private volatile long horizon = NO_HORIZON;
  private volatile long lastUsedMillis;

  /**
   * What a channel costs beside its log, roughly: two bytes a character for texts whose length a
   * client chooses. The rest is counted as part of the log.
   */
  public static long costBytes(
      ChannelName name, ContentType type, Lifetime lifetime, @Nullable Fork fork) {
    int bounds = lifetime.written() == null ? 0 : lifetime.written().length();
    int source = fork == null ? 0 : FORK_BYTES + fork.source().value().length();
    return 2L * (name.value().length() + type.value().length() + bounds + source);
  }

  /** A channel without subscriptions. */
  public Channel(
      ChannelName name,
      ContentType contentType,
      Lifetime lifetime,
      @Nullable Fork fork,
      Log log,
      StoreContext parts) {
    this.name = name;
    this.contentType = contentType;
    this.lifetime = lifetime;
    this.fork = fork;
    this.log = log;
    this.dispatch = parts.dispatch();
    this.clocks = parts.clocks();
    this.maxSubscriptions = parts.limits().subscriptionsPerChannel();
    this.maxSubscriptionsInAll = parts.limits().subscriptions();
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
  public @Nullable Fork fork() {
    return fork;
  }

  /** Where its messages are. */
  public Log log() {
    return log;
  }

  /**
   * Appends messages, or refuses to. If there are more than a few readers, other threads deliver to
   * them. Never waits for a reader, or for a disk.
   *
   * @param done is told the outcome: before this returns, or later by another thread
   */
  public void append(Append append, Consumer<Appended> done) {
    Thread appending = Thread.currentThread();
    log.append(
        append,
        clocks.elapsed().millis(),
        appended -> {
          touch();
          if (appended instanceof Appended.Accepted) {
            dispatch.counters().appended(append.messages().size(), append.sizeBytes());
            if (Thread.currentThread() == appending) { // if not, the log has moved already
              wake();
            }
          }
          done.accept(appended);
        });
  }

  /** The same, for a caller that may wait for the store. */
  public Appended append(Append append) {
    CompletableFuture<Appended> appended = new CompletableFuture<>();
    append(append, appended::complete);
    return appended.join();
  }

  /** What comes after {@code offset}: at most one page. */
  public Reading readAfter(Offset offset) {
    return log.readAfter(offset);
  }

  /**
   * A subscription that writes everything after {@code from}, and then every new message, into
   * {@code sink}. Nothing is read before {@link Subscription#start}.
   */
  public Subscription subscription(Offset from, Sink sink) {
    return new Subscription(this, from, sink);
  }

  void start(Subscription subscription) {
    Ending refusal = listen();
    // Register first, then read: a message appended in between finds the subscription.
    // → SubscriptionTest.aMessageAppendedDuringTheStartIsDelivered
    subscriptions.add(subscription);
    dispatch.counters().subscribed(subscription.transport(), 1);
    if (subscription.hasEnded()) {
      forget(subscription); // cancelled before it was in the set
    } else if (refusal != null) {
      subscription.end(refusal);
    } else if (deleted) {
      subscription.end(Ending.CHANNEL_DELETED);
    } else if (subscriptions.size() > maxSubscriptions) {
      subscription.end(Ending.CHANNEL_FULL);
    } else if (dispatch.counters().subscriptions() > maxSubscriptionsInAll) {
      subscription.end(Ending.TOO_MANY_CONNECTIONS);
    } else {
      subscription.advance();
    }
  }

  private @Nullable Ending listen() {
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
      dispatch.counters().subscribed(subscription.transport(), -1);
      touch();
    }
  }

  /**
   * The log has more messages; other threads deliver them.
   *
   * <p>Called by a log for what was appended elsewhere, or is shown later than it was appended.
   */
  public void moved() {
    if (!subscriptions.isEmpty() && wakes.getAndIncrement() == 0) {
      walkSoon();
    }
  }

  private void wake() {
    // Only the first of many wakes starts a walk; the others make it repeat.
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
      walkMissed = true; // the next append or tick tries again
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
    // To the end of the queue instead of a loop: a busy channel must not occupy a worker, or the
    // thread that appends.
    if (wakes.compareAndSet(seen, 0)) {
      horizon = NO_HORIZON;
    } else {
      wakes.set(1);
      walkSoon();
    }
  }

  /** Ends a subscription that failed; the log says why. */
  void fail(Subscription subscription, RuntimeException e) {
    dispatch.failed(this, e);
    subscription.end(Ending.INTERNAL);
  }

  /**
   * What comes next for a subscription. During a walk that ends where the log ended when the walk
   * began: so all get the same batch, even if messages are being appended. The next walk delivers
   * those; it is certain to come, since each append counts a wake.
   */
  Reading readNext(Offset offset) {
    return log.readAfter(offset, horizon);
  }

  /**
   * Once a second: removes old messages, counts how far readers are behind, and starts a walk that
   * could not start before.
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
        dispatch.counters().lags(end - subscription.next().number());
      }
    }
  }

  /** The channel is deleted; all subscriptions end. */
  public void delete() {
    deleted = true;
    release();
    // By a worker: the deleting request must not write to other clients.
    if (!subscriptions.isEmpty() && !dispatch.start(this::endAll)) {
      endAll();
    }
  }

  /** It is no longer in use here: what it keeps is no longer counted. */
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

  /** It was read or written: a sliding lifetime starts again. */
  public void touch() {
    lastUsedMillis = clocks.elapsed().millis();
    if (lifetime.ttl() != null) {
      log.touch();
    }
  }

  /** It was last used at this time of the elapsed clock, by what its store knows. */
  public void usedAt(long elapsedMillis) {
    lastUsedMillis = elapsedMillis;
  }

  // Live readers use it: "a stream with active live readers will not expire" (PROTOCOL.md §5.1).
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

  /** Whether all its messages are known here; not while the store cannot be asked. */
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

  /** Whether it has reached its subscriber limit. */
  public boolean isFull() {
    return subscriptions.size() >= maxSubscriptions;
  }

  /** Whether all channels together have room for so many more subscriptions. */
  public boolean haveRoomFor(int more) {
    return dispatch.counters().subscriptions() + more <= maxSubscriptionsInAll;
  }

  /**
   * A client polled, and counts as present until its next request is due.
   *
   * @param client identifies it
   * @param member the name that it gave; {@code null} for none
   * @param leaseMillis how long it counts as present
   */
  public void visit(Transport transport, Poller client, @Nullable String member, long leaseMillis) {
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

  /** The clients present at this server now. */
  PresenceSnapshot attendance() {
    Collection<? extends PresenceSnapshot.Listener> guests =
        pollers == null ? List.of() : pollers.at(clocks.ticks().millis());
    boolean areMore = pollers != null && pollers.areMore(clocks.ticks().millis());
    if (subscriptions.isEmpty() && guests.isEmpty() && !areMore) {
      return PresenceSnapshot.NONE;
    }
    List<PresenceSnapshot.Listener> all = new ArrayList<>(guests);
    for (Subscription subscription : subscriptions) {
      // Long polls are counted as pollers: they are present between two requests as well.
      if (subscription.transport() != Transport.LONG_POLL) {
        all.add(subscription);
      }
    }
    return PresenceSnapshot.of(all, areMore);
  }

  /** How many subscriptions there are. */
  public int subscriptionCount() {
    return subscriptions.size();
  }
}
