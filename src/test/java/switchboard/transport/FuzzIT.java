package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Jazzer looks for input that is neither understood nor refused, guided by which code it reaches.
 * Some seconds each in a build; longer by hand: {@code mvn verify -Dit.test=FuzzIT
 * -Dfuzz.seconds=600}.
 */
class FuzzIT {

  private static final int SECONDS = Integer.getInteger("fuzz.seconds", 6);

  @ParameterizedTest
  @ValueSource(strings = {"Offsets", "Names", "JsonAppends", "Queries", "Commands"})
  void nothingThatComesInIsNeitherUnderstoodNorRefused(String kind) throws Exception {
    // Kept from run to run, so that the next one begins where this one got to.
    Path corpus = Path.of("target", "fuzz", kind).toAbsolutePath();
    Files.createDirectories(corpus);
    File log = new File("target/fuzz-" + kind + ".log");
    Process jazzer =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx512m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=switchboard.transport.Fuzz$" + kind,
                "--instrumentation_includes=switchboard.**:org.eclipse.parsson.**",
                "--reproducer_path=target/fuzz",
                "-artifact_prefix=target/fuzz/",
                "-max_total_time=" + SECONDS,
                "-max_len=4096",
                corpus.toString())
            .redirectErrorStream(true)
            .redirectOutput(log)
            .start();
    if (!jazzer.waitFor(SECONDS + 120, TimeUnit.SECONDS)) {
      jazzer.destroy();
    }
    List<String> lines = Files.readAllLines(log.toPath());
    String tail = String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    assertEquals(0, jazzer.waitFor(), tail);
    lines.stream()
        .filter(line -> line.startsWith("Done "))
        .forEach(line -> System.out.println(kind + ": " + line));
  }
}
