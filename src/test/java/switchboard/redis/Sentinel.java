package switchboard.redis;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import switchboard.testing.RedisServer;

/** A real Sentinel, which replaces a master that is gone for a second. */
final class Sentinel implements AutoCloseable {

  private final int port;
  private final Process process;

  private Sentinel(int port, Process process) {
    this.port = port;
    this.process = process;
  }

  /**
   * Watches the master that is at {@code masterPort}, once it has a replica.
   *
   * @param folder where it keeps its file
   */
  static Sentinel watch(int masterPort, Path folder) {
    int port = RedisServer.freePort();
    Path file = folder.resolve("sentinel.conf");
    try {
      Files.writeString(
          file,
          """
          port %d
          bind 127.0.0.1
          dir %s
          sentinel monitor main 127.0.0.1 %d 1
          sentinel down-after-milliseconds main 1000
          sentinel failover-timeout main 5000
          """
              .formatted(port, folder, masterPort));
      Process process =
          new ProcessBuilder(RedisServer.PROGRAM, file.toString(), "--sentinel")
              .redirectErrorStream(true)
              .redirectOutput(new File("target/sentinel-" + port + ".log"))
              .start();
      Sentinel sentinel = new Sentinel(port, process);
      Node.await("the Sentinel knows the replica", sentinel::knowsReplica);
      return sentinel;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean knowsReplica() {
    try (Jedis jedis = new Jedis("127.0.0.1", port)) {
      return jedis.sentinelReplicas("main").stream()
          .anyMatch(replica -> "ok".equals(replica.get("master-link-status")));
    } catch (JedisException e) {
      return false; // not up yet
    }
  }

  String url() {
    return "redis-sentinel://127.0.0.1:" + port + "/0#main";
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
