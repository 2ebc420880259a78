package switchboard.redis;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import switchboard.transport.Programs;

/**
 * A real Redis on a port and in a folder of its own, with nothing on disk unless a test wants it.
 */
public final class RedisServer implements AutoCloseable {

  private final int port;
  private final Path folder;
  private final List<String> options;
  private Process process;

  private RedisServer(int port, Path folder, List<String> options) {
    this.port = port;
    this.folder = folder;
    this.options = options;
  }

  /** Starts one; skips the test where the machine has none. */
  public static RedisServer start(String... options) {
    Programs.require("redis-server");
    try {
      Path folder = Files.createTempDirectory("redis");
      // A copy: a Sentinel makes Redis write into the file that it was started with.
      Files.copy(Path.of("deploy/redis/switchboard.conf"), folder.resolve("switchboard.conf"));
      RedisServer server = new RedisServer(freePort(), folder, List.of(options));
      server.startAgain();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A port that nobody listens to. */
  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return port;
  }

  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  public Path folder() {
    return folder;
  }

  /** Starts it where it was; it reads what it had saved. */
  public void startAgain() {
    List<String> command =
        new ArrayList<>(
            List.of(
                "redis-server",
                folder.resolve("switchboard.conf").toString(),
                "--appendonly",
                "no",
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder.toString(),
                "--save",
                ""));
    command.addAll(options);
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(new File("target/redis-" + port + ".log")))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Awaitility.await("redis-server answers")
        .pollInterval(Duration.ofMillis(10))
        .atMost(Duration.ofSeconds(30))
        .until(this::answers);
  }

  private boolean answers() {
    try (Jedis jedis = new Jedis("127.0.0.1", port)) {
      jedis.ping();
      return true;
    } catch (JedisException e) {
      // Whoever asks for a password answers, too.
      return String.valueOf(e.getMessage()).contains("NOAUTH");
    }
  }

  /** A client of its own, for what a test does to the server. */
  public Jedis client() {
    return new Jedis("127.0.0.1", port);
  }

  /** As {@code kill -9} does. */
  public void kill() {
    process.destroyForcibly();
    try {
      process.waitFor(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
