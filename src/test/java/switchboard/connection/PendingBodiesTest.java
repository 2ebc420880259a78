package switchboard.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import switchboard.channel.Ending;

class PendingBodiesTest {

  private final PendingBodies bodies = new PendingBodies(1_000);
  private final List<String> seen = new ArrayList<>();

  private final class Recorded implements PendingBodies.PendingBody {
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
  void noMoreThanTheLimitIsHeld() {
    assertTrue(bodies.reserve(700, true));
    assertFalse(bodies.reserve(301, true));
    assertTrue(bodies.reserve(300, true));
    assertEquals(1_000, bodies.heldBytes());
    bodies.release(1_000);
    assertEquals(0, bodies.heldBytes());
  }

  @Test
  void aQuarterIsKeptForBodiesThatBegin() {
    assertTrue(bodies.reserve(750, false));
    assertFalse(bodies.reserve(1, false));
    assertTrue(bodies.reserve(250, true));
  }

  @Test
  void aTickReachesPendingBodiesAndNoOthers() {
    PendingBodies.PendingBody one = new Recorded();
    bodies.add(one);
    bodies.tick(5);
    bodies.endAll(Ending.SERVER_STOPPING);
    bodies.remove(one);
    bodies.tick(6);
    assertEquals(List.of("tick 5", "server-stopping"), seen);
    assertEquals(0, bodies.count());
  }

  @Test
  void whatAClientHoldsIsCountedAboveAFreePartAndGivenBackWhenItGoes() {
    PendingBodies bodies = new PendingBodies(100_000);
    PendingBodies.Share share = bodies.share();
    assertTrue(share.hold(PendingBodies.FREE_BYTES));
    assertEquals(0, bodies.heldBytes());
    assertTrue(share.hold(50_000));
    assertEquals(50_000, bodies.heldBytes());
    assertFalse(share.hold(80_000), "a quarter is kept for small bodies that begin");
    assertEquals(50_000, bodies.heldBytes());
    assertTrue(share.hold(20_000));
    assertEquals(20_000, bodies.heldBytes());
    share.close();
    share.close();
    assertEquals(0, bodies.heldBytes());
    assertFalse(share.hold(1), "it is gone");
  }
}
