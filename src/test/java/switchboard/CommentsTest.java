package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The formatter breaks a comment that is too wide, and leaves the rest of its line alone. */
class CommentsTest {

  private static final Pattern BROKEN =
      Pattern.compile("(?m)^ *//[^\\n]*\\n *// ?(\\S+(?: \\S+)?)\\n(?= *//)");

  @Test
  void noLineOfOneOrTwoWordsStandsBetweenTwoOthersOfAComment() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path root : List.of(Path.of("src"), Path.of("bench"))) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          Matcher matcher = BROKEN.matcher(Files.readString(file));
          while (matcher.find()) {
            broken.add(file + ": // " + matcher.group(1));
          }
        }
      }
    }
    assertEquals(List.of(), broken, "write these comments anew, at most 96 columns wide");
  }
}
