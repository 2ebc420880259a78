package switchboard.server;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One node of a cluster: Payara Micro in a process of its own, that a test may kill. */
public final class MicroServer implements AutoCloseable {

  private final int port;
  private final Process process;

  private MicroServer(int port, Process process) {
    this.port = port;
    this.process = process;
  }

  /**
   * Starts one; {@link #isReady} says when it is there.
   *
   * @param war which application; it is found at {@code /switchboard/}
   * @param environment what it is told beside what these tests are told
   */
  public static MicroServer start(int port, Path war, Map<String, String> environment) {
    try {
      Path folder = Files.createDirectories(Path.of("target/nodes"));
      Path deployed = folder.resolve("switchboard.war").toAbsolutePath();
      Files.copy(war, deployed, StandardCopyOption.REPLACE_EXISTING);
      ProcessBuilder builder =
          new ProcessBuilder(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:TieredStopAtLevel=1", // there sooner; what it does is little
                  "-XX:+UseSerialGC",
                  "-jar",
                  "target/payara-micro.jar",
                  "--nohazelcast",
                  "--disablephonehome",
                  "--logproperties",
                  "src/test/resources/logging.properties",
                  "--prebootcommandfile",
                  "src/run/preboot.txt",
                  "--port",
                  Integer.toString(port),
                  "--deploy",
                  deployed.toString()));
      builder.environment().put("SWITCHBOARD_ACCESS_OPEN", "*");
      builder.environment().putAll(environment);
      File log = new File(folder.toFile(), "node-" + port + ".log");
      return new MicroServer(port, builder.redirectErrorStream(true).redirectOutput(log).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public long pid() {
    return process.pid();
  }

  public int port() {
    return port;
  }

  /** Where the application is. */
  public URI root() {
    return URI.create("http://127.0.0.1:" + port + "/switchboard/");
  }

  /** Whether it says that clients may be sent. */
  public boolean isReady() {
    if (!process.isAlive()) {
      throw new IllegalStateException("node " + port + " ended; see target/nodes");
    }
    try {
      HttpURLConnection connection =
          (HttpURLConnection) root().resolve("health/ready").toURL().openConnection();
      connection.setConnectTimeout(1_000);
      connection.setReadTimeout(10_000);
      return connection.getResponseCode() == 200;
    } catch (IOException e) {
      return false;
    }
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

  /**
   * As {@code systemctl stop} does it: the node is asked to go, and may take its time.
   *
   * @throws IllegalStateException if it takes more than that
   */
  public void stop(Duration patience) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IllegalStateException("node " + port + " was asked to go and is still there");
    }
  }

  @Override
  public void close() {
    kill();
  }
}
