package switchboard.redis;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.MigrateParams;

/** A real Redis Cluster of three masters on this machine. */
final class RedisCluster implements AutoCloseable {

  private static final int MASTERS = 3;

  private final List<RedisServer> masters;

  private RedisCluster(List<RedisServer> masters) {
    this.masters = masters;
  }

  /** Skips a test where the machine has no Redis 7; continuous integration has one. */
  static void assumeIsThere() {
    boolean isThere = RedisServer.PROGRAM.equals("redis-server");
    if (!isThere && System.getenv("CI") != null && System.getenv("SWITCHBOARD_REDIS") == null) {
      Assertions.fail("no redis-server 7 for a Redis Cluster");
    }
    Assumptions.assumeTrue(isThere, "no redis-server 7 for a Redis Cluster");
  }

  /** Starts one, with all slots. */
  static RedisCluster start(String... options) {
    String[] all =
        Stream.concat(
                Stream.of("--cluster-enabled", "yes", "--cluster-node-timeout", "2000"),
                Stream.of(options))
            .toArray(String[]::new);
    List<RedisServer> masters =
        Stream.generate(() -> RedisServer.start(all)).limit(MASTERS).toList();
    RedisCluster cluster = new RedisCluster(masters);
    for (int i = 0; i < MASTERS; i++) {
      int first = Slots.COUNT * i / MASTERS;
      int last = Slots.COUNT * (i + 1) / MASTERS - 1;
      cluster.command(i, "ADDSLOTSRANGE", first, last);
      cluster.command(i, "SET-CONFIG-EPOCH", i + 1);
    }
    for (int i = 1; i < MASTERS; i++) {
      cluster.command(i, "MEET", "127.0.0.1", masters.get(0).port());
    }
    cluster.awaitAgreement();
    return cluster;
  }

  /** Waits until each knows all, and that all slots have a master. */
  void awaitAgreement() {
    for (int i = 0; i < MASTERS; i++) {
      int master = i;
      Node.await("the cluster is one", () -> isOne(master));
    }
  }

  private boolean isOne(int master) {
    try {
      String info = text(command(master, "INFO"));
      return info.contains("cluster_state:ok")
          && info.contains("cluster_known_nodes:" + MASTERS)
          && info.contains("cluster_size:" + MASTERS);
    } catch (JedisException e) {
      return false;
    }
  }

  Object command(int master, Object... words) {
    String[] all = Stream.of(words).map(Object::toString).toArray(String[]::new);
    try (Jedis jedis = masters.get(master).client()) {
      return jedis.sendCommand(Command.CLUSTER, all);
    }
  }

  private static String text(Object answer) {
    return Link.text(answer);
  }

  List<RedisServer> masters() {
    return masters;
  }

  String url() {
    return "redis-cluster://"
        + String.join(",", masters.stream().map(m -> "127.0.0.1:" + m.port()).toList());
  }

  void forgetAll() {
    for (RedisServer master : masters) {
      try (Jedis jedis = master.client()) {
        jedis.flushAll();
      }
    }
  }

  /** Which of them has a slot. */
  int owner(int slot) {
    for (int i = 0; i < MASTERS; i++) {
      String own =
          Stream.of(text(command(i, "NODES")).split("\n"))
              .filter(line -> line.contains("myself"))
              .findFirst()
              .orElseThrow();
      String[] words = own.split(" ");
      for (int w = 8; w < words.length; w++) {
        String[] range = words[w].split("-");
        boolean isRange = !words[w].startsWith("[");
        if (isRange
            && slot >= Integer.parseInt(range[0])
            && slot <= Integer.parseInt(range[range.length - 1])) {
          return i;
        }
      }
    }
    throw new IllegalStateException("nobody has slot " + slot);
  }

  /** Hands a slot over to another master as {@code redis-cli --cluster reshard} does. */
  void move(int slot, int to) {
    int from = owner(slot);
    String source = text(command(from, "MYID"));
    String target = text(command(to, "MYID"));
    command(to, "SETSLOT", slot, "IMPORTING", source);
    command(from, "SETSLOT", slot, "MIGRATING", target);
    try (Jedis jedis = masters.get(from).client()) {
      List<String> keys = jedis.clusterGetKeysInSlot(slot, 10);
      while (!keys.isEmpty()) {
        jedis.migrate(
            "127.0.0.1",
            masters.get(to).port(),
            5_000,
            new MigrateParams(),
            keys.toArray(String[]::new));
        keys = jedis.clusterGetKeysInSlot(slot, 10);
      }
    }
    command(to, "SETSLOT", slot, "NODE", target);
    command(from, "SETSLOT", slot, "NODE", target);
    for (int i = 0; i < MASTERS; i++) {
      if (i != from && i != to) {
        command(i, "SETSLOT", slot, "NODE", target);
      }
    }
  }

  @Override
  public void close() {
    masters.forEach(RedisServer::close);
  }
}
