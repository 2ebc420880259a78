package switchboard.redis;

import java.nio.file.Path;
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
  private final List<Integer> ports;
  private final List<RedisServer> replicas = new ArrayList<>();

  private RedisCluster(List<RedisServer> masters, List<Integer> ports) {
    this.masters = masters;
    this.ports = ports;
  }

  /** Starts one, with all slots. */
  static RedisCluster start() {
    List<RedisServer> masters = Stream.generate(() -> server()).limit(MASTERS).toList();
    return join(new RedisCluster(masters, masters.stream().map(RedisServer::port).toList()));
  }

  /**
   * Starts one whose servers use TLS with each other and name their TLS ports to clients, with the
   * host name of the certificate.
   */
  static RedisCluster startWithTls(Path key, Path certificate) {
    List<Integer> ports = Stream.generate(RedisServer::freePort).limit(MASTERS).toList();
    List<RedisServer> masters =
        ports.stream().map(port -> server(tlsOptions(port, key, certificate))).toList();
    return join(new RedisCluster(masters, ports));
  }

  private static String[] tlsOptions(int port, Path key, Path certificate) {
    return ("--tls-port %d --tls-key-file %s --tls-cert-file %s --tls-ca-cert-file %s"
            + " --tls-auth-clients no --tls-cluster yes --cluster-announce-hostname localhost"
            + " --cluster-preferred-endpoint-type hostname")
        .formatted(port, key, certificate, certificate)
        .split(" ");
  }

  private static RedisCluster join(RedisCluster cluster) {
    for (int i = 0; i < MASTERS; i++) {
      int first = Slots.COUNT * i / MASTERS;
      int last = Slots.COUNT * (i + 1) / MASTERS - 1;
      cluster.command(i, "ADDSLOTSRANGE", first, last);
      cluster.command(i, "SET-CONFIG-EPOCH", i + 1);
    }
    for (int i = 1; i < MASTERS; i++) {
      cluster.command(i, "MEET", "127.0.0.1", cluster.ports.get(0));
    }
    cluster.awaitAgreement();
    return cluster;
  }

  private static RedisServer server(String... options) {
    List<String> all =
        new ArrayList<>(List.of("--cluster-enabled", "yes", "--cluster-node-timeout", "2000"));
    all.addAll(List.of(options));
    return RedisServer.start(all.toArray(String[]::new));
  }

  /** Another server, that takes a master's place when that is gone. */
  RedisServer replicate(int master) {
    RedisServer replica = server();
    replicas.add(replica);
    String id = text(command(master, "MYID"));
    try (Jedis jedis = replica.client()) {
      jedis.clusterMeet("127.0.0.1", ports.get(0));
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

  /** The port that a master names to clients. */
  int announcedPort(int master) {
    return ports.get(master);
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
