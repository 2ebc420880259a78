package switchboard.redis;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/** Checks once, at the start, that a Redis server can keep channels. */
final class RedisRequirements {

  private static final Logger LOG = Logger.getLogger(RedisRequirements.class.getName());
  private static final int LEAST_MAJOR = 6;
  private static final int LEAST_MINOR = 2;
  // Sharded Pub/Sub.
  private static final int LEAST_IN_CLUSTER = 7;

  private final RedisClient link;
  private final Connection connection;
  private final Map<String, String> info = new HashMap<>();

  private RedisRequirements(RedisClient link, Connection connection) {
    this.link = link;
    this.connection = connection;
  }

  /**
   * Checks it.
   *
   * @throws IllegalStateException if it cannot; the message says why and what to do
   */
  static void require(RedisClient link, String prefix) {
    if (!link.isCluster()) {
      require(link, link.seeds().get(0), fitness -> fitness.require(prefix));
      return;
    }
    requireOneOf(link);
    link.refresh();
    if (link.uncoveredSlots() > 0) {
      throw unfit(
          link,
          "%d of the %d slots of this Redis Cluster have no master; channels in these slots"
                  .formatted(link.uncoveredSlots(), Slots.COUNT)
              + " cannot be stored (redis-cli --cluster check)",
          null);
    }
    for (Master master : link.masters()) {
      require(link, master, fitness -> fitness.requireMaster(prefix));
    }
  }

  // One of the servers that the URL names is enough.
  private static void requireOneOf(RedisClient link) {
    IllegalStateException last = null;
    for (Master seed : link.seeds()) {
      try {
        require(link, seed, RedisRequirements::requireCluster);
        return;
      } catch (IllegalStateException e) {
        last = e;
      }
    }
    throw last;
  }

  private static void require(RedisClient link, Master master, Consumer<RedisRequirements> checks) {
    try (Connection connection = master.connect(0)) {
      checks.accept(new RedisRequirements(link, connection));
    } catch (JedisConnectionException e) {
      throw unfit(link, "it cannot be reached: " + reasons(e), e);
    } catch (JedisDataException e) {
      throw unfit(link, "it rejects this user and password: " + e.getMessage(), e);
    }
  }

  private static String reasons(Throwable e) {
    String own = String.valueOf(e.getMessage());
    return e.getCause() == null ? own : own + ": " + reasons(e.getCause());
  }

  private static IllegalStateException unfit(RedisClient link, String why, JedisException e) {
    return new IllegalStateException("switchboard.store.url " + link.url() + ": " + why, e);
  }

  private void require(String prefix) {
    readInfo();
    requireVersion();
    if (!info.getOrDefault("role", "master").equals("master")) {
      throw unfit(
          "it is a replica of %s:%s; name the master, or Sentinels that know it"
              .formatted(info.get("master_host"), info.get("master_port")));
    }
    if (info.getOrDefault("cluster_enabled", "0").equals("1")) {
      throw unfit(
          "it is part of a Redis Cluster; use %s-cluster://host:port,host:port"
              .formatted(link.url().scheme()));
    }
    ask("it runs no scripts (EVAL)", command(Command.EVAL).add("return 1").add("0"));
    ask("it rejects PUBLISH", command(Command.PUBLISH).add(prefix + "probe").add("D:"));
    warn();
  }

  private void requireCluster() {
    readInfo();
    if (!info.getOrDefault("cluster_enabled", "0").equals("1")) {
      throw unfit("it is not a Redis Cluster; use redis://host:port");
    }
    requireVersion();
  }

  private void requireMaster(String prefix) {
    requireCluster();
    ask("it runs no scripts (EVAL)", command(Command.EVAL).add("return 1").add("0"));
    try {
      ask("it rejects SPUBLISH", command(Command.SPUBLISH).add(prefix + "probe").add("D:"));
    } catch (JedisRedirectionException e) {
      LOG.log(Level.FINEST, "SPUBLISH works; the slot has another master", e);
    }
    warn();
  }

  private IllegalStateException unfit(String why) {
    return unfit(link, why, null);
  }

  private static CommandArguments command(ProtocolCommand command) {
    return new CommandArguments(command);
  }

  private Object ask(String otherwise, CommandArguments command) {
    try {
      return connection.executeCommand(command);
    } catch (JedisRedirectionException e) {
      throw e;
    } catch (JedisDataException e) {
      throw unfit(link, otherwise + ": " + e.getMessage(), e);
    }
  }

  private void readInfo() {
    String text = RedisClient.text(ask("it rejects INFO", command(Command.INFO)));
    for (String line : text.split("\r?\n")) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        info.put(line.substring(0, colon), line.substring(colon + 1));
      }
    }
  }

  private void requireVersion() {
    String version = info.getOrDefault("redis_version", "");
    String[] parts = version.split("\\.");
    if (parts.length < 2 || !isEnough(parts)) {
      throw unfit(
          "it is Redis \"%s\"; Redis %s or Valkey is required"
              .formatted(
                  version,
                  link.isCluster()
                      ? LEAST_IN_CLUSTER + ".0 for a cluster"
                      : LEAST_MAJOR + "." + LEAST_MINOR));
    }
  }

  private boolean isEnough(String[] parts) {
    int major = Integer.parseInt(parts[0]);
    if (link.isCluster()) {
      return major >= LEAST_IN_CLUSTER;
    }
    int minor = Integer.parseInt(parts[1]);
    return major > LEAST_MAJOR || (major == LEAST_MAJOR && minor >= LEAST_MINOR);
  }

  private void warn() {
    String policy = info.get("maxmemory_policy");
    boolean isBounded = !info.getOrDefault("maxmemory", "0").equals("0");
    if (isBounded && policy != null && !policy.equals("noeviction")) {
      LOG.warning(
          () ->
              "%s – maxmemory-policy is %s: a full Redis evicts channels; set noeviction to"
                      .formatted(link.url(), policy)
                  + " refuse appends instead");
    }
    if (!info.containsKey("master_replid")) {
      LOG.warning(
          () ->
              "%s – master_replid is hidden: a restart with older data cannot be detected"
                  .formatted(link.url()));
    }
  }
}
