package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Arrows between packages point inward, as the root package's documentation says. */
class PackagesTest {

  private static final Path ROOT = Path.of("src/main/java/switchboard");
  private static final Map<String, Set<String>> MAY_KNOW =
      Map.ofEntries(
          Map.entry("log", Set.of()),
          Map.entry("config", Set.of()),
          Map.entry("time", Set.of()),
          Map.entry("access", Set.of("config", "time")),
          Map.entry("channel", Set.of("log", "time")),
          Map.entry("http", Set.of()),
          Map.entry("publish", Set.of("log", "channel", "config", "http")),
          Map.entry(
              "transport", Set.of("log", "channel", "publish", "access", "config", "time", "http")),
          Map.entry("timer", Set.of("log", "channel", "publish", "access", "config", "time")),
          Map.entry("redis", Set.of("log", "channel", "config", "time")),
          Map.entry("metrics", Set.of("channel", "transport", "config", "time")),
          Map.entry(
              "lab", Set.of("log", "channel", "publish", "transport", "timer", "config", "time")));
  private static final Set<String> PLAIN_JAVA = Set.of("log", "channel", "time");
  private static final Pattern IMPORT =
      Pattern.compile("(?m)^import (?:static )?(jakarta|io|switchboard\\.(\\w+))\\.");
  // Whoever else knew them would have to change with them.
  private static final Pattern MICROMETER = Pattern.compile("(?m)^import io\\.micrometer\\.");

  @Test
  void everyPackageKnowsOnlyWhatItMay() throws IOException {
    List<String> offences = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT, 2)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        String from = file.getParent().getFileName().toString();
        if (MAY_KNOW.containsKey(from)) {
          check(from, file, offences);
        }
      }
    }
    assertEquals(List.of(), offences);
  }

  private static void check(String from, Path file, List<String> offences) throws IOException {
    Matcher imports = IMPORT.matcher(Files.readString(file));
    while (imports.find()) {
      String to = imports.group(2);
      boolean isAllowed =
          to == null
              ? !PLAIN_JAVA.contains(from)
              : to.equals(from) || MAY_KNOW.get(from).contains(to);
      if (!isAllowed) {
        offences.add(file + " imports " + imports.group(1));
      }
    }
  }

  @Test
  void onlyTheMetricsKnowMicrometer() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        boolean knows = MICROMETER.matcher(Files.readString(file)).find();
        assertEquals(true, !knows || file.getParent().endsWith("metrics"), file.toString());
      }
    }
  }

  @Test
  void everyPackageIsInTheMapAndDocumented() throws IOException {
    try (Stream<Path> folders = Files.list(ROOT).filter(Files::isDirectory)) {
      for (Path folder : folders.toList()) {
        assertEquals(
            true, MAY_KNOW.containsKey(folder.getFileName().toString()), folder + " is new");
        assertEquals(true, Files.exists(folder.resolve("package-info.java")), folder.toString());
      }
    }
  }
}
