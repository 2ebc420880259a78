package switchboard.channel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EndingTest {

  @Test
  void everyEndingIsARowOfTheOnePageOfEndings() throws IOException {
    String table =
        Arrays.stream(Ending.values())
            .map(
                e ->
                    "| `%s` | %d | %d | %s | %s. |"
                        .formatted(
                            e.slug(),
                            e.status(),
                            e.closeCode(),
                            e.retry() ? "yes" : "no",
                            e.title()))
            .collect(Collectors.joining("\n"));
    String documentation = Files.readString(Path.of("docs/reference/endings.md"));
    assertTrue(documentation.contains(table), "docs/reference/endings.md should contain\n" + table);
  }
}
