package switchboard.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TickClockTest {

  private long elapsed = 5_000;
  private final TickClock clock = new TickClock(() -> elapsed, 1_000);

  private long tickAfter(long millis) {
    elapsed += millis;
    return clock.tick();
  }

  @Test
  void goesOnAsTheOtherClockWhileTheTicksComeInTime() {
    assertEquals(6_000, tickAfter(1_000));
    assertEquals(6_900, tickAfter(900));
    assertEquals(8_100, tickAfter(1_200));
    elapsed += 300;
    assertEquals(8_400, clock.millis());
  }

  @Test
  void aTickThatComesLateCountsAsTwoIntervals() {
    assertEquals(6_000, tickAfter(1_000));
    assertEquals(8_000, tickAfter(40_000));
    assertEquals(9_000, tickAfter(1_000), "what was left out stays left out");
  }

  @Test
  void doesNotRunAheadBetweenTheEndOfAStandstillAndTheNextTick() {
    tickAfter(1_000);
    elapsed += 40_000;
    assertEquals(8_000, clock.millis());
    assertEquals(8_000, clock.tick());
    assertEquals(8_000, clock.millis());
  }

  @Test
  void neverGoesBack() {
    long before = clock.millis();
    for (int step = 0; step < 5_000; step += 7) {
      elapsed += step;
      assertTrue(clock.millis() >= before);
      before = step % 3 == 0 ? clock.tick() : clock.millis();
    }
  }
}
