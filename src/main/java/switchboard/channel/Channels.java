package switchboard.channel;

import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Budget;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.log.RingLog;

/**
 * All channels of this server, by name.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 600 bytes for an idle channel without messages.
 */
public final class Channels {

  /** What {@link #create} found or made. */
  public record Created(Channel channel, boolean isNew) {}

  /**
   * What somebody wants to exist.
   *
   * @param contentType of its messages; {@code null} for the source's, or the default
   * @param lifetime how long it lives; a fork without one lives like its source
   * @param fork where it branches off another channel; {@code null} if it does not
   * @param close whether it is created closed
   * @param initial its first messages, read once the content type is known
   */
  public record Request(
      ContentType contentType,
      Lifetime lifetime,
      Fork fork,
      boolean close,
      Function<ContentType, List<byte[]>> initial) {

    /** A channel without messages that lives until it is deleted. */
    public static Request empty(ContentType contentType) {
      return new Request(contentType, Lifetime.UNBOUNDED, null, false, type -> List.of());
    }
  }

  /** What cannot be created, and why. */
  public static final class Refused extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Ending ending;

    Refused(Ending ending, String detail) {
      super(detail, null, false, false);
      this.ending = ending;
    }

    /** Why. */
    public Ending ending() {
      return ending;
    }
  }

  /** Channels that others branched off, and how many did. */
  private static final class Kept {
    private int forks;
    private boolean isDeleted;
    private Fork cameFrom;
  }

  private final Retention retention;
  private final Page page;
  private final Limits limits;
  private final Budget budget;
  private final Predicate<ChannelName> autoCreate;
  private final Dispatch dispatch;
  private final InstantSource clock;
  private final Map<ChannelName, Channel> byName = new ConcurrentHashMap<>();
  private final Map<ChannelName, Kept> sources = new HashMap<>();
  private final AtomicLong lastEpoch = new AtomicLong();

  /**
   * No channels yet.
   *
   * @param autoCreate names that come into being when first asked for
   */
  public Channels(
      Retention retention,
      Page page,
      Limits limits,
      Predicate<ChannelName> autoCreate,
      Dispatch dispatch,
      InstantSource clock) {
    this.retention = retention;
    this.page = page;
    this.limits = limits;
    this.budget = new Budget(limits.totalBytes(), this::makeRoomSoon);
    this.autoCreate = autoCreate;
    this.dispatch = dispatch;
    this.clock = clock;
  }

  /** The channel, if there is one, or if its name says that it needs no creating. */
  public Optional<Channel> find(ChannelName name) {
    Channel channel = byName.get(name);
    if (channel != null && channel.isExpired(clock.millis())) {
      remove(channel);
      channel = null;
    }
    if (channel == null && autoCreate.test(name) && !isKeptForForks(name)) {
      return Optional.of(create(name, Request.empty(ContentType.JSON)).channel());
    }
    return Optional.ofNullable(channel);
  }

  /** Whether the channel was deleted and its name is kept because it still has forks. */
  public synchronized boolean isKeptForForks(ChannelName name) {
    Kept kept = sources.get(name);
    return kept != null && kept.isDeleted;
  }

  /**
   * Makes the channel, or finds the one that is there.
   *
   * @throws Refused if another one is there that is not what was asked for, or if what it should
   *     branch off is not there
   */
  public synchronized Created create(ChannelName name, Request request) {
    Channel there = byName.get(name);
    if (there != null && there.isExpired(clock.millis())) {
      remove(there);
      there = null;
    }
    if (isKeptForForks(name)) {
      throw new Refused(
          Ending.SOURCE_DELETED, "channel \"%s\": it was deleted but has forks".formatted(name));
    }
    if (there != null) {
      requireSame(there, request);
      return new Created(there, false);
    }
    if (byName.size() >= limits.channels()) {
      throw new Refused(
          Ending.TOO_MANY_CHANNELS,
          "channel \"%s\": there are %d already".formatted(name, limits.channels()));
    }
    // The first messages are in before anybody can find the channel: all or nothing.
    Channel fresh = request.fork() == null ? make(name, request) : makeFork(name, request);
    byName.put(name, fresh);
    if (request.fork() != null) {
      sources.computeIfAbsent(request.fork().source(), source -> new Kept()).forks++;
    }
    return new Created(fresh, true);
  }

  private void requireSame(Channel there, Request request) {
    boolean isSame =
        (request.contentType() == null
                ? there.fork() != null || there.contentType().matches(ContentType.DEFAULT)
                : there.contentType().matches(request.contentType()))
            && (there.lifetime().matches(request.lifetime())
                || (there.fork() != null && request.lifetime().equals(Lifetime.UNBOUNDED)))
            && there.isClosed() == request.close()
            && Objects.equals(there.fork(), request.fork());
    if (!isSame) {
      throw new Refused(
          Ending.CHANNEL_EXISTS,
          "channel \"%s\" is there and holds %s%s%s%s"
              .formatted(
                  there.name(),
                  there.contentType(),
                  there.lifetime(),
                  there.isClosed() ? ", is closed" : "",
                  there.fork() == null ? "" : ", is a fork of " + there.fork().source()));
    }
  }

  private Channel make(ChannelName name, Request request) {
    ContentType type = request.contentType() == null ? ContentType.DEFAULT : request.contentType();
    RingLog log = new RingLog(nextEpoch(), retention, page);
    return fill(channel(name, type, request.lifetime(), null, log), request);
  }

  private Channel channel(
      ChannelName name, ContentType type, Lifetime lifetime, Fork fork, RingLog log) {
    if (!log.join(budget)) {
      throw full(name);
    }
    int maxSubscriptions = limits.subscriptionsPerChannel();
    return new Channel(name, type, lifetime, fork, log, dispatch, clock, maxSubscriptions);
  }

  private Refused full(ChannelName name) {
    return new Refused(
        Ending.STORE_FULL,
        "channel \"%s\": all channels together keep %d bytes".formatted(name, budget.maxBytes()));
  }

  private Channel makeFork(ChannelName name, Request request) {
    Fork fork = request.fork();
    if (isKeptForForks(fork.source())) {
      throw new Refused(
          Ending.SOURCE_DELETED,
          "source \"%s\": it was deleted and has only forks".formatted(fork.source()));
    }
    Channel source =
        find(fork.source())
            .orElseThrow(
                () ->
                    new Refused(
                        Ending.UNKNOWN_CHANNEL,
                        "source \"%s\": there is no such channel".formatted(fork.source())));
    if (request.contentType() != null && !source.contentType().matches(request.contentType())) {
      throw new Refused(
          Ending.CONTENT_TYPE_MISMATCH,
          "content type \"%s\": the source holds %s"
              .formatted(request.contentType(), source.contentType()));
    }
    Kept kept = sources.get(fork.source());
    if (kept != null && kept.forks >= limits.forksPerChannel()) {
      throw new Refused(
          Ending.TOO_MANY_FORKS,
          "source \"%s\": it has %d forks already".formatted(fork.source(), kept.forks));
    }
    Lifetime lifetime =
        request.lifetime().equals(Lifetime.UNBOUNDED) ? source.lifetime() : request.lifetime();
    RingLog log = forkedLog(source, fork);
    ContentType type = source.contentType();
    return fill(channel(name, type, lifetime, fork, log), request);
  }

  private RingLog forkedLog(Channel source, Fork fork) {
    try {
      Offset at = placeIn(source, fork.at());
      boolean countsMessages = source.contentType().kind() == ContentType.Kind.JSON;
      return countsMessages
          ? source.log().fork(nextEpoch(), source.log().plus(at, fork.subOffset()), 0)
          : source.log().fork(nextEpoch(), at, fork.subOffset());
    } catch (IllegalArgumentException e) {
      throw new Refused(Ending.BAD_FORK, e.getMessage());
    }
  }

  private static Offset placeIn(Channel source, Offset at) {
    if (at == null) {
      return source.end();
    }
    return at.equals(Offset.BEGINNING) ? source.earliest() : at;
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

  // Milliseconds, so that a log that starts anew after a restart has a greater epoch than before.
  private long nextEpoch() {
    return lastEpoch.accumulateAndGet(clock.millis(), (last, now) -> Math.max(last + 1, now));
  }

  /** Whether there was such a channel. Those who listen to it are told that it is gone. */
  public boolean delete(ChannelName name) {
    return find(name).map(this::remove).orElse(false);
  }

  private synchronized boolean remove(Channel channel) {
    if (!byName.remove(channel.name(), channel)) {
      return false;
    }
    Kept kept = sources.get(channel.name());
    if (kept != null) {
      // Its forks have the messages; only the name is kept, and where it came from itself.
      kept.isDeleted = true;
      kept.cameFrom = channel.fork();
    } else {
      release(channel.fork());
    }
    channel.delete();
    return true;
  }

  // The last fork gone, a deleted source's name is free again, and so on up the chain.
  private void release(Fork fork) {
    while (fork != null) {
      Kept kept = sources.get(fork.source());
      if (--kept.forks > 0) {
        return;
      }
      sources.remove(fork.source());
      fork = kept.isDeleted ? kept.cameFrom : null;
    }
  }

  /** What the clock does: ends channels whose time is over and forgets old messages. */
  public void tick() {
    long now = clock.millis();
    dispatch.tick(now);
    if (budget.isTight()) {
      makeRoomSoon();
    }
    for (Channel channel : byName.values()) {
      try {
        tick(channel, now);
      } catch (RuntimeException e) {
        // One channel's trouble must not keep the clock from the others.
        dispatch.failed(channel, e);
      }
    }
  }

  private void tick(Channel channel, long now) {
    if (channel.isExpired(now)) {
      remove(channel);
    } else {
      channel.tick(now);
    }
  }

  // By a worker: whoever appended has a lock, and need not wait.
  private void makeRoomSoon() {
    if (!dispatch.start(this::makeRoom)) {
      budget.madeRoom(); // the next append or the clock tries again
    }
  }

  // Down to eight tenths. The largest logs forget, down to one size; smaller ones lose nothing, so
  // that a few greedy channels do not empty all the others.
  private void makeRoom() {
    List<Channel> bySize =
        byName.values().stream()
            .sorted(Comparator.comparingLong(channel -> channel.log().heldBytes()))
            .toList();
    long left = budget.maxBytes() / 10 * 8;
    for (int i = 0; i < bySize.size(); i++) {
      RingLog log = bySize.get(i).log();
      log.shrinkTo(left / (bySize.size() - i));
      left -= log.heldBytes();
    }
    budget.madeRoom();
  }

  /**
   * Takes from what all logs may keep for something that is on its way into one; whether it did.
   */
  public boolean reserve(long bytes) {
    return budget.take(bytes);
  }

  /** Gives back what was {@linkplain #reserve reserved}. */
  public void release(long bytes) {
    budget.give(bytes);
  }

  /** What all logs keep, with what it costs to keep it. */
  public long heldBytes() {
    return budget.takenBytes();
  }

  /** What that may be. */
  public long maxHeldBytes() {
    return budget.maxBytes();
  }

  /** Bytes of all messages kept. */
  public long retainedBytes() {
    return byName.values().stream().mapToLong(Channel::retainedBytes).sum();
  }

  /** How many there are. */
  public int count() {
    return byName.size();
  }
}
