package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the repository's pages and sources name is there: files, and headings in them. */
class LinksTest {

  private static final Set<String> NOT_OURS = Set.of(".git", "target", "node_modules");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(([^)\\s]+)\\)");
  private static final Pattern REFERENCE = Pattern.compile("(?m)^\\[[^\\]]+]: +(\\S+)$");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*?) *$");
  private static final Pattern CODE_BLOCK = Pattern.compile("(?ms)^ *```.*?^ *```$");
  private static final Pattern PAGE = Pattern.compile("\\bdocs/[\\w/-]+\\.md\\b");

  @Test
  void everyRelativeLinkOfAPageLeadsToAFileAndToAHeadingInIt() throws IOException {
    List<String> broken = new ArrayList<>();
    int links = 0;
    for (Path page : files(".md")) {
      String text = CODE_BLOCK.matcher(Files.readString(page)).replaceAll("");
      for (String target : targets(text)) {
        links++;
        String[] parts = target.split("#", 2);
        Path file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
        if (!Files.exists(file)) {
          broken.add(page + ": " + target + ": there is no file " + file);
        } else if (parts.length == 2 && !anchors(file).contains(parts[1])) {
          broken.add(page + ": " + target + ": " + file + " has no such heading");
        }
      }
    }
    assertEquals(List.of(), broken);
    assertTrue(links > 100, links + " links");
  }

  @Test
  void everyPageThatAnErrorACommentOrAScriptNamesIsThere() throws IOException {
    Set<String> missing = new TreeSet<>();
    int named = 0;
    for (Path source :
        files(".java", ".js", ".mjs", ".html", ".conf", ".cfg", ".xml", ".cli", "")) {
      Matcher page = PAGE.matcher(Files.readString(source));
      while (page.find()) {
        named++;
        if (!Files.exists(Path.of(page.group()))) {
          missing.add(source + ": " + page.group());
        }
      }
    }
    assertEquals(Set.of(), missing);
    assertTrue(named > 20, named + " pages named");
  }

  @Test
  void theIndexHasEveryPage() throws IOException {
    Path docs = Path.of("docs");
    Set<Path> listed =
        targets(Files.readString(docs.resolve("README.md"))).stream()
            .map(target -> docs.resolve(target).normalize())
            .collect(Collectors.toSet());
    assertEquals(
        List.of(),
        files(".md").stream()
            .filter(page -> page.startsWith(docs) && !page.endsWith("README.md"))
            .filter(page -> !listed.contains(page))
            .toList());
  }

  private static List<String> targets(String text) {
    return Stream.of(LINK, REFERENCE)
        .flatMap(pattern -> pattern.matcher(text).results())
        .map(link -> link.group(1))
        .filter(target -> !target.matches("[a-z]+:.*"))
        .toList();
  }

  /** The anchors of a page's headings, as the hosting sites of repositories make them. */
  private static Set<String> anchors(Path page) throws IOException {
    String text = CODE_BLOCK.matcher(Files.readString(page)).replaceAll("");
    Map<String, Integer> seen = new HashMap<>();
    return HEADING
        .matcher(text)
        .results()
        .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\p{N}_\\- ]", "").replace(' ', '-'))
        .map(
            anchor ->
                seen.merge(anchor, 1, Integer::sum) == 1
                    ? anchor
                    : anchor + "-" + (seen.get(anchor) - 1))
        .collect(Collectors.toSet());
  }

  /** The files of the repository whose names end so; an empty ending means names without a dot. */
  private static List<Path> files(String... endings) throws IOException {
    Set<String> wanted = Set.of(endings);
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        Path.of(""),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            Path name = directory.getFileName();
            return name != null && NOT_OURS.contains(name.toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = file.getFileName().toString();
            if (wanted.contains(name.contains(".") ? name.substring(name.lastIndexOf('.')) : "")) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }
}
