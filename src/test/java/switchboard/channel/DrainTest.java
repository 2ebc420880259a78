package switchboard.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class DrainTest {

  private final Connections connections = new Connections(new Tally(), 10_000, 0, Admission.open());

  /** A connection that goes when it is told to, or only when it is told twice. */
  private final class Client implements Connection {

    private final List<Long> ends = new CopyOnWriteArrayList<>();
    private final boolean isStuck;
    private volatile boolean hasHeardAll = true;

    private Client(boolean isStuck) {
      this.isStuck = isStuck;
      connections.add(this);
    }

    @Override
    public Transport transport() {
      return Transport.WEBSOCKET;
    }

    @Override
    public String label() {
      return "";
    }

    @Override
    public String address() {
      return "";
    }

    @Override
    public void tick(long nowMillis) {
      // it has no clock
    }

    @Override
    public boolean hasHeardAll() {
      return hasHeardAll;
    }

    @Override
    public void end(Ending ending) {
      assertEquals(Ending.SERVER_STOPPING, ending);
      ends.add(System.nanoTime());
      if (!isStuck || ends.size() == 2) {
        connections.remove(this);
      }
    }
  }

  private long drainMillis(Duration budget) {
    long start = System.nanoTime();
    new Drain(connections, new Arrivals(1_000), budget).run();
    assertEquals(0, connections.count());
    return (System.nanoTime() - start) / 1_000_000;
  }

  @Test
  void clientsAreSentAwayByAndByOverTheBudget() {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      clients.add(new Client(false));
    }
    long millis = drainMillis(Duration.ofMillis(500));
    assertTrue(millis >= 400 && millis < 5_000, millis + " ms");
    long[] times = clients.stream().mapToLong(client -> client.ends.get(0)).sorted().toArray();
    long half = (times[500] - times[0]) / 1_000_000;
    assertTrue(half >= 200, "half of them within " + half + " ms");
    clients.forEach(client -> assertEquals(1, client.ends.size()));
  }

  @Test
  void aFewClientsDoNotTakeTheWholeBudget() {
    new Client(false);
    long millis = drainMillis(Duration.ofMinutes(5));
    assertTrue(millis < 30_000, millis + " ms");
  }

  @Test
  void whoeverHasNotHeardAllGoesLast() {
    Client late = new Client(false);
    late.hasHeardAll = false;
    Client other = new Client(false);
    drainMillis(Duration.ofMillis(200));
    assertTrue(late.ends.get(0) > other.ends.get(0));
    assertEquals(1, late.ends.size(), "but it is told");
  }

  @Test
  void whoeverDoesNotTakeItsLastWordsIsEndedWithoutThem() {
    Client stuck = new Client(true);
    drainMillis(Duration.ofMillis(50));
    assertEquals(2, stuck.ends.size());
  }

  @Test
  void nobodyIsLetInAfterwardsAndASecondDrainDoesNothing() {
    Drain drain = new Drain(connections, new Arrivals(1_000), Duration.ZERO);
    drain.run();
    assertEquals(Ending.SERVER_STOPPING, connections.refusal("").ending());
    Client late = new Client(false);
    drain.run();
    assertEquals(List.of(), late.ends);
  }
}
