package switchboard.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Created;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Channels.Request;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.channel.Limits;
import switchboard.channel.StoreContext;
import switchboard.config.StoreSync;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Budget;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Producer;
import switchboard.log.Reading;
import switchboard.log.Retention;
import switchboard.testing.FakeClocks;

/**
 * One run of the store over a disk whose power fails, and a model of what it has promised. All that
 * happens follows from the seed: what clients ask for, in which order threads run, where the power
 * fails, and what the disk then still has.
 */
final class CrashSimulation {

  /** Faults that a run must find. */
  enum Mutant {
    NONE,
    ACKNOWLEDGE_BEFORE_FORCE,
    DIRECTORY_IS_NOT_SYNCED,
    FORCE_IS_TRIED_AGAIN,
    NUMBERS_ARE_USED_AGAIN,
    DELETION_IS_NOT_AWAITED
  }

  /** A promise was broken. */
  static final class Broken extends AssertionError {
    private static final long serialVersionUID = 1;

    Broken(String what) {
      super(what);
    }
  }

  /** An append that was asked for, and may have been taken. */
  private static final class Asked {
    private final List<String> messages;
    private final Producer producer;
    private final boolean close;
    private boolean isAcknowledged;

    private Asked(List<String> messages, Producer producer, boolean close) {
      this.messages = messages;
      this.producer = producer;
      this.close = close;
    }

    private Asked copy() {
      Asked copy = new Asked(messages, producer, close);
      copy.isAcknowledged = isAcknowledged;
      return copy;
    }
  }

  /** A channel as the clients know it. */
  private static final class Model {
    private final String name;
    private final Fork fork;
    private final List<String> inherited;
    private final long forkFirst;
    private final List<Asked> asked = new ArrayList<>();
    private boolean isCreated; // acknowledged
    private boolean isDeleting;
    private long shown; // to any reader, or acknowledged: this many messages
    private final List<Reader> readers = new ArrayList<>();

    private Model(String name, Fork fork, List<String> inherited, long forkFirst) {
      this.name = name;
      this.fork = fork;
      this.inherited = inherited;
      this.forkFirst = forkFirst;
    }

    private Model copy() {
      Model copy = new Model(name, fork, inherited, forkFirst);
      asked.forEach(append -> copy.asked.add(append.copy()));
      copy.isCreated = isCreated;
      copy.isDeleting = isDeleting;
      copy.shown = shown;
      return copy;
    }

    private List<String> all() {
      List<String> all = new ArrayList<>(inherited);
      asked.forEach(append -> all.addAll(append.messages));
      return all;
    }

    private boolean isClosed() {
      return !asked.isEmpty() && asked.get(asked.size() - 1).close;
    }

    private long nextSeq(String producer) {
      long next = 0;
      for (Asked append : asked) {
        if (append.producer != null && append.producer.id().equals(producer)) {
          next = append.producer.seq() + 1;
        }
      }
      return next;
    }
  }

  private static final class Reader {
    private Offset at;

    private Reader(Offset at) {
      this.at = at;
    }
  }

  private static final int SEGMENT_BYTES = 32 << 10;
  private static final Page PAGE = new Page(7, 3_000);

  private final Random random;
  private final Mutant mutant;
  private final StoreSync sync;
  private final FakeClocks clocks = new FakeClocks();
  private final int maxMessages;
  private final int names;
  private final Map<String, Model> models = new TreeMap<>();
  // The offset behind a message, and that message: over all runs, also of copies.
  private final Map<String, String> named = new HashMap<>();
  private final Deque<Runnable> acknowledgements = new ArrayDeque<>();
  private final List<Runnable> tasks = new ArrayList<>();
  private final StringBuilder trace = new StringBuilder();

  private FakeDisk disk;
  private UUID directory;
  private DirectoryStore store;
  private int messages;
  private boolean isRestored;
  private boolean mayBeTold; // that messages may be missing
  private FakeDisk backup;
  private Instant backupTime;
  private Map<String, Model> backupModels;

  CrashSimulation(long seed, Mutant mutant) {
    this.random = new Random(seed);
    this.mutant = mutant;
    this.sync = StoreSync.GROUP;
    this.maxMessages = 1 + random.nextInt(random.nextInt(4) == 0 ? 10 : 400);
    this.names = 1 + random.nextInt(random.nextInt(4) == 0 ? 50 : 5);
    FakeDisk.Bug bug =
        switch (mutant) {
          case ACKNOWLEDGE_BEFORE_FORCE -> FakeDisk.Bug.FORCE_DOES_NOTHING;
          case DIRECTORY_IS_NOT_SYNCED -> FakeDisk.Bug.DIRECTORY_IS_NOT_SYNCED;
          case FORCE_IS_TRIED_AGAIN -> FakeDisk.Bug.FORCE_IS_TRIED_AGAIN;
          default -> FakeDisk.Bug.NONE;
        };
    this.disk = new FakeDisk(random, bug);
    if (random.nextInt(4) == 0) {
      disk.capacity((5L + random.nextInt(8)) * SEGMENT_BYTES);
    }
  }

  String trace() {
    return trace.toString();
  }

  private void note(String what) {
    trace.append(what).append('\n');
  }

  /** Some runs of the server, each with an end. */
  void run() {
    start();
    for (int generation = 0; generation < 5; generation++) {
      serve();
      end();
    }
    verify();
  }

  private void serve() {
    int steps = 50 + random.nextInt(400);
    if (random.nextInt(3) == 0) {
      disk.failPowerAfter(random.nextInt(steps * 3));
    }
    if (mutant == Mutant.FORCE_IS_TRIED_AGAIN || random.nextInt(10) == 0) {
      disk.failForces(random.nextInt(3));
    }
    try {
      for (int i = 0; i < steps; i++) {
        step();
      }
    } catch (FakeDisk.PowerFailure e) {
      note("the power fails in the middle");
    }
  }

  private void step() {
    int what = random.nextInt(20);
    if (what < 8) {
      ask();
    } else if (what < 12) {
      store.journal().step();
    } else if (what < 14) {
      acknowledge();
    } else if (what < 16) {
      work();
    } else if (what < 19) {
      read();
    } else {
      clocks.passMillis(random.nextInt(2_000));
      store.tick(clocks.elapsedMillis());
      if (random.nextInt(20) == 0) {
        store.journal().seal();
      }
    }
  }

  private void acknowledge() {
    Runnable next = acknowledgements.poll();
    if (next != null) {
      next.run();
    }
  }

  private void work() {
    if (!tasks.isEmpty()) {
      tasks.remove(random.nextInt(tasks.size())).run();
    }
  }

  private void ask() {
    String name = "c" + random.nextInt(names);
    Model model = models.get(name);
    int what = random.nextInt(30);
    try {
      if (model == null || what == 0) {
        create(name, model);
      } else if (what == 1) {
        delete(model);
      } else {
        append(model);
      }
    } catch (Refused refused) {
      note("refused: " + refused.getMessage());
    }
  }

  private List<String> someMessages(int most) {
    List<String> some = new ArrayList<>();
    int count = 1 + random.nextInt(random.nextInt(5) == 0 ? most : 1);
    for (int i = 0; i < count; i++) {
      String padding = "x".repeat(random.nextInt(random.nextInt(20) == 0 ? 2_000 : 50));
      some.add("m" + messages++ + padding);
    }
    return some;
  }

  private static List<byte[]> bytes(List<String> texts) {
    return texts.stream().map(text -> text.getBytes(UTF_8)).toList();
  }

  private void create(String name, Model known) {
    if (known != null && known.isDeleting) {
      return; // it would be created behind the deletion, which has a test of its own
    }
    Fork fork = null;
    List<String> inherited = List.of();
    long forkFirst = 0;
    Model source = models.get("c" + random.nextInt(names));
    if (known == null && random.nextBoolean() && source != null && source.isCreated) {
      Channel from = store.find(new ChannelName(source.name)).orElse(null);
      if (from != null && !source.isDeleting) {
        long first = from.earliest().number();
        long end = from.end().number();
        Offset at = null;
        long number = end;
        if (random.nextBoolean() && from.readAfter(from.earliest()) instanceof Batch batch) {
          at = batch.next();
          number = at.number();
        }
        fork = new Fork(new ChannelName(source.name), at, 0);
        inherited = List.copyOf(source.all().subList(0, (int) number));
        forkFirst = Math.max(source.forkFirst, first);
      }
    }
    List<String> initial = random.nextBoolean() ? someMessages(5) : List.of();
    Request request =
        new Request(
            fork == null ? ContentType.JSON : null,
            Lifetime.UNBOUNDED,
            fork,
            false,
            type -> bytes(initial));
    CompletionStage<Created> created = store.create(new ChannelName(name), request);
    if (known != null) {
      return;
    }
    Model model = new Model(name, fork, inherited, forkFirst);
    Asked first = new Asked(initial, null, false);
    if (!initial.isEmpty()) {
      model.asked.add(first);
    }
    note("create " + name + (fork == null ? "" : " from " + fork.source()));
    models.put(name, model);
    created.whenComplete(
        (outcome, e) -> {
          if (e == null) {
            note("created " + name);
            model.isCreated = true;
            first.isAcknowledged = true;
            model.shown = Math.max(model.shown, model.inherited.size() + initial.size());
            require(outcome.isNew(), name + ": it was there before");
            name(name, outcome.channel().end(), model);
          } else {
            require(e instanceof Refused || e instanceof CompletionException, name + ": " + e);
          }
        });
  }

  private void delete(Model model) {
    if (!model.isCreated || model.isDeleting) {
      return;
    }
    note("delete " + model.name);
    CompletionStage<Boolean> deleted = store.delete(new ChannelName(model.name));
    model.isDeleting = true;
    if (mutant == Mutant.DELETION_IS_NOT_AWAITED) {
      models.remove(model.name);
      return;
    }
    deleted.whenComplete(
        (was, e) -> {
          if (e == null) {
            note("deleted " + model.name);
            models.remove(model.name, model);
          }
        });
  }

  private void append(Model model) {
    Channel channel = store.find(new ChannelName(model.name)).orElse(null);
    if (channel == null) {
      require(!model.isCreated || model.isDeleting, model.name + ": it is gone");
      return;
    }
    List<String> texts = someMessages(10);
    Producer producer = null;
    boolean isRetry = false;
    if (random.nextInt(3) == 0) {
      String id = "p" + random.nextInt(3);
      long next = model.nextSeq(id);
      isRetry = next > 0 && random.nextInt(4) == 0;
      producer = new Producer(id, 0, isRetry ? next - 1 : next);
    }
    boolean isLast = random.nextInt(60) == 0;
    boolean wasClosed = model.isClosed();
    boolean wasDeleting = model.isDeleting;
    boolean wasRetry = isRetry;
    Asked asked = new Asked(texts, producer, isLast);
    Append append = new Append(bytes(texts), producer, null, isLast);
    boolean[] isTaken = {!wasClosed && !wasRetry && !wasDeleting};
    if (isTaken[0]) {
      model.asked.add(asked);
    }
    long head = model.all().size();
    try {
      channel.append(append, appended -> told(model, asked, head, appended, isTaken[0], wasRetry));
    } catch (Refused refused) {
      model.asked.remove(asked);
      throw refused;
    }
  }

  private void told(
      Model model, Asked asked, long head, Appended appended, boolean isTaken, boolean wasRetry) {
    note(model.name + ": " + asked.messages.size() + " → " + appended);
    if (appended instanceof Appended.Accepted accepted) {
      require(isTaken, model.name + ": it took what it had to refuse: " + asked.messages);
      require(
          accepted.next().number() == head,
          "%s: the append ends at %s, not %d".formatted(model.name, accepted.next(), head));
      asked.isAcknowledged = true;
      model.shown = Math.max(model.shown, head);
      if (models.get(model.name) == model) {
        name(model.name, accepted.next(), model);
      }
    } else if (!(appended instanceof Appended.Unknown)) {
      require(!isTaken, "%s: it refused %s: %s".formatted(model.name, asked.messages, appended));
      if (appended instanceof Appended.Duplicate) {
        require(wasRetry, model.name + ": it says that it knows what is new");
        // Whoever is told so has everything up to the retried one on the disk.
        for (Asked before : model.asked) {
          before.isAcknowledged |= asked.producer.equals(before.producer);
        }
      }
    }
  }

  private void read() {
    if (models.isEmpty()) {
      return;
    }
    List<Model> all = List.copyOf(models.values());
    Model model = all.get(random.nextInt(all.size()));
    Channel channel = store.find(new ChannelName(model.name)).orElse(null);
    if (channel == null) {
      require(!model.isCreated || model.isDeleting, model.name + ": it is gone");
      return;
    }
    if (model.readers.size() < 3) {
      model.readers.add(new Reader(random.nextBoolean() ? channel.earliest() : channel.end()));
    }
    for (Reader reader : model.readers) {
      read(model, channel, reader);
    }
  }

  private void read(Model model, Channel channel, Reader reader) {
    Reading reading = channel.readAfter(reader.at);
    if (reading instanceof Batch batch) {
      List<String> texts = batch.messages().stream().map(b -> new String(b, UTF_8)).toList();
      int from = (int) reader.at.number();
      List<String> all = model.all();
      require(
          from + texts.size() <= all.size() && all.subList(from, from + texts.size()).equals(texts),
          "%s: after %s a reader gets %s".formatted(model.name, reader.at, texts));
      model.shown = Math.max(model.shown, batch.next().number());
      name(model.name, batch.next(), model);
      reader.at = batch.next();
    } else if (reading instanceof Gap gap) {
      boolean isAllowed = gap.reason() == Gap.Reason.TRIMMED || mayBeTold;
      require(isAllowed, "%s: at %s a reader is told %s".formatted(model.name, reader.at, gap));
      reader.at = gap.earliest();
    }
  }

  // The offset behind a message is that message's for ever.
  private void name(String channel, Offset behind, Model model) {
    if (behind.number() == 0 || behind.number() > model.all().size()) {
      return;
    }
    String message = model.all().get((int) behind.number() - 1);
    // A fork has its source's offsets, and a deleted channel may be created again.
    String before = named.putIfAbsent(channel + " " + behind, message);
    require(
        before == null || before.equals(message),
        "%s: offset %s names %s and %s".formatted(channel, behind, before, message));
  }

  private void end() {
    int how = random.nextInt(10);
    if (random.nextInt(5) == 0 && backup == null) {
      note("a backup");
      // As a snapshot of the disk is: all at one moment.
      while (!acknowledgements.isEmpty()) {
        acknowledgements.remove().run();
      }
      backupTime = clocks.wall();
      backup = disk.backup(0);
      backupModels = new TreeMap<>();
      models.forEach((name, model) -> backupModels.put(name, model.copy()));
    }
    if (how < 2) {
      note("stop");
      try {
        store.stop();
        store.journal().close();
        drain();
        disk = disk.afterKill();
      } catch (FakeDisk.PowerFailure e) {
        disk = disk.afterPowerFailure();
      }
    } else if (how < 4) {
      note("kill");
      disk = disk.afterKill();
    } else if (how < 6 && backup != null) {
      note("the backup is restored");
      restore();
    } else {
      note("power failure");
      disk = disk.afterPowerFailure();
    }
    if (mutant != Mutant.NUMBERS_ARE_USED_AGAIN) {
      clocks.passMillis(1_000_000 + random.nextInt(100_000));
    }
    start();
  }

  private void drain() {
    while (!acknowledgements.isEmpty()) {
      acknowledgements.remove().run();
    }
  }

  private void restore() {
    disk = backup.backup(random.nextBoolean() ? 0 : clocks.elapsedMillis());
    models.forEach(
        (name, model) -> {
          Model old = backupModels.get(name);
          if (old != null) {
            old.readers.addAll(model.readers);
          }
        });
    models.clear();
    models.putAll(backupModels);
    backup = null;
    if (mutant == Mutant.NUMBERS_ARE_USED_AGAIN) {
      clocks.setWall(Duration.between(clocks.wall(), backupTime));
    }
    isRestored = random.nextBoolean(); // or nobody says so
    mayBeTold = true;
  }

  private void start() {
    acknowledgements.clear();
    tasks.clear();
    for (int tries = 0; ; tries++) {
      if (tries < 3 && random.nextInt(5) == 0) {
        disk.failPowerAfter(random.nextInt(60));
      }
      try {
        Retention retention = new Retention(maxMessages, 1 << 30, Duration.ZERO);
        Budget budget = new Budget(1 << 30, () -> {});
        StoreContext parts =
            new StoreContext(
                retention,
                PAGE,
                Limits.NONE,
                budget,
                null,
                name -> false,
                new Dispatch(tasks::add, new Counters()),
                clocks.clocks());
        directory = Directory.identify(disk, true, clocks.wall().toEpochMilli());
        store =
            DirectoryStore.open(
                disk,
                directory,
                new Journal.Limits(SEGMENT_BYTES, 16 << 10, sync, 1_000),
                new DirectoryStore.Start("boot", "host", isRestored ? "restored" : null, false),
                name -> false,
                parts,
                acknowledgements::add,
                tasks::add);
        break;
      } catch (FakeDisk.PowerFailure e) {
        note("power failure during the start");
        disk = disk.afterPowerFailure();
      } catch (FakeDisk.Full e) {
        note("the disk is too full for a start");
        disk.capacity(Long.MAX_VALUE / 4);
        disk = disk.afterKill();
      } catch (IOException e) {
        throw new Broken("it does not start: " + e.getMessage());
      }
      acknowledgements.clear();
      tasks.clear();
    }
    disk.failPowerAfter(Integer.MAX_VALUE);
    isRestored = false;
    note("started");
    agree();
  }

  // What was not acknowledged is there whole or not at all; from now on it counts.
  private void agree() {
    for (Model model : List.copyOf(models.values())) {
      Channel channel = store.find(new ChannelName(model.name)).orElse(null);
      if (channel == null) {
        require(
            !model.isCreated || model.isDeleting,
            "%s: it was created and is gone".formatted(model.name));
        models.remove(model.name);
        continue;
      }
      agree(model, channel);
    }
    for (Channel channel : store.channels()) {
      require(
          models.containsKey(channel.name().value()),
          "%s: it was deleted, or never created, and is there".formatted(channel.name()));
    }
  }

  private void agree(Model model, Channel channel) {
    model.isDeleting = false;
    long head = channel.end().number();
    long number = model.inherited.size();
    List<Asked> there = new ArrayList<>();
    boolean isBehind = false;
    for (Asked asked : model.asked) {
      long end = number + asked.messages.size();
      if (end <= head && !isBehind) {
        there.add(asked);
        asked.isAcknowledged = true;
        number = end;
      } else {
        isBehind = true;
        require(
            !asked.isAcknowledged,
            "%s: %s was acknowledged and is gone: it ends at %s, not %d"
                .formatted(model.name, asked.messages, channel.end(), end));
      }
    }
    require(
        number == head,
        "%s: it ends at %d, in the middle of an append; %d is whole"
            .formatted(model.name, head, number));
    require(
        head >= model.shown,
        "%s: readers had %d messages, now it has %d".formatted(model.name, model.shown, head));
    model.asked.clear();
    model.asked.addAll(there);
    require(model.isClosed() == channel.isClosed(), model.name + ": closed or not");
    model.isCreated = true;
    model.shown = head;
    long first = channel.earliest().number();
    long mayForget = Math.max(model.forkFirst, head - maxMessages);
    require(
        first <= Math.max(0, mayForget) || maxMessages < 12,
        "%s: it begins at %d and keeps %d of %d".formatted(model.name, first, maxMessages, head));
    List<String> read = new ArrayList<>();
    Offset at = channel.earliest();
    while (channel.readAfter(at) instanceof Batch batch) {
      batch.messages().forEach(message -> read.add(new String(message, UTF_8)));
      at = batch.next();
      name(model.name, at, model);
    }
    require(
        read.equals(model.all().subList((int) first, (int) head)),
        "%s: it has %s".formatted(model.name, read));
  }

  // All that is left goes to the disk.
  private void verify() {
    for (int i = 0; i < 10_000 && !isIdle(); i++) {
      store.journal().step();
      acknowledge();
      work();
    }
    note("the last start");
    disk = disk.afterPowerFailure();
    clocks.passMillis(1_000_000);
    start();
  }

  private boolean isIdle() {
    return acknowledgements.isEmpty() && tasks.isEmpty() && !store.journal().step();
  }

  private static void require(boolean isKept, String what) {
    if (!isKept) {
      throw new Broken(what);
    }
  }
}
