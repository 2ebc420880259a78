package switchboard.channel;

import java.time.InstantSource;
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
      Predicate<ChannelName> autoCreate,
      Dispatch dispatch,
      InstantSource clock) {
    this.retention = retention;
    this.page = page;
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
          "channel \"%s\" is there and holds %s%s%s"
              .formatted(
                  there.name(),
                  there.contentType(),
                  there.isClosed() ? ", is closed" : "",
                  there.fork() == null ? "" : ", is a fork of " + there.fork().source()));
    }
  }

  private Channel make(ChannelName name, Request request) {
    ContentType type = request.contentType() == null ? ContentType.DEFAULT : request.contentType();
    RingLog log = new RingLog(nextEpoch(), retention, page);
    return fill(new Channel(name, type, request.lifetime(), null, log, dispatch, clock), request);
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
    Lifetime lifetime =
        request.lifetime().equals(Lifetime.UNBOUNDED) ? source.lifetime() : request.lifetime();
    RingLog log = forkedLog(source, fork);
    ContentType type = source.contentType();
    return fill(new Channel(name, type, lifetime, fork, log, dispatch, clock), request);
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

  private static Channel fill(Channel channel, Request request) {
    List<byte[]> messages = request.initial().apply(channel.contentType());
    if (!messages.isEmpty() || request.close()) {
      channel.append(new Append(messages, null, null, request.close()));
    }
    return channel;
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

  /** Bytes of all messages kept. */
  public long retainedBytes() {
    return byName.values().stream().mapToLong(Channel::retainedBytes).sum();
  }

  /** How many there are. */
  public int count() {
    return byName.size();
  }
}
