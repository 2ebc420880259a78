package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The formatter breaks comments of more than 100 columns, and never joins their lines again. */
class CommentsTest {

  @Test
  void noLineOfACommentHasOneOrTwoWordsBetweenTwoOthers() throws IOException {
    List<String> broken = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        List<String> lines = Files.readAllLines(file);
        for (int i = 1; i < lines.size() - 1; i++) {
          boolean isFull = isComment(lines.get(i - 1)) && lines.get(i - 1).length() > 70;
          if (isFull && isShort(lines.get(i)) && isComment(lines.get(i + 1))) {
            broken.add(file + ":" + (i + 1));
          }
        }
      }
    }
    assertEquals(List.of(), broken, "write at most 96 columns a line");
  }

  private static boolean isComment(String line) {
    return line.strip().startsWith("// ");
  }

  private static boolean isShort(String line) {
    return isComment(line) && line.strip().split(" +").length <= 3;
  }
}
