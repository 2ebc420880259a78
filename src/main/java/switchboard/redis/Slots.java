package switchboard.redis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.JedisClusterCRC16;
import switchboard.config.RedisUrl;

/**
 * Which master of a Redis Cluster has which slot, as far as this server knows; a master that is
 * asked for a slot that it no longer has says so ({@code MOVED}).
 *
 * <p><b>Threads.</b> Safe.
 */
final class Slots {

  /** Every Redis Cluster has this many. */
  static final int COUNT = 16_384;

  private static final Logger LOG = Logger.getLogger(Slots.class.getName());
  private static final long BETWEEN_NANOS = 100_000_000;

  private final RedisUrl url;
  private final Master.Watch watch;
  private final AtomicReferenceArray<Master> owners = new AtomicReferenceArray<>(COUNT);
  private final Map<HostAndPort, Master> masters = new ConcurrentHashMap<>();
  private volatile Set<Master> owning = Set.of();
  private final ReentrantLock refreshing = new ReentrantLock();
  private volatile long refreshedNanos = System.nanoTime() - BETWEEN_NANOS;

  Slots(RedisUrl url, Master.Watch watch) {
    this.url = url;
    this.watch = watch;
  }

  static int of(String key) {
    return JedisClusterCRC16.getSlot(key);
  }

  /** The master of a slot; any of them where that is not known. */
  Master owner(int slot) {
    Master owner = owners.get(slot);
    if (owner == null) {
      refresh();
      owner = owners.get(slot);
    }
    return owner == null ? seeds().get(0) : owner;
  }

  /** The lowest slot of the next master, in the order of those; -1 if there is none. */
  int firstOfNextOwner(int slot) {
    Set<Master> before = new LinkedHashSet<>();
    for (int next = 0; next < COUNT; next++) {
      Master owner = owners.get(next);
      if (owner != null && before.add(owner) && next > slot) {
        return next;
      }
    }
    return -1;
  }

  Master at(HostAndPort address) {
    return masters.computeIfAbsent(address, here -> new Master(url, () -> here, watch));
  }

  /** Those that the URL names. */
  List<Master> seeds() {
    return url.hosts().stream().map(h -> at(new HostAndPort(h.name(), h.port()))).toList();
  }

  /** Those that have slots. */
  Set<Master> owning() {
    return owning;
  }

  /** How many slots have no master. */
  int uncovered() {
    int count = 0;
    for (int slot = 0; slot < COUNT; slot++) {
      count += owners.get(slot) == null ? 1 : 0;
    }
    return count;
  }

  void moved(int slot, HostAndPort address) {
    Master owner = at(address);
    if (owners.getAndSet(slot, owner) != owner) {
      countOwners();
    }
  }

  private synchronized void countOwners() {
    Set<Master> all = new LinkedHashSet<>();
    for (int slot = 0; slot < COUNT; slot++) {
      Master owner = owners.get(slot);
      if (owner != null) {
        all.add(owner);
      }
    }
    owning = Collections.unmodifiableSet(all);
  }

  /** Asks the cluster, unless that was done just now. */
  void refresh() {
    if (!refreshing.tryLock()) {
      return; // another thread is asking
    }
    try {
      if (System.nanoTime() - refreshedNanos >= BETWEEN_NANOS) {
        ask();
        refreshedNanos = System.nanoTime();
      }
    } finally {
      refreshing.unlock();
    }
  }

  private void ask() {
    Collection<Master> all = new LinkedHashSet<>(owning());
    all.addAll(seeds());
    List<Master> known = new ArrayList<>(all);
    known.removeIf(Master::isAway);
    known.sort(java.util.Comparator.comparing(master -> !master.isUp()));
    for (Master master : known) {
      try (Connection connection = master.connectToAsk()) {
        Object answer =
            connection.executeCommand(new CommandArguments(Command.CLUSTER).add("SLOTS"));
        assign((List<?>) answer, master.address());
        return;
      } catch (JedisException e) {
        LOG.log(Level.FINE, e, () -> url + " – one server did not return CLUSTER SLOTS");
      }
    }
  }

  private void assign(List<?> ranges, HostAndPort asked) {
    Master[] fresh = new Master[COUNT];
    for (Object each : ranges) {
      List<?> range = (List<?>) each;
      List<?> server = (List<?>) range.get(2);
      String host = server.get(0) == null ? "" : RedisClient.text(server.get(0));
      int port = Math.toIntExact((Long) server.get(1));
      Master owner = at(new HostAndPort(host.isEmpty() ? asked.getHost() : host, port));
      int last = Math.toIntExact((Long) range.get(1));
      for (int slot = Math.toIntExact((Long) range.get(0)); slot <= last; slot++) {
        fresh[slot] = owner;
      }
    }
    for (int slot = 0; slot < COUNT; slot++) {
      owners.set(slot, fresh[slot]);
    }
    countOwners();
    for (Master master : masters.values()) {
      if (!owning.contains(master)) {
        master.close(); // it connects again if it is asked again
      }
    }
  }

  void close() {
    masters.values().forEach(Master::close);
  }
}
