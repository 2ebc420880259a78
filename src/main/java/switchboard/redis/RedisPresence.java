package switchboard.redis;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.commands.ProtocolCommand;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Refused;
import switchboard.channel.PresenceSnapshot;
import switchboard.channel.Transport;

/**
 * Presence at all servers. Each server writes its own listeners and renews a lease: one for the
 * server, not one for each listener. What a server without a lease wrote does not count, and the
 * first server that notices removes it.
 *
 * <pre>
 *   {name}:w          hash   server → "poll,long poll,event stream,WebSocket;names…", "…,+;"
 *                            if there are more
 *   node:server       its lease
 *   node:server:at    set    the channels that it wrote something for
 *   nodes             set    the servers
 * </pre>
 *
 * <p><b>Threads.</b> Safe. All methods wait for Redis.
 */
final class RedisPresence {

  private static final Logger LOG = Logger.getLogger(RedisPresence.class.getName());
  private static final String AT_LEAST = "+";
  private static final long REAP_MILLIS = 30_000;

  private final RedisClient link;
  private final String prefix;
  private final String own;
  private final long leaseMillis;
  private final Consumer<Runnable> workers;
  private final Map<ChannelName, PresenceSnapshot> here = new ConcurrentHashMap<>();
  private final Map<String, Long> aliveUntilNanos = new ConcurrentHashMap<>();
  private volatile BiConsumer<ChannelName, PresenceSnapshot> onLoss = (name, lost) -> {};

  /**
   * No listeners yet.
   *
   * @param own the id of this server
   * @param leaseMillis how long after its last {@link #renewLease} a server counts as gone
   * @param workers run what may take long
   */
  RedisPresence(
      RedisClient link, String prefix, String own, long leaseMillis, Consumer<Runnable> workers) {
    this.link = link;
    this.prefix = prefix;
    this.own = own;
    this.leaseMillis = leaseMillis;
    this.workers = workers;
  }

  void onLoss(BiConsumer<ChannelName, PresenceSnapshot> lost) {
    onLoss = lost;
  }

  private String channel(ChannelName name) {
    return prefix + "{" + name + "}:w";
  }

  private String node(String id) {
    return prefix + "node:" + id;
  }

  private String channelsOf(String id) {
    return node(id) + ":at";
  }

  // One key a command: in a Redis Cluster each may have another master.
  private Object call(ProtocolCommand command, String key, Object... words) {
    CommandArguments all = new CommandArguments(command).add(key);
    for (Object word : words) {
      all.add(word.toString());
    }
    return link.ask(key, connection -> connection.executeCommand(all), false);
  }

  /** Writes the listeners at this server. */
  void write(ChannelName name, PresenceSnapshot attendance) {
    if (attendance.present() == 0) {
      here.remove(name);
    } else {
      here.put(name, attendance);
    }
    write(own, name, attendance);
  }

  private void write(String id, ChannelName name, PresenceSnapshot attendance) {
    if (attendance.present() == 0) {
      call(Command.HDEL, channel(name), id);
      call(Command.SREM, channelsOf(id), name);
    } else {
      // First the index: if this server stops in between, the entry can still be found.
      call(Command.SADD, channelsOf(id), name);
      call(Command.HSET, channel(name), id, format(attendance));
    }
  }

  /** The listeners at the other servers. */
  PresenceSnapshot elsewhere(ChannelName name) {
    List<?> fields = (List<?>) call(Command.HGETALL, channel(name));
    PresenceSnapshot all = PresenceSnapshot.NONE;
    for (int i = 0; i < fields.size(); i += 2) {
      String id = RedisClient.text(fields.get(i));
      if (!id.equals(own) && isAlive(id)) {
        all = all.plus(parse(RedisClient.text(fields.get(i + 1))));
      }
    }
    return all;
  }

  private boolean isAlive(String id) {
    long now = System.nanoTime();
    Long until = aliveUntilNanos.get(id);
    if (until != null && until - now > 0) {
      return true;
    }
    boolean isAlive = call(Command.EXISTS, node(id)).equals(1L);
    if (isAlive) {
      aliveUntilNanos.put(id, now + leaseMillis * 1_000_000 / 8);
    } else {
      aliveUntilNanos.remove(id);
    }
    return isAlive;
  }

  /** Renews the lease, and removes servers whose lease has expired. */
  void renewLease() {
    // First the lease: a server that finds this one in the set must find it alive.
    Object before = call(Command.SET, node(own), 1, "PX", leaseMillis, "GET");
    call(Command.SADD, prefix + "nodes", own);
    if (before == null) {
      workers.accept(this::writeAgain);
    }
    List<?> nodes = (List<?>) call(Command.SMEMBERS, prefix + "nodes");
    for (Object node : nodes) {
      String id = RedisClient.text(node);
      if (!id.equals(own) && !isAlive(id)) {
        workers.accept(
            () -> removeDeadNode(id)); // it may take long, and the next renewal must not wait
      }
    }
  }

  // The lease had expired, or Redis lost it: what is there of this server may be outdated.
  private void writeAgain() {
    try {
      here.forEach((name, attendance) -> write(own, name, attendance));
    } catch (Refused e) {
      LOG.log(
          Level.FINE,
          "presence was not written completely; the next change of each channel writes it",
          e);
    }
  }

  private void removeDeadNode(String id) {
    try {
      Object isMine = call(Command.SET, node(id) + ":reap", own, "NX", "PX", REAP_MILLIS);
      if (isMine != null) {
        remove(id);
      } // else another server does it, or this one still does
    } catch (Refused e) {
      LOG.log(
          Level.FINE,
          e,
          () -> "node " + id + " is gone, but was not removed; the next renewal retries");
    }
  }

  private void remove(String id) {
    List<?> names = (List<?>) call(Command.SMEMBERS, channelsOf(id));
    LOG.info(() -> "node " + id + " is gone (channels=" + names.size() + ")");
    for (Object written : names) {
      ChannelName name = new ChannelName(RedisClient.text(written));
      Object value = call(Command.HGET, channel(name), id);
      write(id, name, PresenceSnapshot.NONE);
      if (value != null) {
        onLoss.accept(name, parse(RedisClient.text(value)));
      }
    }
    call(Command.SREM, prefix + "nodes", id);
    call(Command.DEL, channelsOf(id));
    // If it is alive after all, it has no lease now and writes everything again.
    call(Command.DEL, node(id));
    call(Command.DEL, node(id) + ":reap");
  }

  /** This server stops: the others need not wait until its lease expires. */
  void leave() {
    call(Command.DEL, node(own));
  }

  private static String format(PresenceSnapshot attendance) {
    List<String> parts = new ArrayList<>();
    List<String> counts = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      counts.add(attendance.counts().getOrDefault(transport, 0).toString());
    }
    if (attendance.atLeast()) {
      counts.add(AT_LEAST);
    }
    parts.add(String.join(",", counts));
    parts.addAll(attendance.members());
    return String.join(";", parts);
  }

  private static PresenceSnapshot parse(String written) {
    String[] parts = written.split(";");
    String[] numbers = parts[0].split(",");
    Map<Transport, Integer> counts = new EnumMap<>(Transport.class);
    for (Transport transport : Transport.values()) {
      int count = Integer.parseInt(numbers[transport.ordinal()]);
      if (count > 0) {
        counts.put(transport, count);
      }
    }
    SortedSet<String> members = new TreeSet<>(List.of(parts).subList(1, parts.length));
    return new PresenceSnapshot(counts, members, numbers.length > Transport.values().length);
  }
}
