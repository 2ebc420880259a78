package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Jazzer looks for input that is neither understood nor refused, guided by which code it reaches.
 * Some seconds each in a build; longer by hand: {@code mvn verify -Dit.test=FuzzIT
 * -Dfuzz.seconds=600}.
 */
@Tag("fuzz")
class FuzzIT {

  private static final int SECONDS = Integer.getInteger("fuzz.seconds", 6);
  private static final List<String> KINDS =
      List.of("Offsets", "Names", "JsonAppends", "Queries", "Commands");

  // Each takes one core, so two at a time.
  private static final ExecutorService RUNS = Executors.newFixedThreadPool(2);
  private static Map<String, Future<Integer>> status;

  @BeforeAll
  static void beginAll() {
    status =
        KINDS.stream()
            .collect(Collectors.toMap(Function.identity(), kind -> RUNS.submit(() -> run(kind))));
  }

  @AfterAll
  static void end() {
    RUNS.shutdownNow();
  }

  static Stream<String> kinds() {
    return KINDS.stream();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void nothingThatComesInIsNeitherUnderstoodNorRefused(String kind) throws Exception {
    int ended = status.get(kind).get();
    List<String> lines = Files.readAllLines(log(kind).toPath());
    String tail = String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    assertEquals(0, ended, tail);
    lines.stream()
        .filter(line -> line.startsWith("Done "))
        .forEach(line -> System.out.println(kind + ": " + line));
  }

  private static File log(String kind) {
    return new File("target/fuzz-" + kind + ".log");
  }

  private static int run(String kind) throws IOException, InterruptedException {
    // Kept from run to run, so that the next one begins where this one got to.
    Path corpus = Path.of("target", "fuzz", kind).toAbsolutePath();
    Files.createDirectories(corpus);
    Process jazzer =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx512m",
                // There sooner and on one core; as many runs in these seconds.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                classPath(),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=switchboard.transport.Fuzz$" + kind,
                "--instrumentation_includes=switchboard.**:org.eclipse.parsson.**",
                "--reproducer_path=target/fuzz",
                "-artifact_prefix=target/fuzz/",
                "-max_total_time=" + SECONDS,
                "-max_len=4096",
                corpus.toString())
            .redirectErrorStream(true)
            .redirectOutput(log(kind))
            .start();
    try {
      if (!jazzer.waitFor(SECONDS + 120, TimeUnit.SECONDS)) {
        jazzer.destroy();
      }
      return jazzer.waitFor();
    } finally {
      jazzer.destroyForcibly();
    }
  }

  /** Without the server, of which Jazzer would read all 120 MB first. */
  private static String classPath() {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Stream.of(all.split(File.pathSeparator))
        .filter(entry -> !entry.contains("payara-embedded-all"))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
