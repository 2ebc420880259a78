package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The application is replaced while clients listen: its logs start anew, and that is told. */
@ExtendWith(ArquillianExtension.class)
class RestartIT {

  private static final String NAME = "restarted";

  private final Http http = new Http(URI.create("http://127.0.0.1:18080/switchboard/"));
  @ArquillianResource private Deployer deployer;

  @Deployment(name = NAME, managed = false, testable = false)
  public static WebArchive war() {
    return ServerTest.war();
  }

  @Test
  void theProtocolsOwnClientIsToldAndNotSilentlyWrong() throws Exception {
    Programs.require("node", "npm");
    NodeIT.installTheClients();
    deployer.deploy(NAME);
    File output = new File("target/node-restart.log");
    Process client = null;
    try {
      http.put("news", "application/json");
      http.append("news", "[1,2,3]");
      client =
          new ProcessBuilder("node", "restart.mjs", http.uri("channels/news").toString())
              .directory(new File("src/test/node"))
              .redirectErrorStream(true)
              .redirectOutput(output)
              .start();
      ServerTest.await(
          "all modes have heard all", () -> Files.readString(output.toPath()).contains("ready"));

      deployer.undeploy(NAME);
      deployer.deploy(NAME);
      assertEquals(404, http.get("channels/news").status(), "the log is in memory");
      http.put("news", "application/json");
      http.append("news", "[4,5,6]");

      assertTrue(client.waitFor(60, TimeUnit.SECONDS), () -> read(output));
      String told = read(output);
      for (String mode : new String[] {"catch-up", "long-poll", "sse"}) {
        assertTrue(told.matches("(?s).*%s: heard 1,2,3 told (404|410).*".formatted(mode)), told);
      }
      assertTrue(told.contains("catch-up: heard 1,2,3 told 410"), told);
    } finally {
      if (client != null) {
        client.destroy();
      }
      deployer.undeploy(NAME);
    }
  }

  private static String read(File file) {
    try {
      return Files.readString(file.toPath());
    } catch (java.io.IOException e) {
      return e.toString();
    }
  }
}
