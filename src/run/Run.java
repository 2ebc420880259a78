import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The run command, <code>mvn -Prun</code>: checks, builds the executable JAR with a Maven of its
 * own whose output goes to a file, and starts it. It ends, with what it started, when Maven ends.
 */
final class Run {
  private static final Path DIRECTORY = Paths.get("target", "run");
  private static final Path BUILD_LOG = DIRECTORY.resolve("build.log");
  private static final Duration CERTIFICATE_LIFE = Duration.ofDays(29);

  /** Payara Micro, the executable JAR and the WAR: 225 MB. */
  private static final long NEEDED_BYTES = 250_000_000;

  private static final int MAX_ERROR_LINES = 4;

  private static volatile Process child;

  public static void main(String[] args) throws Exception {
    Runtime.getRuntime().addShutdownHook(new Thread(Run::endChild));
    // Maven ends without ending what it started, whether it is told to or killed.
    ProcessHandle.current()
        .parent()
        .ifPresent(maven -> maven.onExit().thenRunAsync(() -> System.exit(0)));
    try {
      Files.createDirectories(DIRECTORY);
    } catch (IOException e) {
      // said below
    }
    if (!Files.isWritable(DIRECTORY)) {
      say("The directory " + DIRECTORY.toAbsolutePath() + " cannot be written to.");
      System.exit(1);
    }
    checkSpace();
    List<String> options = options();
    orExit(
        start(javaCommand("-Xmx64m", "src/run/switchboard/run/Launcher.java", "--check"), options)
            .inheritIO());
    say("Building Switchboard; the first time takes minutes. The log is " + BUILD_LOG);
    build();
    say("Starting the server. The log is " + DIRECTORY.resolve("server.log"));
    orExit(
        start(
                javaCommand(
                    "-Xmx512m",
                    "-jar",
                    property("run.jar"),
                    "--end-with",
                    Long.toString(ProcessHandle.current().pid())),
                options)
            .inheritIO());
  }

  private static void checkSpace() {
    long free = DIRECTORY.toFile().getUsableSpace();
    if (free < NEEDED_BYTES && !Files.exists(Paths.get(property("run.jar")))) {
      say(
          "There is no space: the build needs "
              + NEEDED_BYTES / 1_000_000
              + " MB in "
              + DIRECTORY.toAbsolutePath()
              + ", and "
              + free / 1_000_000
              + " MB are free.");
      System.exit(1);
    }
  }

  private static List<String> options() throws Exception {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--lab",
                "--port",
                property("port"),
                "--log",
                DIRECTORY.resolve("server.log").toString()));
    if (!property("https").equals("false")) {
      String keystore = property("https.keystore");
      options.addAll(
          List.of(
              "--https-port",
              property("https.port"),
              "--keystore",
              keystore.isEmpty() ? developmentCertificate() : keystore));
      if (!property("https.alias").isEmpty()) {
        options.addAll(List.of("--alias", property("https.alias")));
      }
    }
    return options;
  }

  /** A certificate for this machine alone, made anew before it expires. */
  private static String developmentCertificate() throws Exception {
    Path file = DIRECTORY.resolve("development.p12");
    if (Files.exists(file)
        && Files.getLastModifiedTime(file)
            .toInstant()
            .plus(CERTIFICATE_LIFE)
            .isBefore(Instant.now())) {
      Files.delete(file);
    }
    if (!Files.exists(file)) {
      List<String> keytool =
          new ArrayList<>(
              List.of(Paths.get(System.getProperty("java.home"), "bin", "keytool").toString()));
      keytool.addAll(
          List.of(
              ("-genkeypair -alias development -storetype PKCS12 -storepass changeit -keyalg EC"
                      + " -groupname secp256r1 -dname CN=localhost -ext san=dns:localhost,ip:127.0.0.1"
                      + " -validity 30 -keystore")
                  .split(" ")));
      keytool.add(file.toString());
      orExit(new ProcessBuilder(keytool).inheritIO());
    }
    return file.toString();
  }

  private static void build() throws Exception {
    boolean windows = File.separatorChar == '\\';
    List<String> maven =
        new ArrayList<>(
            List.of(
                Paths.get(property("maven.home"), "bin", windows ? "mvn.cmd" : "mvn").toString(),
                "-B",
                "-Prun",
                "-Dmaven.repo.local=" + property("repository"),
                "-Dversion.payara.run=" + property("version.payara.run")));
    if (property("offline").equals("true")) {
      maven.add("-o");
    }
    maven.addAll(List.of(property("goals").split(" ")));
    ProcessBuilder builder =
        new ProcessBuilder(maven).redirectErrorStream(true).redirectOutput(BUILD_LOG.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    int status = await(builder);
    if (status != 0) {
      // not Files.lines, which ends with an exception if Maven writes another encoding
      new String(Files.readAllBytes(BUILD_LOG), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.matches("\\[ERROR\\] (?!-> |COMPILATION ERROR|To see ).*\\S.*"))
          .limit(MAX_ERROR_LINES)
          .forEach(line -> say(line.substring("[ERROR] ".length())));
      say("The build failed. The log is " + BUILD_LOG);
      System.exit(1);
    }
  }

  private static ProcessBuilder start(List<String> command, List<String> options) {
    command.addAll(options);
    return new ProcessBuilder(command);
  }

  private static List<String> javaCommand(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(Paths.get(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  private static void orExit(ProcessBuilder builder) throws Exception {
    int status = await(builder);
    if (status != 0) {
      System.exit(status);
    }
  }

  private static int await(ProcessBuilder builder) throws Exception {
    try {
      child = builder.start();
    } catch (IOException e) {
      say(e.getMessage());
      System.exit(1);
    }
    return child.waitFor();
  }

  private static void endChild() {
    Process process = child;
    if (process == null) {
      return;
    }
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String property(String name) {
    return System.getProperty(name, "");
  }

  private static void say(String line) {
    System.out.println(line);
  }

  private Run() {}
}
