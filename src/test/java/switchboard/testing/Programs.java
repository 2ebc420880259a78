package switchboard.testing;

import java.io.File;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** Programs that some tests use where the machine has them. */
public final class Programs {

  private Programs() {}

  /** Skips the test with one line where a program is missing; fails it where {@code CI=true}. */
  public static void require(String... programs) {
    List<String> missing = Stream.of(programs).filter(program -> !isThere(program)).toList();
    if (missing.isEmpty()) {
      return;
    }
    String line = "skipped: this machine has no " + String.join(", no ", missing);
    if ("true".equals(System.getenv("CI"))) {
      Assertions.fail(line + ", and CI=true allows no skipping");
    }
    System.out.println(line);
    Assumptions.abort(line);
  }

  /** Whether the machine has it. */
  public static boolean isThere(String program) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> new File(folder, program).canExecute());
  }
}
