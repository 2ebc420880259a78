package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.testing.Programs;
import switchboard.testing.ServerTest;

/** Clients from npm, that nobody here wrote, and switchboard.js; see {@code src/test/node}. */
@Tag("node")
@Tag("adapters")
class NodeIT extends ServerTest {

  private static final File FOLDER = new File("src/test/node");

  @BeforeAll
  static void installTheClients() throws Exception {
    Programs.require("node", "npm");
    // Not "npm ci": it refuses a lock file that names no registry where packages are optional.
    assertEquals(
        0, run("install", "", "npm", "install", "--no-save"), "see target/node-install.log");
  }

  /** All others, or what tells one HTTP adapter of the server from another. */
  static List<String> suites() {
    return "jax-rs".equals(System.getenv("SWITCHBOARD_HTTP_ADAPTER"))
        ? List.of("openapi", "asyncapi")
        : List.of(
            "clients", "switchboard", "wake", "lab", "readme", "openapi", "asyncapi", "nginx");
  }

  /** The conformance suite of Durable Streams. */
  @Test
  @Tag("quick")
  void theProtocolIsWhatItsSuiteExpects() throws Exception {
    theyWorkAgainstThisServer("conformance");
  }

  @ParameterizedTest
  @MethodSource("suites")
  void theyWorkAgainstThisServer(String suite) throws Exception {
    if (suite.equals("nginx")) {
      Programs.require("nginx");
    }
    String log = "target/node-" + suite + ".log";
    String root = http.root().toString().replaceAll("/$", "");
    int status = run(suite, root, "npx", "vitest", "run", suite + ".test.mjs");
    assertEquals(0, status, () -> tail(Path.of(log)));
  }

  static int run(String name, String root, String... command) throws Exception {
    return run(name, root, Map.of(), command);
  }

  static int run(String name, String root, Map<String, String> environment, String... command)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).directory(FOLDER);
    builder.environment().putAll(environment);
    builder.environment().put("SWITCHBOARD_URL", root);
    builder.redirectErrorStream(true).redirectOutput(new File("target/node-" + name + ".log"));
    Process process = builder.start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
    return process.waitFor();
  }

  static String tail(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    } catch (java.io.IOException e) {
      return e.toString();
    }
  }
}
