package switchboard.redis;

import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.function.BiConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Created;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Channels.Request;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Listing;
import switchboard.channel.PresenceSnapshot;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.log.Append;
import switchboard.time.Clocks;

/**
 * Channels in Redis, shared with other servers. Every request asks Redis for the current state of
 * the channel, so what one server has answered all servers know.
 *
 * <p><b>Threads.</b> Safe. Callers wait for a round trip; {@link #tick} does not.
 */
final class RedisStore implements Store {

  private static final Logger LOG = Logger.getLogger(RedisStore.class.getName());
  private static final int WORKERS = 4;
  private static final int TRIES = 3;
  private static final int COPIED_MESSAGES = 1_000;
  private static final int COPIED_BYTES = 1 << 20;
  private static final long UNKNOWN = Long.MIN_VALUE;

  private final StoreContext parts;
  private final RedisClient link;
  private final Scripts scripts;
  private final HeadReconciler heads;
  private final ChannelScan scan;
  private final ChannelCreation creation;
  private final PubSubListener listener;
  private final ExecutorService workers;
  private final Intervals intervals;
  private final RedisPresence attendances;
  private final Keepalive keepalive;
  private final String id = UUID.randomUUID().toString();
  private final Map<ChannelName, MirroredLog> logs = new ConcurrentHashMap<>();
  private final RepairCounters repairs = new RepairCounters();
  private final Clocks own;
  private volatile long redisAheadMillis = UNKNOWN;

  RedisStore(
      RedisClient link,
      String prefix,
      StoreContext parts,
      ThreadFactory threads,
      Intervals intervals) {
    this.own = parts.clocks();
    this.parts = parts.with(new Clocks(this::redisTime, own.elapsed(), own.ticks()));
    this.link = link;
    this.intervals = intervals;
    this.scripts = new Scripts(link, prefix);
    this.scan = new ChannelScan(link, prefix);
    this.heads = new HeadReconciler(link, scripts, this::start);
    this.creation = new ChannelCreation(this, link.isCluster());
    this.workers = Executors.newFixedThreadPool(WORKERS, threads);
    this.listener =
        new PubSubListener(
            link,
            prefix,
            (int) intervals.silence(),
            this::compareAcknowledged,
            this::start,
            threads);
    this.attendances = new RedisPresence(link, prefix, id, intervals.silence(), this::start);
    this.keepalive = new Keepalive(link, listener, attendances, intervals.probe(), threads);
    link.onBack(keepalive::start);
  }

  // There may be a new master, which may lack what the former one has acknowledged.
  private void compareAcknowledged() {
    for (MirroredLog log : logs.values()) {
      if (log.hasAcknowledged()) {
        heads.add(log);
      }
    }
  }

  /** The id of this server. */
  String id() {
    return id;
  }

  StoreContext parts() {
    return parts;
  }

  HeadReconciler heads() {
    return heads;
  }

  PubSubListener listener() {
    return listener;
  }

  /** The copy of a channel; {@code null} if there is none here. */
  MirroredLog log(ChannelName name) {
    return logs.get(name);
  }

  RepairCounters repairCounters() {
    return repairs;
  }

  @Override
  public Repairs repairs() {
    return repairs.sum();
  }

  @Override
  public boolean start(Runnable work) {
    try {
      workers.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  ScriptReply call(String operation, ChannelName name, Object... arguments) {
    ScriptReply state = scripts.call(operation, name, arguments);
    setClock(state);
    return state;
  }

  AppendReply append(MirroredLog log, Append append) {
    AppendReply reply = scripts.append(log.name(), log.id(), parts.retention(), append);
    setClock(reply.state());
    return reply;
  }

  private void setClock(ScriptReply state) {
    if (state.exists()) {
      redisAheadMillis = state.now() - own.elapsed().millis();
    }
  }

  // All servers use the clock of Redis, which also decides when a channel expires.
  private Instant redisTime() {
    return redisAheadMillis == UNKNOWN
        ? own.wall().instant()
        : Instant.ofEpochMilli(redisAheadMillis + own.elapsed().millis());
  }

  /** A channel and its newest messages. */
  ScriptReply read(ChannelName name) {
    return read(name, 0, -1, false);
  }

  /** The same from a number on, for a caller that knows the current epoch. */
  ScriptReply read(ChannelName name, long epoch, long from, boolean touches) {
    return read(name, epoch, from, COPIED_MESSAGES, COPIED_BYTES, touches);
  }

  /** The same with other limits. */
  ScriptReply read(
      ChannelName name, long epoch, long from, int maxMessages, int maxBytes, boolean touches) {
    long maxAge = parts.retention().maxAge().toMillis();
    return call("look", name, epoch, from, maxMessages, maxBytes, maxAge, touches ? 1 : 0);
  }

  @Override
  public Optional<Channel> find(ChannelName name) {
    Optional<Channel> there = there(name);
    if (there.isEmpty() && parts.autoCreate().test(name) && !isKeptForForks(name)) {
      return Optional.of(createNow(name, Request.empty(ContentType.JSON)).channel());
    }
    return there;
  }

  private Optional<Channel> there(ChannelName name) {
    MirroredLog known = logs.get(name);
    if (known == null) {
      ScriptReply state = read(name);
      return state.exists() ? Optional.of(open(name, state).channel()) : Optional.empty();
    }
    try {
      return settle(known, known.refresh(false));
    } catch (Refused refused) {
      if (refused.ending() != Ending.STORE_UNAVAILABLE) {
        throw refused;
      }
      known.isStale();
      return Optional.of(known.channel()); // the copy can be read while Redis does not answer
    }
  }

  private MirroredLog open(ChannelName name, ScriptReply state) {
    MirroredLog fresh = new MirroredLog(this, name);
    fresh.apply(state);
    fresh.belongsTo(
        new Channel(name, state.contentType(), state.lifetime(), state.fork(), fresh, parts));
    MirroredLog other = logs.putIfAbsent(name, fresh);
    if (other == null) {
      return fresh;
    }
    fresh.leaveBudget();
    return other;
  }

  /** Makes the copy follow the state of the channel in Redis; the channel, if there is one. */
  Optional<Channel> settle(MirroredLog known, ScriptReply state) {
    if (state.exists() && state.id().equals(known.id())) {
      return Optional.of(known.channel());
    }
    if (state.status().equals("none") && known.channel().fork() == null) {
      return restore(known);
    }
    if (state.exists() && isLike(known.channel(), state)) {
      return adopt(known);
    }
    gone(known);
    return state.exists() ? there(known.name()) : Optional.empty();
  }

  // Another channel of the same name, though no deletion was received: it was missed, or Redis lost
  // the channel and another server has restored it. Readers get a gap and read on.
  private Optional<Channel> adopt(MirroredLog known) {
    ScriptReply state = read(known.name());
    if (!state.exists()) {
      gone(known);
      return Optional.empty();
    }
    if (known.apply(state)) {
      known.channel().moved();
    }
    known.reportLossSoon();
    return Optional.of(known.channel());
  }

  private static boolean isLike(Channel channel, ScriptReply state) {
    return channel.contentType().matches(state.contentType())
        && channel.lifetime().matches(state.lifetime())
        && channel.fork() == null
        && state.fork() == null;
  }

  // It was neither deleted nor did it expire: Redis lost it. A server that still knows it restores
  // it, empty; readers get a gap.
  private Optional<Channel> restore(MirroredLog known) {
    Channel channel = known.channel();
    LOG.warning(
        () -> "channel \"" + known.name() + "\" – Redis lost it; it is created again, empty");
    creation.restore(channel, known.isClosed());
    return adopt(known);
  }

  /** Removes the copy and ends its readers: the channel is gone. */
  void gone(MirroredLog log) {
    if (logs.remove(log.name(), log)) {
      listener.remove(log);
      log.channel().delete();
    }
  }

  @Override
  public boolean isKeptForForks(ChannelName name) {
    return read(name).status().equals("kept");
  }

  @Override
  public CompletionStage<Created> create(ChannelName name, Request request) {
    return CompletableFuture.completedFuture(createNow(name, request));
  }

  private Created createNow(ChannelName name, Request request) {
    for (int i = 0; i < TRIES; i++) {
      ScriptReply state = read(name);
      if (state.exists()) {
        Channel there = there(name).orElse(null);
        if (there != null) {
          request.requireSame(there);
          return new Created(there, false);
        }
      } else if (state.status().equals("kept")) {
        throw Refused.keptForForks(name);
      } else if (creation.create(name, request)) {
        Optional<Channel> created = there(name);
        if (created.isPresent()) {
          return new Created(created.get(), true);
        }
      }
    }
    throw new Refused(
        Ending.STORE_UNAVAILABLE,
        "channel \"%s\": it is created and deleted repeatedly".formatted(name));
  }

  @Override
  public CompletionStage<Boolean> delete(ChannelName name) {
    return CompletableFuture.completedFuture(deleteNow(name));
  }

  private boolean deleteNow(ChannelName name) {
    if (there(name).isEmpty()) {
      return false;
    }
    MirroredLog log = logs.get(name);
    if (log == null) {
      return false;
    }
    boolean isRemoved = call("delete", name, log.id()).status().equals("removed");
    gone(log);
    return isRemoved;
  }

  @Override
  public Listing list(String after, int max) {
    return scan.list(after, max);
  }

  @Override
  public Collection<Channel> channels() {
    return logs.values().stream().map(MirroredLog::channel).toList();
  }

  @Override
  public void tick(Channel channel, long nowMillis) {
    channel.tick(nowMillis);
    MirroredLog log = logs.get(channel.name());
    if (log == null || log.channel() != channel) {
      return;
    }
    if (log.drop(nowMillis, intervals.linger())) {
      logs.remove(channel.name(), log);
      listener.remove(log);
      channel.release();
    } else {
      log.tick(nowMillis, intervals.audit());
    }
  }

  @Override
  public void tick(long nowMillis) {
    listener.tick();
    keepalive.tick(nowMillis);
  }

  @Override
  public void attend(ChannelName name, PresenceSnapshot here) {
    attendances.write(name, here);
  }

  @Override
  public PresenceSnapshot elsewhere(ChannelName name) {
    return attendances.elsewhere(name);
  }

  @Override
  public void onLoss(BiConsumer<ChannelName, PresenceSnapshot> lost) {
    attendances.onLoss(lost);
  }

  /** Whether Redis answers. */
  boolean isReachable() {
    return link.isUp();
  }

  /** Whether the Redis that has a channel answers. */
  boolean isReachable(ChannelName name) {
    return link.master(scripts.key(name)).isUp();
  }

  @Override
  public boolean isWell() {
    return link.isUp() && listener.isWell();
  }

  @Override
  public void close() {
    try {
      if (link.isUp()) {
        attendances.leave();
      }
    } catch (Refused e) {
      LOG.log(
          Level.FINE, "lease not removed; the other servers remove this node when it expires", e);
    }
    abort();
  }

  /** Stops without telling the others. */
  void abort() {
    listener.close();
    workers.shutdownNow();
    keepalive.close();
    link.close();
  }
}
