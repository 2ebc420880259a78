package switchboard;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

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
            + " EJB Lite). It needs the Web Profile of Jakarta EE 10; see"
            + " docs/servers.md",
        message);
  }
}
