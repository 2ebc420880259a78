package switchboard.testing;

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
import org.junit.jupiter.api.Assumptions;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.embedded.core.ExecutableProvider;

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

  /**
   * The machine's own {@code redis-server}, or where it has none, or {@code
   * SWITCHBOARD_REDIS=embedded} says so, the Redis 6.2 that comes with the tests.
   */
  public static final String PROGRAM = program();

  private static String program() {
    if (!isEmbedded() && Programs.isThere("redis-server")) {
      return "redis-server";
    }
    try {
      return ExecutableProvider.newJarResourceProvider().get().getAbsolutePath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isEmbedded() {
    return "embedded".equals(System.getenv("SWITCHBOARD_REDIS"));
  }

  /**
   * For a test of what the Redis 6.2 that comes with the tests cannot do: skips it where there is
   * no other, and fails it where {@code CI=true}, unless that one is asked for.
   */
  public static void requireTheMachinesOwn() {
    Assumptions.assumeFalse(isEmbedded(), "SWITCHBOARD_REDIS=embedded");
    Programs.require("redis-server");
  }

  /** Starts one. */
  public static RedisServer start(String... options) {
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

  /** A port that nobody listens to, and that leaves room for the other port of a Redis Cluster. */
  public static int freePort() {
    int port = anyFreePort();
    while (port >= 55_000) {
      port = anyFreePort();
    }
    return port;
  }

  private static int anyFreePort() {
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
                PROGRAM,
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

  /** It stands still, and its sockets stay: as {@code kill -STOP} does. */
  public void pause() {
    signal("-STOP");
  }

  /** It goes on: as {@code kill -CONT} does. */
  public void resume() {
    signal("-CONT");
  }

  private void signal(String signal) {
    try {
      new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
