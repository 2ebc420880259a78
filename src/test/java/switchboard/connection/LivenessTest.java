package switchboard.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import switchboard.config.Settings;
import switchboard.time.Clocks;

class LivenessTest {

  private final Settings settings = new Settings(setting -> null, List.of());
  private final long interval = settings.millis(Settings.PING_INTERVAL);
  private final long timeout = settings.millis(Settings.PONG_TIMEOUT);
  private long now = 1_000;
  private final Liveness liveness =
      new Liveness(settings, new Clocks(() -> Instant.EPOCH, () -> now, () -> now));

  @Test
  void aPeerThatIsSilentIsAskedOnce() {
    assertFalse(liveness.takePing(now + interval - 1));
    assertTrue(liveness.takePing(now + interval));
    assertFalse(liveness.takePing(now + 2 * interval));
    assertEquals(interval, liveness.unheardMillis(now + interval));
  }

  @Test
  void anAnswerIsLateOnlyWhenThePingWentOut() {
    liveness.takePing(now + interval);
    assertFalse(liveness.isPongLate(now + interval + 10 * timeout));
    now += interval;
    liveness.pingSent();
    assertFalse(liveness.isPongLate(now + timeout - 1));
    assertTrue(liveness.isPongLate(now + timeout));
  }

  @Test
  void whateverIsHeardIsAnAnswer() {
    now += interval;
    liveness.takePing(now);
    liveness.pingSent();
    now += timeout;
    liveness.heard();
    assertFalse(liveness.isPongLate(now));
    assertTrue(liveness.takePing(now + interval), "and it is asked again");
  }
}
