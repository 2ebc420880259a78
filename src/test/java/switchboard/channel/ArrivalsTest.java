package switchboard.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArrivalsTest {

  private final Arrivals arrivals = new Arrivals(1_000);
  private final List<String> seen = new ArrayList<>();

  private final class Recorded implements Arrivals.Arrival {
    @Override
    public void tick(long nowMillis) {
      seen.add("tick " + nowMillis);
    }

    @Override
    public void end(Ending ending) {
      seen.add(ending.slug());
    }
  }

  @Test
  void noMoreThanMayBeIsHeld() {
    assertTrue(arrivals.reserve(700, true));
    assertFalse(arrivals.reserve(301, true));
    assertTrue(arrivals.reserve(300, true));
    assertEquals(1_000, arrivals.heldBytes());
    arrivals.release(1_000);
    assertEquals(0, arrivals.heldBytes());
  }

  @Test
  void aQuarterIsKeptForBodiesThatBegin() {
    assertTrue(arrivals.reserve(750, false));
    assertFalse(arrivals.reserve(1, false));
    assertTrue(arrivals.reserve(250, true));
  }

  @Test
  void theClockReachesThoseThatAreUnderWayAndNoOthers() {
    Arrivals.Arrival one = new Recorded();
    arrivals.add(one);
    arrivals.tick(5);
    arrivals.endAll(Ending.SERVER_STOPPING);
    arrivals.remove(one);
    arrivals.tick(6);
    assertEquals(List.of("tick 5", "server-stopping"), seen);
    assertEquals(0, arrivals.count());
  }
}
