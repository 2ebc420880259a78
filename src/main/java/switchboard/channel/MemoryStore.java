package switchboard.channel;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Channels.Created;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Channels.Request;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Offset;
import switchboard.log.RingLog;

/**
 * Channels in the memory of this server: a restart forgets them.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 750 bytes for an idle channel without messages.
 */
public final class MemoryStore implements Store {

  /** What the name of a deleted channel costs, roughly, as long as there are forks. */
  private static final int KEPT_BYTES = 500;

  /** A channel and its place in {@link #byAge}. */
  private record Numbered(long number, Channel channel) {}

  private final StoreContext parts;
  private final Map<ChannelName, Numbered> byName = new ConcurrentHashMap<>();
  // A listing goes on behind a number, which says nothing of the channels that its client may not
  // know of; a name would.
  private final ConcurrentNavigableMap<Long, Channel> byAge = new ConcurrentSkipListMap<>();
  private long lastNumber;
  private final ForkSources sources = new ForkSources();
  private final AtomicLong lastEpoch = new AtomicLong();

  /** No channels yet. */
  public MemoryStore(StoreContext parts) {
    this.parts = parts;
  }

  @Override
  public Optional<Channel> find(ChannelName name) {
    Channel channel = existing(name);
    if (channel == null && parts.autoCreate().test(name) && !isKeptForForks(name)) {
      return Optional.of(createNow(name, Request.empty(ContentType.JSON)).channel());
    }
    return Optional.ofNullable(channel);
  }

  private @Nullable Channel existing(ChannelName name) {
    Numbered there = byName.get(name);
    if (there != null && there.channel().isExpired()) {
      remove(there.channel());
      return null;
    }
    return there == null ? null : there.channel();
  }

  @Override
  public synchronized boolean isKeptForForks(ChannelName name) {
    return sources.isKept(name);
  }

  @Override
  public CompletionStage<Created> create(ChannelName name, Request request) {
    return CompletableFuture.completedFuture(createNow(name, request));
  }

  private synchronized Created createNow(ChannelName name, Request request) {
    Channel there = existing(name);
    if (isKeptForForks(name)) {
      throw Refused.keptForForks(name);
    }
    if (there != null) {
      request.requireSame(there);
      return new Created(there, false);
    }
    if (byName.size() + sources.kept() >= parts.limits().channels()) {
      throw Refused.tooManyChannels(name, parts.limits().channels());
    }
    // With its first messages, before it can be found: all or nothing.
    Fork fork = request.fork();
    Channel fresh = fork == null ? make(name, request) : makeFork(name, fork, request);
    Numbered numbered = new Numbered(++lastNumber, fresh);
    byName.put(name, numbered);
    byAge.put(numbered.number(), fresh);
    if (fork != null) {
      sources.add(fork.source());
    }
    return new Created(fresh, true);
  }

  private Channel make(ChannelName name, Request request) {
    ContentType type = request.contentType() == null ? ContentType.DEFAULT : request.contentType();
    RingLog log = new RingLog(nextEpoch(), parts.retention(), parts.page());
    return fill(channel(name, type, request.lifetime(), null, log), request);
  }

  private Channel channel(
      ChannelName name, ContentType type, Lifetime lifetime, @Nullable Fork fork, RingLog log) {
    if (!log.join(parts.budget(), Channel.costBytes(name, type, lifetime, fork))) {
      throw full(name);
    }
    return new Channel(name, type, lifetime, fork, log, parts);
  }

  private Refused full(ChannelName name) {
    return Refused.storeFull(name, parts.budget().maxBytes());
  }

  private Channel makeFork(ChannelName name, Fork fork, Request request) {
    if (isKeptForForks(fork.source())) {
      throw Refused.sourceDeleted(fork.source());
    }
    Channel source = find(fork.source()).orElseThrow(() -> Refused.noSource(fork.source()));
    request.requireTypeOf(source);
    int forks = sources.forksOf(fork.source());
    if (forks >= parts.limits().forksPerChannel()) {
      throw Refused.tooManyForks(fork.source(), forks);
    }
    RingLog log = forkedLog(source, fork);
    ContentType type = source.contentType();
    return fill(channel(name, type, request.lifetimeOf(source), fork, log), request);
  }

  private RingLog forkedLog(Channel source, Fork fork) {
    try {
      Offset at = fork.in(source.earliest(), source.end());
      RingLog log = (RingLog) source.log(); // this store has no others
      boolean countsMessages = source.contentType().kind() == ContentType.Kind.JSON;
      return countsMessages
          ? log.fork(nextEpoch(), log.plus(at, fork.subOffset()), 0)
          : log.fork(nextEpoch(), at, fork.subOffset());
    } catch (IllegalArgumentException e) {
      throw new Refused(Ending.BAD_FORK, e.getMessage());
    }
  }

  private Channel fill(Channel channel, Request request) {
    boolean isFilled = false;
    try {
      List<byte[]> messages = request.initial().apply(channel.contentType());
      Append first = new Append(messages, null, null, request.close());
      if ((!messages.isEmpty() || request.close())
          && channel.append(first) instanceof Appended.Full) {
        throw full(channel.name());
      }
      isFilled = true;
      return channel;
    } finally {
      if (!isFilled) {
        channel.log().leaveBudget();
      }
    }
  }

  // Milliseconds, so that the epochs after a restart are greater than those before.
  private long nextEpoch() {
    return lastEpoch.accumulateAndGet(
        parts.clocks().wall().millis(), (last, now) -> Math.max(last + 1, now));
  }

  @Override
  public CompletionStage<Boolean> delete(ChannelName name) {
    return CompletableFuture.completedFuture(find(name).map(this::remove).orElse(false));
  }

  private synchronized boolean remove(Channel channel) {
    Numbered there = byName.get(channel.name());
    if (there == null || there.channel() != channel) {
      return false;
    }
    byName.remove(channel.name());
    byAge.remove(there.number());
    Fork fork = channel.fork();
    int kept = sources.delete(channel.name(), fork == null ? null : fork.source());
    // Its forks have the messages; only the name is kept: less than what the channel gives back.
    parts.budget().acquireAnyway((long) kept * KEPT_BYTES);
    channel.delete();
    return true;
  }

  @Override
  public Collection<Channel> channels() {
    return byAge.values();
  }

  @Override
  public Listing list(@Nullable String after, int max) {
    return Listing.of(byAge, channel -> channel, after, max);
  }

  @Override
  public void tick(Channel channel, long nowMillis) {
    if (channel.isExpired()) {
      remove(channel);
    } else {
      channel.tick(nowMillis);
    }
  }
}
