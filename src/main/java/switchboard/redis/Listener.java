package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import redis.clients.jedis.BinaryJedisPubSub;
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * Hears what is appended at other servers: one connection and one thread for each master, every
 * channel that somebody listens to here.
 *
 * <p>Silence is not trusted. What this server says to itself now and then must come back from each
 * master; when it does not, that connection is given up, whatever the socket says. After every new
 * connection each channel is looked at, since nobody knows what was missed.
 *
 * <p>In a Redis Cluster a channel is heard at the master that has its slot (sharded Pub/Sub). When
 * a slot moves, the master that had it says so, and the channel is heard at the other one.
 *
 * <p><b>Threads.</b> Safe.
 */
final class Listener implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Listener.class.getName());
  private static final int BATCH = 512;
  private static final int TAGS = 1_000_000;
  private static final int DOUBT_MILLIS = 1_500;

  private final Link link;
  private final String prefix;
  private final int silenceMillis;
  private final Runnable onConnect;
  private final Predicate<Runnable> workers;
  private final ThreadFactory threads;
  private final Map<String, Wanted> wanted = new ConcurrentHashMap<>();
  private final Map<Master, Ear> ears = new ConcurrentHashMap<>();
  private final AtomicBoolean willFollow = new AtomicBoolean();
  private volatile boolean isClosed;

  /** A channel, and where it was last asked for. */
  private static final class Wanted {
    private final MirroredLog log;
    private volatile Ear ear;

    private Wanted(MirroredLog log) {
      this.log = log;
    }
  }

  /**
   * Starts to listen.
   *
   * @param silenceMillis after so long without a word a connection is given up
   * @param onConnect after every new connection; must not wait
   * @param workers do what may wait
   */
  Listener(
      Link link,
      String prefix,
      int silenceMillis,
      Runnable onConnect,
      Predicate<Runnable> workers,
      ThreadFactory threads) {
    this.link = link;
    this.prefix = prefix;
    this.silenceMillis = silenceMillis;
    this.onConnect = onConnect;
    this.workers = workers;
    this.threads = threads;
    openEars();
  }

  /** What this server says to itself, at each master. */
  Collection<String> words() {
    return ears.values().stream().map(ear -> ear.own).toList();
  }

  /** Whether something was heard from every master not long ago. */
  boolean isWell() {
    return !ears.isEmpty() && ears.values().stream().allMatch(Ear::isWell);
  }

  /** Gives up connections that have been silent for too long. */
  void tick() {
    ears.values().forEach(Ear::tick);
  }

  /** Listens where the slots of a Redis Cluster are now. May wait for it. */
  void follow() {
    willFollow.set(false);
    if (link.isCluster() && !isClosed) {
      openEars();
      wanted.forEach(this::place);
    }
  }

  private void followSoon() {
    if (willFollow.compareAndSet(false, true) && !workers.test(this::follow)) {
      willFollow.set(false);
    }
  }

  private synchronized void openEars() {
    link.refresh();
    Collection<Master> masters = link.masters();
    if (masters.isEmpty()) {
      return; // the cluster does not tell them now; whoever is heard may go on
    }
    for (Master master : masters) {
      if (!isClosed && !ears.containsKey(master)) {
        Ear ear = new Ear(master);
        ears.put(master, ear);
        threads.newThread(ear::run).start();
      }
    }
    for (Master master : List.copyOf(ears.keySet())) {
      if (!masters.contains(master)) {
        ears.remove(master).close();
      }
    }
  }

  // Where it is to be heard now, unless it was asked for there.
  private void place(String key, Wanted channel) {
    Ear ear = ears.get(link.master(key));
    Ear before = channel.ear;
    if (ear != null && ear != before && ear.isReady()) {
      channel.ear = ear;
      ear.ask(List.of(key)); // the one before lets go of it by itself
    }
  }

  private String key(MirroredLog log) {
    return prefix + "{" + log.name() + "}";
  }

  void add(MirroredLog log) {
    String key = key(log);
    Wanted channel = new Wanted(log);
    wanted.put(key, channel);
    // First into the map, then the look at the connection: it is one that takes the whole map once
    // it is there, or it is there and takes this one.
    place(key, channel);
  }

  void remove(MirroredLog log) {
    String key = key(log);
    Wanted channel = wanted.get(key);
    if (channel != null && channel.log == log && wanted.remove(key, channel)) {
      Ear ear = channel.ear;
      if (ear != null) {
        ear.leave(key);
      }
    }
  }

  @Override
  public void close() {
    isClosed = true;
    ears.values().forEach(Ear::close);
  }

  /** One connection of Jedis', plain or sharded Pub/Sub. */
  private interface Voice {
    void proceed(Connection connection, byte[]... first);

    void ask(byte[][] keys);

    void leave(byte[] key);
  }

  /** What is heard from one master. */
  private final class Ear {

    private final Master master;
    private volatile String own = prefix + "probe:" + UUID.randomUUID();
    private volatile Voice voice;
    private volatile Connection connection;
    private volatile long heardNanos = System.nanoTime();
    private volatile boolean isLeft;

    private Ear(Master master) {
      this.master = master;
    }

    private boolean isReady() {
      return voice != null;
    }

    private boolean isWell() {
      return isReady() && silentMillis() < silenceMillis;
    }

    private long silentMillis() {
      return (System.nanoTime() - heardNanos) / 1_000_000;
    }

    private void tick() {
      Connection silent = connection;
      if (silent != null && (silentMillis() > silenceMillis || isDeaf())) {
        LOG.warning(
            () ->
                "%s – nothing received from %s, reconnecting (silent=%d ms)"
                    .formatted(link.url(), master.address(), silentMillis()));
        Link.closeQuietly(silent);
      }
    }

    // The master was away and is back. What it sends on a connection from before may still come,
    // or only when the kernel tries again, which it does after ever longer pauses.
    private boolean isDeaf() {
      long back = master.backNanos();
      boolean isDoubtful = System.nanoTime() - back > DOUBT_MILLIS * 1_000_000L;
      return isReady() && heardNanos - back < 0 && isDoubtful && !master.isAway();
    }

    private void run() {
      while (!isClosed && !isLeft) {
        try {
          own = word();
          Connection fresh = master.connect(silenceMillis);
          connection = fresh;
          heardNanos = System.nanoTime();
          // It returns when nothing is subscribed to any more, which never happens.
          Voice next = link.isCluster() ? new Sharded(this) : new Plain(this);
          next.proceed(fresh, bytes(own));
        } catch (JedisRedirectionException e) {
          link.moved(e); // the slot of one that was asked for here
        } catch (RuntimeException e) {
          LOG.log(
              isClosed ? Level.FINEST : Level.FINE,
              e,
              () -> link.url() + " – Pub/Sub connection failed, reconnecting");
        } finally {
          voice = null;
          if (connection != null) {
            Link.closeQuietly(connection);
            connection = null;
          }
          if (link.isCluster()) {
            followSoon();
          }
        }
        pause();
      }
    }

    // Sharded Pub/Sub brings only what has a slot of that master's.
    private String word() {
      if (!link.isCluster()) {
        return own;
      }
      String word = prefix + "probe:" + UUID.randomUUID();
      boolean hasSlots = link.masters().contains(master);
      for (int tag = 0; hasSlots && tag < TAGS; tag++) {
        String tagged = word + "{" + tag + "}";
        if (link.master(tagged) == master) {
          return tagged;
        }
      }
      throw new IllegalStateException("the master has no slot");
    }

    private void pause() {
      try {
        Thread.sleep(ThreadLocalRandom.current().nextLong(50, 200));
      } catch (InterruptedException e) {
        isLeft = true;
      }
    }

    private void close() {
      isLeft = true;
      Connection open = connection;
      if (open != null) {
        Link.closeQuietly(open);
      }
    }

    private void ask(List<String> keys) {
      Voice now = voice;
      try {
        if (now != null) {
          now.ask(keys.stream().map(Listener::bytes).toArray(byte[][]::new));
        }
      } catch (RuntimeException e) {
        LOG.log(Level.FINE, "the connection failed; the next one subscribes to all channels", e);
      }
    }

    private void leave(String key) {
      Voice now = voice;
      try {
        if (now != null) {
          now.leave(bytes(key));
        }
      } catch (RuntimeException e) {
        LOG.log(Level.FINE, "the connection failed; the next one does not subscribe", e);
      }
    }

    private void askForAll() {
      List<String> keys = new ArrayList<>();
      wanted.forEach(
          (key, channel) -> {
            if (link.master(key) == master) {
              channel.ear = this;
              keys.add(key);
            }
          });
      if (link.isCluster()) {
        // One word to a cluster is about one slot.
        keys.stream()
            .collect(Collectors.groupingBy(Slots::of))
            .values()
            .forEach(this::askInBatches);
      } else {
        askInBatches(keys);
      }
    }

    private void askInBatches(List<String> keys) {
      for (int i = 0; i < keys.size(); i += BATCH) {
        ask(keys.subList(i, Math.min(i + BATCH, keys.size())));
      }
    }

    private void heard(byte[] channel, byte[] message) {
      heardNanos = System.nanoTime();
      Wanted there = wanted.get(text(channel));
      if (there != null) {
        try {
          there.log.hear(Heard.parse(message));
        } catch (RuntimeException e) {
          // One channel's trouble must not deafen the others.
          LOG.log(Level.WARNING, e, () -> "channel \"" + there.log.name() + "\" – not heard");
          there.log.syncSoon();
        }
      }
    }

    private void subscribed(Voice speaker, byte[] channel) {
      heardNanos = System.nanoTime();
      String key = text(channel);
      Wanted there = wanted.get(key);
      if (key.equals(own)) {
        voice = speaker;
        askForAll();
        onConnect.run();
      } else if (there != null) {
        // What was appended before this moment did not come this way.
        there.log.listened();
      }
    }

    // Nobody asked for it where it is still wanted here: its slot is another master's now.
    private void unsubscribed(byte[] channel) {
      String key = text(channel);
      if (key.equals(own)) {
        throw new IllegalStateException("the slot of the probe channel has moved");
      }
      Wanted there = wanted.get(key);
      if (there != null && there.ear == this) {
        there.ear = null;
        followSoon();
      }
    }
  }

  private static final class Plain extends BinaryJedisPubSub implements Voice {
    private final Ear ear;

    private Plain(Ear ear) {
      this.ear = ear;
    }

    @Override
    public void ask(byte[][] keys) {
      subscribe(keys);
    }

    @Override
    public void leave(byte[] key) {
      unsubscribe(key);
    }

    @Override
    public void onMessage(byte[] channel, byte[] message) {
      ear.heard(channel, message);
    }

    @Override
    public void onSubscribe(byte[] channel, int count) {
      ear.subscribed(this, channel);
    }
  }

  private static final class Sharded extends BinaryJedisShardedPubSub implements Voice {
    private final Ear ear;

    private Sharded(Ear ear) {
      this.ear = ear;
    }

    @Override
    public void ask(byte[][] keys) {
      ssubscribe(keys);
    }

    @Override
    public void leave(byte[] key) {
      sunsubscribe(key);
    }

    @Override
    public void onSMessage(byte[] channel, byte[] message) {
      ear.heard(channel, message);
    }

    @Override
    public void onSSubscribe(byte[] channel, int count) {
      ear.subscribed(this, channel);
    }

    @Override
    public void onSUnsubscribe(byte[] channel, int count) {
      ear.unsubscribed(channel);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
