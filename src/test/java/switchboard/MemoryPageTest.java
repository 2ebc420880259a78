package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Whatever can grow is in a row of docs/reference/memory.md, with its bound and a test that is
 * there.
 */
class MemoryPageTest {

  /**
   * A field of an object, not of a class, that holds as much as is put into it. Deeper than in the
   * outermost class, only what is private is a field for certain.
   */
  private static final Pattern GROWING =
      Pattern.compile(
          "^(?:  |    +(?=private ))(?:private )?(?:final |volatile |transient )*"
              + "(?:\\w*(?:Map|Set|Queue|Deque|List|Collection|Cache|Table)<.*>|StringBuilder"
              + "|SoftReference<.*>|byte\\[]|long\\[]|byte\\[]\\[]) (\\w+)(?: =.*|;)$");

  private static final Pattern FIELD = Pattern.compile("`(\\w+)\\.(\\w+)`");

  private final List<String> rows = rows();

  private static List<String> rows() {
    try {
      return Files.readAllLines(Path.of("docs/reference/memory.md")).stream()
          .filter(line -> line.startsWith("| `"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> sources(String folder) {
    try (Stream<Path> files = Files.walk(Path.of(folder))) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.endsWith("package-info.java"))
          .collect(
              Collectors.toMap(
                  file -> file.getFileName().toString().replace(".java", ""),
                  file -> {
                    try {
                      return Files.readString(file);
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  },
                  String::concat)); // two packages may have a class of the same name
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The fields that can grow, as {@code Class.field}. */
  private static Set<String> growing() {
    Set<String> growing = new TreeSet<>();
    sources("src/main/java")
        .forEach(
            (name, source) ->
                source
                    .lines()
                    .map(GROWING::matcher)
                    .filter(Matcher::matches)
                    .forEach(field -> growing.add(name + "." + field.group(1))));
    return growing;
  }

  @Test
  void everythingThatCanGrowIsInARow() {
    Set<String> named = new TreeSet<>();
    for (String row : rows) {
      Matcher field = FIELD.matcher(row.split("\\|")[1]);
      while (field.find()) {
        named.add(field.group(1) + "." + field.group(2));
      }
    }
    Set<String> growing = growing();
    Set<String> missing = new TreeSet<>(growing);
    missing.removeAll(named);
    assertEquals(Set.of(), missing, "docs/reference/memory.md has no row for what can grow");
    Set<String> gone = new TreeSet<>(named);
    gone.removeAll(growing);
    assertEquals(Set.of(), gone, "docs/reference/memory.md has rows for what is not there");
  }

  @Test
  void everyRowNamesATestThatIsThere() {
    Map<String, String> tests = sources("src/test/java");
    List<String> missing = new ArrayList<>();
    for (String row : rows) {
      String[] cells = row.split("\\|");
      Matcher test = FIELD.matcher(cells[cells.length - 1]);
      boolean isNamed = cells[cells.length - 1].strip().equals("–");
      while (test.find()) {
        isNamed = true;
        if (!tests.getOrDefault(test.group(1), "").contains("void " + test.group(2) + "(")) {
          missing.add(test.group());
        }
      }
      if (!isNamed) {
        missing.add("no test in: " + row);
      }
    }
    assertEquals(List.of(), missing);
  }
}
