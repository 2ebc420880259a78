package switchboard.channel;

import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import switchboard.log.Append;
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
   * @param contentType of its messages
   * @param lifetime how long it lives
   * @param initial its first messages; its {@code close} makes it a closed channel
   */
  public record Request(ContentType contentType, Lifetime lifetime, Append initial) {}

  private final Retention retention;
  private final Page page;
  private final Predicate<ChannelName> autoCreate;
  private final Dispatch dispatch;
  private final InstantSource clock;
  private final Map<ChannelName, Channel> byName = new ConcurrentHashMap<>();
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
    if (channel == null && autoCreate.test(name)) {
      Append nothing = Append.of(java.util.List.of());
      Request request = new Request(ContentType.JSON, Lifetime.UNBOUNDED, nothing);
      return Optional.of(create(name, request).channel());
    }
    return Optional.ofNullable(channel);
  }

  /**
   * Makes the channel, or finds the one that is there; whether that one is what was asked for, the
   * caller judges.
   */
  public Created create(ChannelName name, Request request) {
    Channel there = byName.get(name);
    if (there != null && there.isExpired(clock.millis())) {
      remove(there);
    }
    // The first messages are in before anybody can find the channel: all or nothing.
    Channel fresh = make(name, request);
    Channel winner = byName.putIfAbsent(name, fresh);
    return winner == null ? new Created(fresh, true) : new Created(winner, false);
  }

  private Channel make(ChannelName name, Request request) {
    RingLog log = new RingLog(nextEpoch(), retention, page);
    Channel channel =
        new Channel(name, request.contentType(), request.lifetime(), log, dispatch, clock);
    if (!request.initial().messages().isEmpty() || request.initial().close()) {
      channel.append(request.initial());
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

  private boolean remove(Channel channel) {
    boolean removed = byName.remove(channel.name(), channel);
    channel.delete();
    return removed;
  }

  /** What the clock does: ends channels whose time is over and forgets old messages. */
  public void tick() {
    long now = clock.millis();
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

  /** How many there are. */
  public int count() {
    return byName.size();
  }
}
