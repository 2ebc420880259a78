package switchboard.redis;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import switchboard.channel.Attendance;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Created;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Channels.Request;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.channel.Parts;
import switchboard.channel.Store;
import switchboard.log.Offset;
import switchboard.time.Clocks;

/**
 * Channels in Redis, which this server shares with others. Every request asks Redis what the
 * channel is now; so whatever was answered by one server is known to all.
 *
 * <p><b>Threads.</b> Safe. Blocks its callers for a round trip; the clock never.
 */
final class RedisStore implements Store {

  private static final Logger LOG = Logger.getLogger(RedisStore.class.getName());
  private static final int WORKERS = 4;
  private static final int TRIES = 3;
  private static final int COMPARED_AT_ONCE = 512;
  private static final long UNKNOWN = Long.MIN_VALUE;
  private static final int BRANCHED_MILLIS = 60_000;

  /**
   * How often and how long.
   *
   * @param probe between two words to itself
   * @param silence so long without hearing them
   * @param audit between two looks at a channel that is listened to
   * @param linger so long a channel that nobody uses is remembered
   */
  record Intervals(long probe, long silence, long audit, long linger) {
    static final Intervals USUAL = new Intervals(5_000, 15_000, 60_000, 60_000);
  }

  private final Parts parts;
  private final Link link;
  private final Scripts scripts;
  private final Listener listener;
  private final ExecutorService workers;
  private final ExecutorService prober;
  private final Intervals intervals;
  private final Attendances attendances;
  private final String id = UUID.randomUUID().toString();
  private final Map<ChannelName, MirroredLog> logs = new ConcurrentHashMap<>();
  private final Queue<MirroredLog> unsure = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isComparing = new AtomicBoolean();
  private final LongAdder holes = new LongAdder();
  private final LongAdder missed = new LongAdder();
  private final LongAdder losses = new LongAdder();
  private final AtomicBoolean isProbing = new AtomicBoolean();
  private final Clocks own;
  private volatile long redisAheadMillis = UNKNOWN;
  private volatile long probedMillis;

  RedisStore(Link link, String prefix, Parts parts, ThreadFactory threads, Intervals intervals) {
    this.own = parts.clocks();
    this.parts = parts.with(new Clocks(this::redisTime, own.elapsed(), own.ticks()));
    this.link = link;
    this.intervals = intervals;
    this.scripts = new Scripts(link, prefix);
    this.workers = Executors.newFixedThreadPool(WORKERS, threads);
    // Its own: behind what 100,000 channels have to tell, the lease would run out.
    this.prober = Executors.newSingleThreadExecutor(threads);
    this.listener =
        new Listener(
            link,
            prefix,
            (int) intervals.silence(),
            this::requireAcknowledged,
            this::start,
            threads);
    this.attendances = new Attendances(link, prefix, id, intervals.silence(), this::start);
    link.onBack(this::probeSoon);
  }

  // Another master may be there, without what the last one was answered to have kept.
  private void requireAcknowledged() {
    for (MirroredLog log : logs.values()) {
      if (log.hasAcknowledged()) {
        compareSoon(log);
      }
    }
  }

  /** A worker will see whether Redis has more of it, together with others in one round trip. */
  void compareSoon(MirroredLog log) {
    unsure.add(log);
    if (isComparing.compareAndSet(false, true) && !start(this::compare)) {
      isComparing.set(false);
    }
  }

  private void compare() {
    isComparing.set(false); // whoever comes from now on starts another one
    List<MirroredLog> some = new ArrayList<>();
    for (MirroredLog log = unsure.poll(); log != null; log = unsure.poll()) {
      some.add(log);
      if (some.size() == COMPARED_AT_ONCE) {
        compareAll(some);
        some.clear();
      }
    }
    compareAll(some);
  }

  private void compareAll(List<MirroredLog> some) {
    some.stream()
        .collect(Collectors.groupingBy(log -> link.master(scripts.key(log.name()))))
        .values()
        .forEach(this::compare);
  }

  private void compare(List<MirroredLog> some) {
    try {
      List<Scripts.Head> heads = scripts.heads(some.stream().map(MirroredLog::name).toList());
      for (int i = 0; i < some.size(); i++) {
        if (heads.get(i) == null || !some.get(i).isAsIn(heads.get(i))) {
          some.get(i).syncSoon();
        }
      }
    } catch (Refused e) {
      some.forEach(MirroredLog::syncSoon); // which the clock tries again
    }
  }

  /** Tells this server from the others. */
  String id() {
    return id;
  }

  Parts parts() {
    return parts;
  }

  Listener listener() {
    return listener;
  }

  /** What is here of a channel; {@code null} for nothing. */
  MirroredLog log(ChannelName name) {
    return logs.get(name);
  }

  /** Messages that Pub/Sub brought and that did not follow what was known. */
  LongAdder holes() {
    return holes;
  }

  /** Channels that Pub/Sub should have brought more of than it did. */
  LongAdder missed() {
    return missed;
  }

  /** Channels that were told of a loss. */
  LongAdder losses() {
    return losses;
  }

  @Override
  public Repairs repairs() {
    return new Repairs(holes.sum(), missed.sum(), losses.sum());
  }

  @Override
  public boolean start(Runnable work) {
    return startOn(workers, work);
  }

  private static boolean startOn(ExecutorService threads, Runnable work) {
    try {
      threads.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  State call(String operation, ChannelName name, Object... arguments) {
    State state = scripts.call(operation, name, arguments);
    if (state.exists()) {
      redisAheadMillis = state.now() - own.elapsed().millis();
    }
    return state;
  }

  // All servers have one: that of Redis, which also decides when a channel's time is over. Their
  // own may be wrong, each in another way.
  private Instant redisTime() {
    return redisAheadMillis == UNKNOWN
        ? own.wall().instant()
        : Instant.ofEpochMilli(redisAheadMillis + own.elapsed().millis());
  }

  /** What there is of a channel from a number on; its newest to whoever knows another epoch. */
  State look(
      ChannelName name, long epoch, long from, int maxMessages, int maxBytes, boolean touches) {
    long maxAge = parts.retention().maxAge().toMillis();
    return call("look", name, epoch, from, maxMessages, maxBytes, maxAge, touches ? 1 : 0);
  }

  @Override
  public Optional<Channel> find(ChannelName name) {
    Optional<Channel> there = there(name);
    if (there.isEmpty() && parts.autoCreate().test(name) && !isKeptForForks(name)) {
      return Optional.of(create(name, Request.empty(ContentType.JSON)).channel());
    }
    return there;
  }

  private Optional<Channel> there(ChannelName name) {
    MirroredLog known = logs.get(name);
    if (known == null) {
      State state = MirroredLog.first(this, name);
      return state.exists() ? Optional.of(open(name, state).channel()) : Optional.empty();
    }
    try {
      return settle(known, known.look(false));
    } catch (Refused refused) {
      if (refused.ending() != Ending.STORE_UNAVAILABLE) {
        throw refused;
      }
      known.isStale();
      return Optional.of(known.channel()); // what is here can be read while Redis is away
    }
  }

  private MirroredLog open(ChannelName name, State state) {
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

  /** Makes what is here follow what was seen of the channel in Redis; the channel, if there is. */
  Optional<Channel> settle(MirroredLog known, State state) {
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

  // Another one of that name, and nobody was heard to delete the first: the word was missed, or
  // Redis lost the channel and another server has brought it back. Its readers are told that it
  // started anew, and read on.
  private Optional<Channel> adopt(MirroredLog known) {
    State state = MirroredLog.first(this, known.name());
    if (!state.exists()) {
      gone(known);
      return Optional.empty();
    }
    if (known.apply(state)) {
      known.channel().moved();
    }
    known.markSoon();
    return Optional.of(known.channel());
  }

  private static boolean isLike(Channel channel, State state) {
    return channel.contentType().matches(state.contentType())
        && channel.lifetime().matches(state.lifetime())
        && channel.fork() == null
        && state.fork() == null;
  }

  // Nobody deleted it, its time is not over, and yet it is not there: Redis lost it. Whoever still
  // knows it brings it back, empty; its readers are told that it started anew.
  private Optional<Channel> restore(MirroredLog known) {
    Channel channel = known.channel();
    LOG.warning(
        () -> "channel \"" + known.name() + "\" – Redis lost it; it is created again, empty");
    boolean isClosed = known.isClosed();
    make(
        new Draft(
            known.name(), channel.contentType(), channel.lifetime(), null, Branch.NONE, isClosed),
        List.of());
    return adopt(known);
  }

  /** Nobody will find it here any more. */
  void gone(MirroredLog log) {
    if (logs.remove(log.name(), log)) {
      listener.remove(log);
      log.channel().delete();
    }
  }

  @Override
  public boolean isKeptForForks(ChannelName name) {
    return MirroredLog.first(this, name).status().equals("kept");
  }

  @Override
  public Created create(ChannelName name, Request request) {
    for (int i = 0; i < TRIES; i++) {
      State state = MirroredLog.first(this, name);
      if (state.exists()) {
        Channel there = there(name).orElse(null);
        if (there != null) {
          request.requireSame(there);
          return new Created(there, false);
        }
      } else if (isMade(name, request, state)) {
        Optional<Channel> made = there(name);
        if (made.isPresent()) {
          return new Created(made.get(), true);
        }
      }
    }
    throw new Refused(
        Ending.STORE_UNAVAILABLE,
        "channel \"%s\": it is created and deleted repeatedly".formatted(name));
  }

  private boolean isMade(ChannelName name, Request request, State there) {
    if (there.status().equals("kept")) {
      throw new Refused(
          Ending.SOURCE_DELETED,
          "channel \"%s\": it was deleted, but its forks still exist".formatted(name));
    }
    Fork fork = request.fork();
    Branch branch = fork == null ? Branch.NONE : branch(request);
    ContentType type = request.contentType();
    if (fork != null) {
      type = branch.source().contentType();
    } else if (type == null) {
      type = ContentType.DEFAULT;
    }
    boolean inherits = fork != null && request.lifetime().equals(Lifetime.UNBOUNDED);
    Lifetime lifetime = inherits ? branch.source().lifetime() : request.lifetime();
    List<byte[]> messages = request.initial().apply(type);
    Draft draft = new Draft(name, type, lifetime, fork, branch, request.close());
    boolean isInTwoSteps = fork != null && link.isCluster();
    State made = isInTwoSteps ? makeInTwoSteps(draft, messages) : make(draft, messages);
    return isMade(made, fork);
  }

  // The source may have another master in a Redis Cluster. It counts the fork first, so that its
  // name is not free while there is one.
  private State makeInTwoSteps(Draft draft, List<byte[]> messages) {
    ChannelName source = draft.fork().source();
    String once = UUID.randomUUID().toString();
    State branched =
        call(
            "branch",
            source,
            once,
            BRANCHED_MILLIS,
            draft.branch().sourceId(),
            draft.branch().number(),
            draft.branch().prefixBytes(),
            parts.limits().forksPerChannel());
    if (!branched.status().equals("branched")) {
      return branched;
    }
    List<byte[]> all = new ArrayList<>(branched.more());
    all.addAll(messages);
    State made = make(draft, once, branched.more().size(), all);
    if (!made.status().equals("created")) {
      call("release", source, once + ":not");
    }
    return made;
  }

  private static boolean isMade(State made, Fork fork) {
    return switch (made.status()) {
      case "created" -> true;
      case "forks" ->
          throw new Refused(
              Ending.TOO_MANY_FORKS,
              "source \"%s\": it has %s forks, the limit".formatted(fork.source(), made.more(0)));
      case "short" ->
          throw new Refused(
              Ending.BAD_FORK,
              "sub-offset %d: the message after %s has %s bytes"
                  .formatted(fork.subOffset(), fork.at(), made.more(0)));
      default -> false; // somebody else was faster
    };
  }

  private State make(Draft draft, List<byte[]> messages) {
    return make(draft, UUID.randomUUID().toString(), 0, messages);
  }

  /**
   * Makes it.
   *
   * @param once tells this from another try
   * @param inherited how many of the messages are those that a fork begins with
   */
  private State make(Draft draft, String once, int inherited, List<byte[]> messages) {
    Lifetime lifetime = draft.lifetime();
    Instant end = lifetime.expiresAt();
    Fork fork = draft.fork();
    Branch branch = draft.branch();
    return call(
        "create",
        draft.name(),
        draft.type().value(),
        lifetime.ttl() == null ? "" : lifetime.ttl().toMillis(),
        end == null ? "" : end.toEpochMilli(),
        lifetime.written() == null ? "" : lifetime.written(),
        State.write(fork),
        fork == null ? "" : fork.source(),
        branch.sourceId(),
        branch.number(),
        branch.prefixBytes(),
        branch.epochs(),
        parts.limits().forksPerChannel(),
        draft.closes() ? 1 : 0,
        parts.retention().maxMessages(),
        parts.retention().maxBytes(),
        parts.retention().maxAge().toMillis(),
        once,
        inherited,
        messages);
  }

  /** A channel that is to be made; {@code fork} is {@code null} where it is none. */
  private record Draft(
      ChannelName name,
      ContentType type,
      Lifetime lifetime,
      Fork fork,
      Branch branch,
      boolean closes) {}

  /** Where exactly a fork leaves its source. */
  private record Branch(
      Channel source, String sourceId, long number, int prefixBytes, String epochs) {
    static final Branch NONE = new Branch(null, "", 0, 0, "");
  }

  private Branch branch(Request request) {
    Fork fork = request.fork();
    if (isKeptForForks(fork.source())) {
      throw new Refused(
          Ending.SOURCE_DELETED,
          "source \"%s\": it was deleted; only its forks still exist".formatted(fork.source()));
    }
    Channel source = find(fork.source()).orElse(null);
    MirroredLog log = logs.get(fork.source());
    if (source == null || log == null) {
      throw new Refused(
          Ending.UNKNOWN_CHANNEL,
          "source \"%s\": the channel does not exist".formatted(fork.source()));
    }
    if (request.contentType() != null && !source.contentType().matches(request.contentType())) {
      throw new Refused(
          Ending.CONTENT_TYPE_MISMATCH,
          "content type \"%s\": the source holds %s"
              .formatted(request.contentType(), source.contentType()));
    }
    return branch(fork, source, log.state());
  }

  private static Branch branch(Fork fork, Channel source, State state) {
    Offset at = placeIn(state, fork.at());
    boolean countsMessages = source.contentType().kind() == ContentType.Kind.JSON;
    if (!state.knows(at) || at.number() < state.first()) {
      throw new Refused(
          Ending.BAD_FORK,
          "offset \"%s\": the source has offsets from %s to %s"
              .formatted(at, state.place(state.first()), state.place(state.head())));
    }
    long number = at.number() + (countsMessages ? fork.subOffset() : 0);
    if (number > state.head()) {
      throw new Refused(
          Ending.BAD_FORK,
          "sub-offset %d: there are fewer messages between %s and %s"
              .formatted(fork.subOffset(), at, state.place(state.head())));
    }
    int prefixBytes = countsMessages ? 0 : fork.subOffset();
    String epochs = State.write(state.epochs().upTo(number));
    return new Branch(source, state.id(), number, prefixBytes, epochs);
  }

  private static Offset placeIn(State state, Offset at) {
    if (at == null) {
      return state.place(state.head());
    }
    return at.equals(Offset.BEGINNING) ? state.place(state.first()) : at;
  }

  @Override
  public boolean delete(ChannelName name) {
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
    boolean isDue = probedMillis == 0 || nowMillis - probedMillis >= intervals.probe();
    if (isDue) {
      probedMillis = nowMillis;
      probeSoon();
    }
  }

  private void probeSoon() {
    if (isProbing.compareAndSet(false, true) && !startOn(prober, this::probe)) {
      isProbing.set(false);
    }
  }

  private void probe() {
    try {
      listener.follow();
      for (String word : listener.words()) {
        say(word);
      }
      attendances.beat();
    } catch (Refused e) {
      LOG.log(Level.FINE, "the next heartbeat retries", e);
    } finally {
      isProbing.set(false);
    }
  }

  private void say(String word) {
    Command publish = link.isCluster() ? Command.SPUBLISH : Command.PUBLISH;
    try {
      link.ask(
          word,
          connection ->
              connection.executeCommand(new CommandArguments(publish).add(word).add("D:")),
          false);
    } catch (Refused e) {
      LOG.log(Level.FINE, "the probe message was not published", e);
    }
  }

  @Override
  public void attend(ChannelName name, Attendance here) {
    attendances.write(name, here);
  }

  @Override
  public Attendance elsewhere(ChannelName name) {
    return attendances.elsewhere(name);
  }

  @Override
  public void onLoss(BiConsumer<ChannelName, Attendance> lost) {
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

  private void leave() {
    if (link.isUp()) {
      try {
        attendances.leave();
      } catch (Refused e) {
        LOG.log(
            Level.FINE,
            "presence was not removed; the other servers remove it when this node's lease ends",
            e);
      }
    }
  }

  @Override
  public void close() {
    leave();
    die();
  }

  /** Stops without telling the others. */
  void die() {
    listener.close();
    workers.shutdownNow();
    prober.shutdownNow();
    link.close();
  }
}
