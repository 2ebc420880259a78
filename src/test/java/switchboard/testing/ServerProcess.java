package switchboard.testing;

import static org.awaitility.Awaitility.with;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server in a process of its own, that a test may kill. */
public final class ServerProcess implements AutoCloseable {

  private static final Path FOLDER = Path.of("target/nodes").toAbsolutePath();
  private static final String SMALL = "-Xmx256m";

  private final int port;
  private final Path log;
  private final Process process;

  private ServerProcess(int port, Path log, Process process) {
    this.port = port;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts Payara Micro; {@link #isReady} says when it is there.
   *
   * @param war which application; it is found at {@code /switchboard/}
   * @param environment what it is told beside what these tests are told
   */
  public static ServerProcess micro(int port, Path war, Map<String, String> environment) {
    Map<String, String> all = new HashMap<>(System.getenv());
    all.put("SWITCHBOARD_ACCESS_OPEN", "*");
    all.putAll(environment);
    return micro(port, war, all, SMALL);
  }

  /**
   * The same, told nothing of what these tests are told.
   *
   * @param heap the option of Java that says how much it may have
   */
  public static ServerProcess micro(
      int port, Path war, Map<String, String> environment, String heap) {
    try {
      Path deployed = copy(war, FOLDER);
      ProcessBuilder builder =
          new ProcessBuilder(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  heap,
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
      return start(port, builder, environment);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the other tests run in WildFly. */
  public static boolean isWildFly() {
    return System.getProperty("arquillian.launch", "").equals("wildfly");
  }

  /** Starts the server of the other tests, WildFly, or else Payara Micro, as those do. */
  public static ServerProcess likeOthers(
      int port, Path war, Map<String, String> environment, String heap) {
    return isWildFly()
        ? wildFly(port, Path.of(System.getProperty("server.home")), war, environment, heap)
        : micro(port, war, environment, heap);
  }

  /**
   * Starts WildFly, with a folder for this one, told nothing of what these tests are told.
   *
   * @param home where it is
   */
  private static ServerProcess wildFly(
      int port, Path home, Path war, Map<String, String> environment, String heap) {
    try {
      Path base = FOLDER.resolve("wildfly-" + port);
      Folders.delete(base); // what an earlier one had deployed would be replaced while it starts
      for (String folder : List.of("configuration", "deployments")) {
        Files.createDirectories(base.resolve(folder));
      }
      try (var files = Files.list(home.resolve("standalone/configuration"))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          copy(file, base.resolve("configuration"));
        }
      }
      // What other tests have deployed is not in this one's folder.
      Path configuration = base.resolve("configuration/standalone.xml");
      Files.writeString(
          configuration,
          Files.readString(configuration).replaceFirst("(?s)<deployments>.*</deployments>", ""));
      copy(war, base.resolve("deployments"));
      ProcessBuilder builder =
          new ProcessBuilder(
              List.of(
                  home.resolve("bin/standalone.sh").toString(),
                  "-Djboss.server.base.dir=" + base,
                  "-Djboss.bind.address=127.0.0.1",
                  "-Djboss.bind.address.management=127.0.0.1",
                  "-Djboss.http.port=" + port,
                  "-Djboss.https.port=" + (port + 200),
                  "-Djboss.management.http.port=" + (port + 300),
                  "-Djboss.management.https.port=" + (port + 400)));
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      // The script tells the server what it is told; else it would end alone.
      builder.environment().put("LAUNCH_JBOSS_IN_BACKGROUND", "true");
      builder.environment().put("JBOSS_HOME", home.toAbsolutePath().toString());
      builder
          .environment()
          .put(
              "JAVA_OPTS",
              heap + " -XX:+UseSerialGC -Djava.net.preferIPv4Stack=true -Djava.awt.headless=true");
      return start(port, builder, environment);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path copy(Path file, Path folder) throws IOException {
    Files.createDirectories(folder);
    String name = file.getFileName().toString().replaceFirst("^.*\\.war$", "switchboard.war");
    return Files.copy(file, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
  }

  private static ServerProcess start(
      int port, ProcessBuilder builder, Map<String, String> environment) throws IOException {
    builder.environment().keySet().removeIf(name -> name.startsWith("SWITCHBOARD_"));
    builder.environment().putAll(environment);
    Path log = FOLDER.resolve("node-" + port + ".log");
    Files.createDirectories(FOLDER);
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    return new ServerProcess(port, log, builder.start());
  }

  /** What it has written so far. */
  public String log() throws IOException {
    return Files.readString(log, StandardCharsets.ISO_8859_1);
  }

  /** Stops it in its tracks, as when its machine sleeps, or lets it go on. */
  public void suspend(boolean isSuspended) throws IOException, InterruptedException {
    String signal = isSuspended ? "-STOP" : "-CONT";
    new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
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

  /** Deploys the application of a WildFly again; {@link #isReady} says when it is there. */
  public void redeploy() throws IOException {
    Path deployments = FOLDER.resolve("wildfly-" + port).resolve("deployments");
    // Its scanner deploys a file that is newer, and gives the marker the file's time.
    FileTime now = FileTime.fromMillis(System.currentTimeMillis() / 1_000 * 1_000);
    Files.setLastModifiedTime(deployments.resolve("switchboard.war"), now);
    Path marker = deployments.resolve("switchboard.war.deployed");
    with()
        .await("the application was deployed again")
        .atMost(Duration.ofMinutes(2))
        .ignoreExceptions() // it is not there for a moment
        .until(() -> Files.getLastModifiedTime(marker).equals(now));
  }

  /** As {@code kill -9} does. */
  public void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly); // a script starts a server
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
