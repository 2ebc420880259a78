package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import switchboard.testing.Programs;
import switchboard.testing.ServerTest;

/** What README tells people to type does what README says. */
class ReadmeIT extends ServerTest {

  private static final Path README = Path.of("README.md");

  private List<String> curls() throws Exception {
    String root = http.root().toString().replaceAll("/$", "");
    return Files.readAllLines(README).stream()
        .filter(line -> line.startsWith("curl "))
        .map(line -> line.replace("http://localhost:8080/switchboard", root))
        .map(line -> line.replaceFirst("^curl ", "curl -sS --fail --max-time 20 "))
        .toList();
  }

  @Test
  void itsCommandsShowTheSameMessageByEveryTransport() throws Exception {
    Programs.require("curl", "bash");
    List<Process> streams = new ArrayList<>();
    List<File> outputs = new ArrayList<>();
    for (String command : curls()) {
      File output = new File("target/readme-" + outputs.size() + ".txt");
      outputs.add(output);
      Process process =
          new ProcessBuilder("bash", "-c", "exec " + command)
              .redirectErrorStream(true)
              .redirectOutput(output)
              .start();
      if (command.contains(" -N ")) {
        streams.add(process);
        await("the stream is open", () -> read(output).contains("retry:"));
      } else {
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), command);
        assertEquals(0, process.exitValue(), () -> command + "\n" + read(output));
      }
    }
    assertEquals(1, streams.size());
    await("the stream shows it", () -> read(outputs.get(1)).contains("[{\"hello\":\"world\"}]"));
    streams.forEach(Process::destroy);

    for (File answer : outputs.subList(3, outputs.size())) {
      assertTrue(read(answer).contains("[{\"hello\":\"world\"}]"), read(answer));
    }
    String next = read(outputs.get(3)).replaceAll("(?s).*Stream-Next-Offset: (\\S+).*", "$1");
    for (File output : List.of(outputs.get(1), outputs.get(4))) {
      assertTrue(read(output).contains(next), "the same offset " + next + " in " + read(output));
    }
  }

  @Test
  void itsLinksLeadToFilesThatAreThere() throws Exception {
    var links =
        java.util.regex.Pattern.compile("\\]\\(((?!http)[^)#]+)").matcher(Files.readString(README));
    boolean any = false;
    while (links.find()) {
      any = true;
      assertTrue(Files.exists(Path.of(links.group(1))), links.group(1));
    }
    assertTrue(any);
    assertFalse(Files.readString(README).contains("TODO"));
  }

  private static String read(File file) {
    try {
      return Files.readString(file.toPath());
    } catch (java.io.IOException e) {
      return "";
    }
  }
}
