package switchboard.file;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.function.LongUnaryOperator;
import java.util.function.Predicate;
import java.util.logging.Logger;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Created;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Channels.Request;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.channel.ForkSources;
import switchboard.channel.Lifetime;
import switchboard.channel.Listing;
import switchboard.channel.MemoryStore;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.StoreSync;
import switchboard.file.DurableLog.Run;
import switchboard.file.Records.ForkedFrom;
import switchboard.file.Records.Origin;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.EpochHistory.EpochStart;
import switchboard.log.LogState;
import switchboard.log.Offset;
import switchboard.log.RingLog;

/**
 * Channels whose messages are in the memory of this server and on its disk: a restart forgets none.
 * The durable sibling of {@link switchboard.channel.MemoryStore}.
 *
 * <p>A channel is found when its creation is on the disk, and until its deletion is. Whoever asks
 * for another change of it in the meantime waits for the first one.
 *
 * <p><b>Threads.</b> Safe.
 */
final class DirectoryStore implements Store {

  /** What a sliding lifetime has left after a start, so that readers can come back. */
  private static final long GRACE_MILLIS = 60_000;

  /** What a record of a channel takes beside its texts and messages. */
  private static final int STATE_BYTES = 400;

  private static final String IN_MEMORY = "m";
  private static final int KEPT_BYTES = 500;
  private static final long CLOCK_MILLIS = 60_000;
  private static final long CLOSING_MILLIS = 10_000;
  private static final int MESSAGE_BYTES = 5;
  private static final Logger LOG = Logger.getLogger(DirectoryStore.class.getName());

  private final StoreContext parts;
  private final Predicate<ChannelName> isInMemory;
  private final MemoryStore memory;
  private final Journal journal;
  private final Cleaner cleaner;
  private final Run run;
  private final Map<ChannelName, Channel> byName = new ConcurrentHashMap<>();
  // Ids grow, so this is by age, as a listing needs it.
  private final ConcurrentNavigableMap<Long, DurableLog> byId = new ConcurrentSkipListMap<>();
  // By the channel that messages were appended to: who has them.
  private final Map<Long, List<DurableLog>> holders = new HashMap<>();
  private final Map<ChannelName, CompletableFuture<?>> changing = new HashMap<>();
  private final ForkSources sources = new ForkSources();
  private volatile long wellMillis;
  private Thread writer;
  private Runnable closing;

  /**
   * What a start has to know of its surroundings.
   *
   * @param bootId which start of the machine it is; empty where that cannot be known
   * @param breakReason why messages may be missing that readers have; {@code null} if none are
   * @param isMoved whether the files are the only copy, and the newest one
   */
  record Start(String bootId, String host, String breakReason, boolean isMoved) {}

  /**
   * Reads the directory, and begins a run.
   *
   * @param isInMemory names of channels that are not kept
   * @param acknowledging one thread: answers keep the order of the journal
   * @param workers may take a second, for files
   * @throws IOException if it cannot; the message says why
   */
  static DirectoryStore open(
      Disk disk,
      UUID directory,
      Journal.Limits limits,
      Start start,
      Predicate<ChannelName> isInMemory,
      StoreContext parts,
      Executor acknowledging,
      Executor workers)
      throws IOException {
    Recovery recovery = new Recovery(disk, directory);
    recovery.run();
    String reason = start.breakReason();
    if (reason == null) {
      reason = lossOf(recovery, start);
    }
    if (reason != null) {
      String told = reason;
      LOG.warning(() -> "store – messages may be missing, so readers are told: %s".formatted(told));
    }
    long nowWall = parts.clocks().wall().millis();
    Journal.Position from = recovery.position();
    if (nowWall + CLOCK_MILLIS < from.lastEpoch()) {
      LOG.warning(
          "store – the clock is behind what was written before (millis=%d)"
              .formatted(from.lastEpoch() - nowWall));
    }
    long epoch = Math.max(nowWall, from.lastEpoch() + 1);
    List<Records.Entry> before = new ArrayList<>();
    if (reason != null) {
      epoch = rename(recovery, epoch);
      recovery.images().forEach(image -> before.add(image.state()));
      recovery.kept().forEach(before::add);
    }
    Journal journal =
        new Journal(
            disk,
            limits,
            new Journal.Position(
                directory, from.segment(), from.group(), from.nextChannel(), epoch),
            recovery.sealed(parts.clocks().elapsed().millis()),
            parts.clocks().elapsed(),
            acknowledging,
            workers);
    journal.begin(
        recovery.again(),
        before,
        new Records.Start(epoch, start.bootId(), limits.sync().name(), start.host(), reason));
    long wallAtZero = nowWall - parts.clocks().elapsed().millis();
    Run run = new Run(journal, epoch, parts.clocks(), wallAtZero, parts.budget().maxBytes());
    DirectoryStore store =
        new DirectoryStore(disk, directory, isInMemory, parts, journal, run, workers);
    store.restore(recovery, before.isEmpty());
    return store;
  }

  // The operating system has lost what it had not written, if it was started again since.
  private static String lossOf(Recovery recovery, Start start) throws IOException {
    Records.Start last = recovery.lastStart();
    if (recovery.isCopied() && !start.isMoved()) {
      return "the files are copies (if nothing is missing, create the file \"moved\" before a start)";
    }
    boolean isLost =
        last != null
            && !last.sync().equals(StoreSync.GROUP.name())
            && !recovery.isStopped()
            && (start.bootId().isEmpty() || !start.bootId().equals(last.bootId()));
    return isLost
        ? "the machine was restarted while switchboard.store.sync was " + last.sync()
        : null;
  }

  // Every epoch gets another name, in all channels alike; the next one is the run's.
  private static long rename(Recovery recovery, long epoch) {
    TreeSet<Long> old = new TreeSet<>();
    for (Image image : recovery.images()) {
      image.epochs().starts().stream().map(EpochStart::epoch).forEach(old::add);
    }
    Map<Long, Long> names = new HashMap<>();
    long next = epoch;
    for (long each : old) {
      names.put(each, next++);
    }
    LongUnaryOperator rename = names::get;
    recovery.images().forEach(image -> image.rename(rename));
    return next;
  }

  private DirectoryStore(
      Disk disk,
      UUID directory,
      Predicate<ChannelName> isInMemory,
      StoreContext parts,
      Journal journal,
      Run run,
      Executor workers) {
    this.parts = parts;
    this.isInMemory = isInMemory;
    this.memory = new MemoryStore(parts);
    this.journal = journal;
    this.run = run;
    this.wellMillis = parts.clocks().elapsed().millis();
    this.cleaner = new Cleaner(disk, directory, this, journal, workers);
  }

  private void restore(Recovery recovery, boolean hasOldStates) {
    for (Image image : recovery.images()) {
      restore(image, hasOldStates ? recovery.segmentOf(image) : journal.segment());
    }
    Map<String, ChannelName> kept = new HashMap<>();
    for (Records.Deletion deletion : recovery.kept()) {
      kept.put(deletion.keptName(), name(deletion.source()));
    }
    for (Channel channel : byName.values()) {
      if (channel.fork() != null) {
        sources.add(channel.fork().source());
      }
    }
    kept.values().stream().filter(source -> source != null).forEach(sources::add);
    kept.forEach((name, cameFrom) -> sources.delete(name(name), cameFrom));
    parts.budget().acquireAnyway((long) sources.kept() * KEPT_BYTES);
  }

  private static ChannelName name(String written) {
    return written == null ? null : new ChannelName(written);
  }

  private void restore(Image image, long segment) {
    LogState log = image.log();
    long[] times = image.times().clone();
    for (int i = 0; i < times.length; i++) {
      times[i] = run.elapsed(times[i]);
    }
    LogState here = log.withTimes(run::elapsed);
    RingLog ring = RingLog.restore(here, image.messages(), times, parts.retention(), parts.page());
    Records.State base = image.base();
    ChannelName name = new ChannelName(base.name());
    ContentType type = new ContentType(base.type());
    Lifetime lifetime = lifetime(base);
    Fork fork = fork(base.fork());
    join(ring, name, Channel.costBytes(name, type, lifetime, fork));
    DurableLog durable = new DurableLog(base, ring, run, true);
    durable.stateIsIn(segment);
    durable.recordedFrom(log.first());
    Channel channel = new Channel(name, type, lifetime, fork, durable, parts);
    durable.belongsTo(channel);
    channel.usedAt(usedMillis(lifetime, run.elapsed(image.usedMillis())));
    ring.forgetOld(parts.clocks().elapsed().millis());
    hold(durable);
    show(channel, durable);
  }

  private long usedMillis(Lifetime lifetime, long written) {
    if (lifetime.ttl() == null) {
      return written;
    }
    long ttl = lifetime.ttl().toMillis();
    long left = Math.min(ttl, GRACE_MILLIS);
    return Math.max(written, parts.clocks().elapsed().millis() - ttl + left);
  }

  // More is kept than there is memory for now: this log forgets its oldest.
  private void join(RingLog ring, ChannelName name, long costBytes) {
    long held = ring.heldBytes();
    while (!ring.join(parts.budget(), costBytes)) {
      if (held < 1_024) {
        throw new IllegalStateException(
            "channel \"%s\": all channels together may use %d bytes of memory, and more is kept:"
                    .formatted(name, parts.budget().maxBytes())
                + " give the server more heap, or raise switchboard.log.max-memory-mib");
      }
      held /= 2;
      ring.shrinkTo(held);
      LOG.warning(
          () -> "channel \"" + name + "\" – its oldest messages are forgotten: memory is full");
    }
  }

  private static Lifetime lifetime(Records.State state) {
    if (state.lifetime() == null) {
      return Lifetime.UNBOUNDED;
    }
    return state.isTtl()
        ? Lifetime.parse(state.lifetime(), null)
        : Lifetime.parse(null, state.lifetime());
  }

  private static Fork fork(ForkedFrom from) {
    return from == null
        ? null
        : new Fork(new ChannelName(from.source()), from.at(), from.subOffset());
  }

  // Before its creation is on the disk: from now on the cleaner keeps its messages.
  private synchronized void hold(DurableLog log) {
    for (Origin origin : log.origins()) {
      holders.computeIfAbsent(origin.channel(), id -> new ArrayList<>()).add(log);
    }
  }

  private synchronized void show(Channel channel, DurableLog log) {
    byId.put(log.id(), log);
    byName.put(channel.name(), channel);
  }

  @Override
  public Optional<Channel> find(ChannelName name) {
    if (isInMemory.test(name)) {
      return memory.find(name);
    }
    Channel channel = byName.get(name);
    if (channel != null && channel.isExpired()) {
      expire(channel);
      channel = byName.get(name);
    }
    return channel == null && parts.autoCreate().test(name) ? autoCreate(name) : there(channel);
  }

  private static Optional<Channel> there(Channel channel) {
    return Optional.ofNullable(channel);
  }

  // Its request does not wait for the disk: after a crash in the next moment the channel is empty
  // again, under another epoch.
  private synchronized Optional<Channel> autoCreate(ChannelName name) {
    Channel there = byName.get(name);
    if (there != null || sources.isKept(name) || changing.containsKey(name)) {
      return there(there);
    }
    requireRoom(name);
    Draft draft = draft(name, Request.empty(ContentType.JSON));
    show(draft.channel, draft.log);
    draft.log.writeState(List.of(), Journal.Ticket.NONE);
    return Optional.of(draft.channel);
  }

  @Override
  public boolean isKeptForForks(ChannelName name) {
    if (isInMemory.test(name)) {
      return memory.isKeptForForks(name);
    }
    synchronized (this) {
      return sources.isKept(name);
    }
  }

  @Override
  public CompletionStage<Created> create(ChannelName name, Request request) {
    Fork forked = request.fork();
    if (forked != null && isInMemory.test(forked.source()) != isInMemory.test(name)) {
      throw new Refused(
          Ending.BAD_FORK,
          "source \"%s\": only one of it and \"%s\" is kept in a directory"
              .formatted(forked.source(), name));
    }
    if (isInMemory.test(name)) {
      return memory.create(name, request);
    }
    CompletableFuture<?> change;
    synchronized (this) {
      change = changing.get(name);
      if (change == null && request.fork() != null) {
        change = changing.get(request.fork().source());
      }
      if (change == null) {
        return createNow(name, request);
      }
    }
    return behind(change, name).thenCompose(then -> create(name, request));
  }

  // Whoever wants a channel that is being changed waits for that.
  private static CompletionStage<Object> behind(CompletableFuture<?> change, ChannelName name) {
    if (change.isDone()) { // it was told that nobody knows, and may still come
      throw unknown(name);
    }
    return change.handle((outcome, e) -> null);
  }

  private static Refused unknown(ChannelName name) {
    return new Refused(
        Ending.OUTCOME_UNKNOWN,
        "channel \"%s\": the disk did not confirm its creation or deletion".formatted(name));
  }

  private void requireRoom(ChannelName name) {
    if (byName.size() + changing.size() + sources.kept() >= parts.limits().channels()) {
      throw Refused.tooManyChannels(name, parts.limits().channels());
    }
  }

  private CompletionStage<Created> createNow(ChannelName name, Request request) {
    Channel there = byName.get(name);
    if (there != null && there.isExpired()) {
      expire(there);
      there = byName.get(name);
    }
    if (sources.isKept(name)) {
      throw Refused.keptForForks(name);
    }
    if (there != null) {
      request.requireSame(there);
      return CompletableFuture.completedFuture(new Created(there, false));
    }
    requireRoom(name);
    Draft draft = draft(name, request);
    CompletableFuture<Created> created = new CompletableFuture<>();
    changing.put(name, created);
    if (request.fork() != null) {
      sources.add(request.fork().source());
    }
    RingLog ring = draft.log.ring();
    long head = ring.nextEnd().number();
    draft.log.writeState(
        draft.messages,
        new Journal.Ticket() {
          @Override
          public void shown() {
            ring.show(head, request.close());
            synchronized (DirectoryStore.this) {
              changing.remove(name);
              show(draft.channel, draft.log);
            }
          }

          @Override
          public void done() {
            created.complete(new Created(draft.channel, true));
          }

          @Override
          public void failed() {
            created.completeExceptionally(unknown(name));
          }
        });
    return created;
  }

  /** A channel that is not in the journal yet, with the messages that are in no other record. */
  private record Draft(Channel channel, DurableLog log, List<byte[]> messages) {}

  private Draft draft(ChannelName name, Request request) {
    Channel source = request.fork() == null ? null : source(request);
    ContentType type = source == null ? typeOf(request) : source.contentType();
    Lifetime lifetime = source == null ? request.lifetime() : request.lifetimeOf(source);
    List<byte[]> initial = request.initial().apply(type);
    Append first = new Append(initial, null, null, request.close());
    long texts = 3L * (name.value().length() + type.value().length());
    journal.require(
        STATE_BYTES
            + texts
            + first.sizeBytes()
            + (long) MESSAGE_BYTES * initial.size()
            + (source == null ? 0 : stateBytes(source)),
        false);
    long id = journal.nextChannel();
    long epoch = journal.nextEpoch(parts.clocks().wall().millis());
    List<byte[]> messages = new ArrayList<>();
    List<Origin> origins = List.of(new Origin(0, id));
    RingLog ring;
    if (source == null) {
      ring = new RingLog(epoch, parts.retention(), parts.page());
    } else {
      DurableLog from = (DurableLog) source.log();
      Offset at = at(source, request.fork());
      int prefixBytes = countsMessages(source) ? 0 : request.fork().subOffset();
      ring = fork(from, epoch, at, prefixBytes);
      if (prefixBytes > 0) {
        messages.addAll(((Batch) ring.readAfter(at)).messages());
      }
      origins = from.originsOfFork(at.number(), id);
    }
    messages.addAll(initial);
    if (!ring.join(parts.budget(), Channel.costBytes(name, type, lifetime, request.fork()))) {
      throw full(name);
    }
    boolean isEmpty = initial.isEmpty() && !request.close();
    if (!isEmpty && ring.take(first, parts.clocks().elapsed().millis()) instanceof Appended.Full) {
      ring.leaveBudget();
      throw full(name);
    }
    Records.State base = base(id, name, type, lifetime, request.fork(), origins);
    DurableLog log = new DurableLog(base, ring, run, false);
    Channel channel = new Channel(name, type, lifetime, request.fork(), log, parts);
    log.belongsTo(channel);
    hold(log);
    return new Draft(channel, log, messages);
  }

  private static ContentType typeOf(Request request) {
    return request.contentType() == null ? ContentType.DEFAULT : request.contentType();
  }

  private Channel source(Request request) {
    ChannelName name = request.fork().source();
    if (sources.isKept(name)) {
      throw Refused.sourceDeleted(name);
    }
    Channel source = find(name).orElseThrow(() -> Refused.noSource(name));
    request.requireTypeOf(source);
    int forks = sources.forksOf(name);
    if (forks >= parts.limits().forksPerChannel()) {
      throw Refused.tooManyForks(name, forks);
    }
    return source;
  }

  private static long stateBytes(Channel source) {
    return 60L * ((DurableLog) source.log()).ring().state().epochs().size() + 1_000;
  }

  private static boolean countsMessages(Channel source) {
    return source.contentType().kind() == ContentType.Kind.JSON;
  }

  private static Offset at(Channel source, Fork fork) {
    try {
      Offset at = fork.in(source.earliest(), source.end());
      return countsMessages(source)
          ? ((DurableLog) source.log()).ring().plus(at, fork.subOffset())
          : at;
    } catch (IllegalArgumentException e) {
      throw new Refused(Ending.BAD_FORK, e.getMessage());
    }
  }

  private static RingLog fork(DurableLog source, long epoch, Offset at, int prefixBytes) {
    try {
      return source.ring().fork(epoch, at, prefixBytes);
    } catch (IllegalArgumentException e) {
      throw new Refused(Ending.BAD_FORK, e.getMessage());
    }
  }

  private Records.State base(
      long id,
      ChannelName name,
      ContentType type,
      Lifetime lifetime,
      Fork fork,
      List<Origin> origins) {
    ForkedFrom from =
        fork == null ? null : new ForkedFrom(fork.source().value(), fork.at(), fork.subOffset());
    long now = run.now();
    return new Records.State(
        id,
        now,
        now,
        name.value(),
        type.value(),
        lifetime.written(),
        lifetime.ttl() != null,
        from,
        origins,
        null,
        List.of());
  }

  private Refused full(ChannelName name) {
    return Refused.storeFull(name, parts.budget().maxBytes());
  }

  @Override
  public CompletionStage<Boolean> delete(ChannelName name) {
    if (isInMemory.test(name)) {
      return memory.delete(name);
    }
    CompletableFuture<?> change;
    synchronized (this) {
      change = changing.get(name);
      if (change == null) {
        return deleteNow(name);
      }
    }
    return behind(change, name).thenCompose(then -> delete(name));
  }

  private CompletionStage<Boolean> deleteNow(ChannelName name) {
    Channel channel = find(name).orElse(null);
    if (channel == null) {
      return CompletableFuture.completedFuture(false);
    }
    journal.require(STATE_BYTES + 3L * name.value().length(), true);
    CompletableFuture<Boolean> deleted = new CompletableFuture<>();
    changing.put(name, deleted);
    DurableLog log = (DurableLog) channel.log();
    log.delete(
        deletion(channel, log),
        new Journal.Ticket() {
          @Override
          public void shown() {
            synchronized (DirectoryStore.this) {
              changing.remove(name);
              remove(channel, log);
            }
          }

          @Override
          public void done() {
            deleted.complete(true);
          }

          @Override
          public void failed() {
            deleted.completeExceptionally(unknown(name));
          }
        });
    return deleted;
  }

  private Records.Deletion deletion(Channel channel, DurableLog log) {
    boolean isKept = sources.forksOf(channel.name()) > 0;
    Fork fork = channel.fork();
    return new Records.Deletion(
        log.id(),
        isKept ? channel.name().value() : null,
        isKept && fork != null ? fork.source().value() : null);
  }

  // Nobody waits: what has expired does so again after a crash.
  private synchronized void expire(Channel channel) {
    DurableLog log = (DurableLog) channel.log();
    if (log.delete(deletion(channel, log), Journal.Ticket.NONE)) {
      remove(channel, log);
    }
  }

  private void remove(Channel channel, DurableLog log) {
    byName.remove(channel.name(), channel);
    byId.remove(log.id());
    for (Origin origin : log.origins()) {
      List<DurableLog> all = holders.get(origin.channel());
      all.remove(log);
      if (all.isEmpty()) {
        holders.remove(origin.channel());
      }
    }
    Fork fork = channel.fork();
    int kept = sources.delete(channel.name(), fork == null ? null : fork.source());
    parts.budget().acquireAnyway((long) kept * KEPT_BYTES);
    channel.delete();
  }

  /** The log of a channel; {@code null} if that is gone. */
  DurableLog log(long id) {
    return byId.get(id);
  }

  /**
   * Whether a channel has this message, which was appended to {@code origin}. Those that had it
   * before write down that they have it no more. One at a time with the creation of forks, so that
   * none is missed.
   */
  synchronized boolean isAlive(long origin, long number) {
    boolean isAlive = false;
    for (DurableLog log : holders.getOrDefault(origin, List.of())) {
      if (log.holds(origin, number)) {
        isAlive = true;
      } else {
        log.tellForgotten(number);
      }
    }
    return isAlive;
  }

  /** Whether the name of a deleted channel is kept. */
  boolean isKept(String name) {
    return isKeptForForks(new ChannelName(name));
  }

  /** What all channels hold, about as much as it takes on the disk. */
  long liveBytes() {
    return parts.budget().usedBytes();
  }

  /** After this time a message is forgotten; 0 for never. */
  long maxAgeMillis() {
    return parts.retention().maxAge().toMillis();
  }

  /** The run that writes now. */
  Run run() {
    return run;
  }

  /** The journal, for the thread that writes. */
  Journal journal() {
    return journal;
  }

  // First those in the directory, by their ids, then those in memory.
  @Override
  public Listing list(String after, int max) {
    if (after != null && after.startsWith(IN_MEMORY)) {
      String rest = after.substring(IN_MEMORY.length());
      Listing listing = memory.list(rest.isEmpty() ? null : rest, max);
      return listing.next() == null
          ? listing
          : new Listing(listing.channels(), IN_MEMORY + listing.next());
    }
    Listing listing = Listing.of(byId, DurableLog::channel, after, max);
    return listing.next() == null && !memory.channels().isEmpty()
        ? new Listing(listing.channels(), IN_MEMORY)
        : listing;
  }

  @Override
  public Collection<Channel> channels() {
    List<Channel> all = new ArrayList<>(byName.values());
    all.addAll(memory.channels());
    return all;
  }

  @Override
  public void tick(Channel channel, long nowMillis) {
    if (isInMemory.test(channel.name())) {
      memory.tick(channel, nowMillis);
      return;
    }
    if (channel.isExpired()) {
      expire(channel);
      return;
    }
    channel.tick(nowMillis);
    if (channel.subscriptionCount() > 0) {
      channel.log().touch(); // readers use it
    }
  }

  @Override
  public void tick(long nowMillis) {
    journal.tick(nowMillis);
    cleaner.tick(nowMillis);
    if (journal.status() == Journal.Status.OPEN) {
      wellMillis = nowMillis;
    }
  }

  @Override
  public boolean isWell() {
    return switch (journal.status()) {
      case OPEN -> true;
      case FULL -> parts.clocks().elapsed().millis() - wellMillis < Journal.STALLED_MILLIS;
      case FAILED -> false;
    };
  }

  /** Writes down what is not; then nothing more is taken. */
  void stop() {
    byId.values().forEach(DurableLog::stop);
    journal.stop();
  }

  /**
   * From now on records are written, by a thread of its own: a server's may be interrupted, which
   * would close the files.
   *
   * @param closing runs when all is written, after {@link #close}
   */
  void serve(Runnable closing) {
    this.closing = closing;
    writer = new Thread(journal::run, "switchboard-journal");
    writer.setDaemon(true);
    writer.start();
  }

  @Override
  public void close() {
    stop();
    if (writer != null && isEnded()) {
      journal.close();
      closing.run();
    }
  }

  private boolean isEnded() {
    try {
      writer.join(CLOSING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (writer.isAlive()) {
      LOG.severe("store – the disk did not answer while the server stopped");
    }
    return !writer.isAlive();
  }
}
