package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Http;
import switchboard.testing.Ports;
import switchboard.testing.Programs;
import switchboard.testing.ServerTest;

/** The application is replaced while clients listen: its logs start anew, and that is told. */
@ExtendWith(ArquillianExtension.class)
class RestartIT {

  private static final String NAME = "restarted";

  private final Http http = new Http(Ports.SWITCHBOARD);
  @ArquillianResource private Deployer deployer;

  @Deployment(name = NAME, managed = false, testable = false)
  public static WebArchive war() {
    return ServerTest.war();
  }

  @Test
  void clientsAreToldAndNotSilentlyWrong() throws Exception {
    Programs.require("node", "npm");
    NodeIT.installTheClients();
    deployer.deploy(NAME);
    List<Client> clients = new ArrayList<>();
    try {
      http.put("news", "application/json");
      http.append("news", "[1,2,3]");
      Client durable = start("restart", clients);
      Client own = start("restart-switchboard", clients);
      for (Client client : clients) {
        ServerTest.await("all have heard all", () -> client.said().contains("ready"));
      }

      deployer.undeploy(NAME);
      deployer.deploy(NAME);
      assertEquals(404, http.get("channels/news").status(), "the log is in memory");
      http.put("news", "application/json");
      http.append("news", "[4,5,6]");

      for (Client client : clients) {
        assertTrue(client.process().waitFor(60, TimeUnit.SECONDS), client::said);
      }
      for (String mode : new String[] {"catch-up", "long-poll", "sse"}) {
        assertTold(durable, mode + ": heard 1,2,3 told (404|410)");
      }
      assertTold(durable, "catch-up: heard 1,2,3 told 410");
      for (String name : new String[] {"webSocket", "eventStream", "longPoll", "poll", "best"}) {
        assertTold(own, name + ": heard 1,2,3,reset epoch,4,5,6");
      }
    } finally {
      clients.forEach(client -> client.process().destroy());
      deployer.undeploy(NAME);
    }
  }

  /** A program that listens while the server is restarted, and what it prints. */
  private record Client(Process process, File output) {
    String said() {
      return read(output);
    }
  }

  private Client start(String program, List<Client> clients) throws Exception {
    File output = new File("target/node-" + program + ".log");
    Process process =
        new ProcessBuilder("node", program + ".mjs", http.uri("channels/news").toString())
            .directory(new File("src/test/node"))
            .redirectErrorStream(true)
            .redirectOutput(output)
            .start();
    Client client = new Client(process, output);
    clients.add(client);
    return client;
  }

  private static void assertTold(Client client, String line) {
    assertTrue(client.said().lines().anyMatch(said -> said.matches(line)), client::said);
  }

  private static String read(File file) {
    try {
      return Files.readString(file.toPath());
    } catch (java.io.IOException e) {
      return e.toString();
    }
  }
}
