package switchboard;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import switchboard.config.HttpAdapter;

class RequirementsTest {

  @Test
  void aServerThatHasAllIsTaken() {
    assertDoesNotThrow(() -> Requirements.require(true, true));
  }

  @Test
  void everythingThatIsMissingIsToldAtOnce() {
    String message =
        assertThrows(IllegalStateException.class, () -> Requirements.require(false, false))
            .getMessage();
    assertEquals(
        "Switchboard cannot run here: this server has no WebSocket (jakarta.websocket) and no EJB (jakarta.ejb,"
            + " EJB Lite). It needs the Web Profile of Jakarta EE 10 or 11; see"
            + " docs/guide/servers.md",
        message);
  }

  @Test
  void theServletAdapterRunsEverywhere() {
    assertDoesNotThrow(() -> Requirements.requireAdapter(HttpAdapter.SERVLET, true, false));
    assertDoesNotThrow(() -> Requirements.requireAdapter(HttpAdapter.JAX_RS, false, true));
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, this server has no JAX-RS (jakarta.ws.rs)",
    "true, true, switchboard-embedded.jar has no JAX-RS resource"
  })
  void anAdapterThatTheServerCannotCarryIsRefused(boolean isEmbedded, boolean hasRest, String why) {
    String message =
        assertThrows(
                IllegalStateException.class,
                () -> Requirements.requireAdapter(HttpAdapter.JAX_RS, isEmbedded, hasRest))
            .getMessage();
    assertEquals("switchboard.http.adapter = \"jax-rs\": %s; use servlet".formatted(why), message);
  }
}
