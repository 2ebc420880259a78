package switchboard.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.MigrateParams;
import switchboard.testing.RedisServer;

/** A real Redis Cluster of three masters on this machine, and replicas where a test wants them. */
final class RedisCluster implements AutoCloseable {

  private static final int MASTERS = 3;

  private final List<RedisServer> masters;
  private final List<RedisServer> replicas = new ArrayList<>();

  private RedisCluster(List<RedisServer> masters) {
    this.masters = masters;
  }

  /** Starts one, with all slots. */
  static RedisCluster start() {
    List<RedisServer> masters = Stream.generate(RedisCluster::server).limit(MASTERS).toList();
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

  private static RedisServer server() {
    return RedisServer.start("--cluster-enabled", "yes", "--cluster-node-timeout", "2000");
  }

  /** Another server, that takes a master's place when that is gone. */
  RedisServer replicate(int master) {
    RedisServer replica = server();
    replicas.add(replica);
    String id = text(command(master, "MYID"));
    try (Jedis jedis = replica.client()) {
      jedis.clusterMeet("127.0.0.1", masters.get(0).port());
      awaitAgreement();
      Node.await("it knows its master", () -> jedis.clusterNodes().contains(id));
      jedis.clusterReplicate(id);
      Node.await("it is in step", () -> jedis.info("replication").contains("link_status:up"));
    }
    return replica;
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
          && info.contains("cluster_known_nodes:" + (MASTERS + replicas.size()))
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
    return RedisClient.text(answer);
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
    beginToMove(slot, to);
    try (Jedis jedis = masters.get(from).client()) {
      List<String> keys = jedis.clusterGetKeysInSlot(slot, 10);
      while (!keys.isEmpty()) {
        hand(from, to, keys);
        keys = jedis.clusterGetKeysInSlot(slot, 10);
      }
    }
    String target = text(command(to, "MYID"));
    command(to, "SETSLOT", slot, "NODE", target);
    command(from, "SETSLOT", slot, "NODE", target);
    for (int i = 0; i < MASTERS; i++) {
      command(i, "SETSLOT", slot, "NODE", target);
    }
  }

  /** From now on both have a part of it. */
  void beginToMove(int slot, int to) {
    int from = owner(slot);
    command(to, "SETSLOT", slot, "IMPORTING", text(command(from, "MYID")));
    command(from, "SETSLOT", slot, "MIGRATING", text(command(to, "MYID")));
  }

  void hand(int from, int to, List<String> keys) {
    try (Jedis jedis = masters.get(from).client()) {
      jedis.migrate(
          "127.0.0.1",
          masters.get(to).port(),
          5_000,
          new MigrateParams(),
          keys.toArray(String[]::new));
    }
  }

  @Override
  public void close() {
    masters.forEach(RedisServer::close);
    replicas.forEach(RedisServer::close);
  }
}
