package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Issuer;
import switchboard.testing.Ports;
import switchboard.testing.ServerTest;

/**
 * {@code switchboard.js} with a token, against a server that wants one; see {@code src/test/node}.
 */
@ExtendWith(ArquillianExtension.class)
@Tag("node")
class TokenClientIT {

  @Deployment(testable = false)
  public static WebArchive war() {
    List<String> settings = new ArrayList<>(Issuer.TRUST);
    settings.add("switchboard.token.timeout=PT1S");
    return ServerTest.warWith(settings.toArray(String[]::new));
  }

  @BeforeAll
  static void installTheClients() throws Exception {
    NodeIT.installTheClients();
  }

  @Test
  void theModuleCarriesItsTokenOverEveryTransportAndAsksForAnotherInTime() throws Exception {
    Map<String, String> issuer =
        Map.of(
            "TOKEN_SECRET", Issuer.SECRET,
            "TOKEN_ISSUER", Issuer.NAME,
            "TOKEN_AUDIENCE", Issuer.AUDIENCE);
    String root = "http://" + Ports.AUTHORITY + "/switchboard";
    int status =
        NodeIT.run(
            "token", root, issuer, "npx", "vitest", "run", "token.test.mjs", "--maxConcurrency=42");
    assertEquals(0, status, () -> NodeIT.tail(Path.of("target/node-token.log")));
  }
}
