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
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * Receives what other servers append: one connection and one thread for each master, subscribed to
 * every channel that has a reader here.
 *
 * <p>Silence is not trusted. The probes that this server publishes to itself must come back from
 * each master; when they do not, that connection is closed, whatever the state of its socket. After
 * every new connection each channel is compared with Redis, since messages may have been missed.
 *
 * <p>In a Redis Cluster a channel is received from the master that has its slot (sharded Pub/Sub).
 * When a slot moves, its former master says so, and the channel is subscribed to at the new one.
 *
 * <p><b>Threads.</b> Safe.
 */
final class PubSubListener implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(PubSubListener.class.getName());
  private static final int BATCH = 512;
  private static final int TAGS = 1_000_000;
  private static final int DOUBT_MILLIS = 1_500;

  private final RedisClient link;
  private final String prefix;
  private final int silenceMillis;
  private final Runnable onConnect;
  private final Predicate<Runnable> workers;
  private final ThreadFactory threads;
  private final Map<String, Interest> interests = new ConcurrentHashMap<>();
  private final Map<Master, MasterSubscriber> subscribers = new ConcurrentHashMap<>();
  private final AtomicBoolean willFollow = new AtomicBoolean();
  private volatile boolean isClosed;

  /** A channel that is read here, and where it was subscribed to last. */
  private static final class Interest {
    private final MirroredLog log;
    private volatile MasterSubscriber subscriber;

    private Interest(MirroredLog log) {
      this.log = log;
    }
  }

  /**
   * Starts to listen.
   *
   * @param silenceMillis how long a connection may be silent before it is closed
   * @param onConnect runs after every new connection; must not wait
   * @param workers run what may wait
   */
  PubSubListener(
      RedisClient link,
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
    openSubscribers();
  }

  /** The Pub/Sub channel for probes at each master. */
  Collection<String> probeChannels() {
    return subscribers.values().stream().map(subscriber -> subscriber.probeKey).toList();
  }

  /** Whether every connection has received something lately. */
  boolean isWell() {
    return !subscribers.isEmpty()
        && subscribers.values().stream().allMatch(MasterSubscriber::isWell);
  }

  /** Closes connections that have been silent for too long. */
  void tick() {
    subscribers.values().forEach(MasterSubscriber::tick);
  }

  /** Subscribes where the slots of a Redis Cluster are now. May wait for Redis. */
  void follow() {
    willFollow.set(false);
    if (link.isCluster() && !isClosed) {
      openSubscribers();
      interests.forEach(this::place);
    }
  }

  private void followSoon() {
    if (willFollow.compareAndSet(false, true) && !workers.test(this::follow)) {
      willFollow.set(false);
    }
  }

  private synchronized void openSubscribers() {
    link.refresh();
    Collection<Master> masters = link.masters();
    if (masters.isEmpty()) {
      return; // not known now; keep the connections that there are
    }
    for (Master master : masters) {
      if (!isClosed && !subscribers.containsKey(master)) {
        MasterSubscriber subscriber = new MasterSubscriber(master);
        subscribers.put(master, subscriber);
        threads.newThread(subscriber::run).start();
      }
    }
    for (Master master : List.copyOf(subscribers.keySet())) {
      if (!masters.contains(master)) {
        subscribers.remove(master).close();
      }
    }
  }

  // At the master that has its slot now, unless it is subscribed to there.
  private void place(String key, Interest channel) {
    MasterSubscriber subscriber = subscribers.get(link.master(key));
    MasterSubscriber before = channel.subscriber;
    if (subscriber != null && subscriber != before && subscriber.isReady()) {
      channel.subscriber = subscriber;
      subscriber.subscribe(List.of(key)); // the former master ends its own
    }
  }

  private String key(MirroredLog log) {
    return prefix + "{" + log.name() + "}";
  }

  void add(MirroredLog log) {
    String key = key(log);
    Interest channel = new Interest(log);
    interests.put(key, channel);
    // Register first, then check the connection: one that is still starting subscribes to the
    // whole map; one that is ready is asked for this key.
    place(key, channel);
  }

  void remove(MirroredLog log) {
    String key = key(log);
    Interest channel = interests.get(key);
    if (channel != null && channel.log == log && interests.remove(key, channel)) {
      MasterSubscriber subscriber = channel.subscriber;
      if (subscriber != null) {
        subscriber.unsubscribe(key);
      }
    }
  }

  @Override
  public void close() {
    isClosed = true;
    subscribers.values().forEach(MasterSubscriber::close);
  }

  /** Receives what one master publishes. */
  private final class MasterSubscriber implements PubSubConnection.Receiver {

    private final Master master;
    private volatile String probeKey = prefix + "probe:" + UUID.randomUUID();
    private volatile PubSubConnection ready;
    private volatile Connection connection;
    private volatile long receivedNanos = System.nanoTime();
    private volatile boolean isClosing;

    private MasterSubscriber(Master master) {
      this.master = master;
    }

    private boolean isReady() {
      return ready != null;
    }

    private boolean isWell() {
      return isReady() && silentMillis() < silenceMillis;
    }

    private long silentMillis() {
      return (System.nanoTime() - receivedNanos) / 1_000_000;
    }

    private void tick() {
      Connection silent = connection;
      if (silent != null && (silentMillis() > silenceMillis || isDeaf())) {
        LOG.warning(
            () ->
                "%s – nothing received from %s, reconnecting (silent=%d ms)"
                    .formatted(link.url(), master.address(), silentMillis()));
        RedisClient.closeQuietly(silent);
      }
    }

    // The master was away and is back. On an older connection its messages may arrive only with
    // the kernel's next retransmission, and the pauses between those grow.
    private boolean isDeaf() {
      long back = master.backNanos();
      boolean isDoubtful = System.nanoTime() - back > DOUBT_MILLIS * 1_000_000L;
      return isReady() && receivedNanos - back < 0 && isDoubtful && !master.isAway();
    }

    private void run() {
      while (!isClosed && !isClosing) {
        try {
          probeKey = newProbeKey();
          Connection fresh = master.connect(silenceMillis);
          connection = fresh;
          receivedNanos = System.nanoTime();
          // It returns when no subscription is left, which never happens.
          PubSubConnection next =
              link.isCluster()
                  ? new PubSubConnection.Sharded(this)
                  : new PubSubConnection.Plain(this);
          next.proceed(fresh, bytes(probeKey));
        } catch (JedisRedirectionException e) {
          link.moved(e); // the slot of a channel has another master
        } catch (RuntimeException e) {
          LOG.log(
              isClosed ? Level.FINEST : Level.FINE,
              e,
              () -> link.url() + " – Pub/Sub connection failed, reconnecting");
        } finally {
          ready = null;
          if (connection != null) {
            RedisClient.closeQuietly(connection);
            connection = null;
          }
          if (link.isCluster()) {
            followSoon();
          }
        }
        pause();
      }
    }

    // With sharded Pub/Sub a master serves only channels in its own slots.
    private String newProbeKey() {
      if (!link.isCluster()) {
        return probeKey;
      }
      String key = prefix + "probe:" + UUID.randomUUID();
      boolean hasSlots = link.masters().contains(master);
      for (int tag = 0; hasSlots && tag < TAGS; tag++) {
        String tagged = key + "{" + tag + "}";
        if (link.master(tagged) == master) {
          return tagged;
        }
      }
      throw new IllegalStateException(master + " has no slot");
    }

    private void pause() {
      try {
        Thread.sleep(ThreadLocalRandom.current().nextLong(50, 200));
      } catch (InterruptedException e) {
        isClosing = true;
      }
    }

    private void close() {
      isClosing = true;
      Connection open = connection;
      if (open != null) {
        RedisClient.closeQuietly(open);
      }
    }

    private void subscribe(List<String> keys) {
      PubSubConnection now = ready;
      try {
        if (now != null) {
          now.subscribeTo(keys.stream().map(PubSubListener::bytes).toArray(byte[][]::new));
        }
      } catch (RuntimeException e) {
        LOG.log(Level.FINE, "connection failed; the next one subscribes to all", e);
      }
    }

    private void unsubscribe(String key) {
      PubSubConnection now = ready;
      try {
        if (now != null) {
          now.unsubscribeFrom(bytes(key));
        }
      } catch (RuntimeException e) {
        LOG.log(Level.FINE, "connection failed; the next one does not subscribe to it", e);
      }
    }

    private void subscribeToAll() {
      List<String> keys = new ArrayList<>();
      interests.forEach(
          (key, channel) -> {
            if (link.master(key) == master) {
              channel.subscriber = this;
              keys.add(key);
            }
          });
      if (link.isCluster()) {
        // One command to a cluster may name one slot only.
        keys.stream()
            .collect(Collectors.groupingBy(Slots::of))
            .values()
            .forEach(this::subscribeInBatches);
      } else {
        subscribeInBatches(keys);
      }
    }

    private void subscribeInBatches(List<String> keys) {
      for (int i = 0; i < keys.size(); i += BATCH) {
        subscribe(keys.subList(i, Math.min(i + BATCH, keys.size())));
      }
    }

    @Override
    public void received(byte[] channel, byte[] message) {
      receivedNanos = System.nanoTime();
      Interest there = interests.get(text(channel));
      if (there != null) {
        try {
          there.log.receive(AppendNotice.parse(message));
        } catch (RuntimeException e) {
          // An error in one channel must not affect the others.
          LOG.log(
              Level.WARNING, e, () -> "channel \"" + there.log.name() + "\" – unreadable message");
          there.log.syncSoon();
        }
      }
    }

    @Override
    public void subscribed(PubSubConnection by, byte[] channel) {
      receivedNanos = System.nanoTime();
      String key = text(channel);
      Interest there = interests.get(key);
      if (key.equals(probeKey)) {
        ready = by;
        subscribeToAll();
        onConnect.run();
      } else if (there != null) {
        // What was appended before was not received.
        there.log.subscribed();
      }
    }

    // Unasked, while it is still of interest here: its slot has moved to another master.
    @Override
    public void unsubscribed(byte[] channel) {
      String key = text(channel);
      if (key.equals(probeKey)) {
        throw new IllegalStateException("the slot of the probe channel has moved");
      }
      Interest there = interests.get(key);
      if (there != null && there.subscriber == this) {
        there.subscriber = null;
        followSoon();
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
