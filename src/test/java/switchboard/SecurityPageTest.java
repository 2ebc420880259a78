package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tests that docs/explain/security.md says hold something are there. */
class SecurityPageTest {

  private static final Pattern NAMED = Pattern.compile("`(\\w+(?:Test|IT))(?:\\.(\\w+))?`");

  @Test
  void everyRowNamesATestThatIsThere() throws IOException {
    Map<String, String> tests;
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      tests =
          files
              .filter(file -> file.toString().matches(".*(Test|IT)\\.java"))
              .collect(
                  Collectors.toMap(
                      file -> file.getFileName().toString().replace(".java", ""),
                      SecurityPageTest::read));
    }
    List<String> missing = new ArrayList<>();
    List<String> rows =
        Files.readAllLines(Path.of("docs/explain/security.md")).stream()
            .filter(line -> line.startsWith("| ") && !line.startsWith("| attempt"))
            .toList();
    for (String row : rows) {
      Matcher named = NAMED.matcher(row);
      boolean isNamed = false;
      while (named.find()) {
        isNamed = true;
        String source = tests.getOrDefault(named.group(1), "");
        String method = named.group(2);
        if (source.isEmpty() || (method != null && !source.contains("void " + method + "("))) {
          missing.add(named.group());
        }
      }
      if (!isNamed) {
        missing.add("no test in: " + row);
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(rows.size() > 20, rows.size() + " rows");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
