package switchboard.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.time.MonotonicClock;

class DrainTest {

  /** How long one step of the drain takes, where a test has a clock of its own. */
  private static final long STEP_MILLIS = 100;

  private final Connections connections =
      new Connections(new Counters(), 10_000, 0, Admission.open());
  private long nowMillis;

  /** A connection that goes when it is told to, or only when it is told twice. */
  private final class Client implements Connection {

    private final List<Long> ends = new CopyOnWriteArrayList<>();
    private final boolean isStuck;
    private final long slowMillis;
    private volatile boolean hasHeardAll = true;
    private volatile boolean isBroken;
    private long endedMillis;

    private Client(boolean isStuck) {
      this(isStuck, 0);
    }

    private Client(boolean isStuck, long slowMillis) {
      this.isStuck = isStuck;
      this.slowMillis = slowMillis;
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
      endedMillis = nowMillis;
      nowMillis += slowMillis;
      if (isBroken) {
        throw new NoClassDefFoundError("gone");
      }
      if (!isStuck || ends.size() == 2) {
        connections.remove(this);
      }
    }
  }

  private long drainMillis(Duration budget) {
    long start = System.nanoTime();
    new Drain(connections, new PendingBodies(1_000), budget, MonotonicClock.system()).run();
    assertEquals(0, connections.count());
    return (System.nanoTime() - start) / 1_000_000;
  }

  private List<Client> clients(int howMany, long slowMillis) {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < howMany; i++) {
      clients.add(new Client(false, slowMillis));
    }
    return clients;
  }

  /** With a clock that goes on whenever somebody looks; how many went at most in one moment. */
  private int mostAtOnce(Duration budget, List<Client> clients) {
    MonotonicClock clock = () -> nowMillis += STEP_MILLIS;
    new Drain(connections, new PendingBodies(1_000), budget, clock).run();
    assertEquals(0, connections.count());
    Map<Long, Integer> byStep = new HashMap<>();
    for (Client client : clients) {
      assertEquals(1, client.ends.size());
      byStep.merge(client.endedMillis / STEP_MILLIS, 1, Integer::sum);
    }
    return byStep.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  @Test
  void connectionsAreClosedEvenlyOverTheBudget() {
    List<Client> clients = clients(1_000, 0);
    long millis = drainMillis(Duration.ofMillis(500));
    assertTrue(millis >= 400 && millis < 5_000, millis + " ms");
    long[] times = clients.stream().mapToLong(client -> client.ends.get(0)).sorted().toArray();
    long half = (times[500] - times[0]) / 1_000_000;
    // Of the machine's time, which stalls at times; how even it is, the tests below say by steps.
    assertTrue(half >= 100, "half of them within " + half + " ms");
    clients.forEach(client -> assertEquals(1, client.ends.size()));
  }

  @Test
  void aFewClientsDoNotTakeTheWholeBudget() {
    new Client(false);
    long millis = drainMillis(Duration.ofMinutes(5));
    assertTrue(millis < 30_000, millis + " ms");
  }

  @Test
  void clientsThatHaveNotReceivedAllAreClosedLast() {
    Client late = new Client(false);
    late.hasHeardAll = false;
    Client other = new Client(false);
    drainMillis(Duration.ofMillis(200));
    assertTrue(late.ends.get(0) > other.ends.get(0));
    assertEquals(1, late.ends.size(), "but it is told");
  }

  @Test
  void clientsThatNeverReceiveAllAreNotLeftForTheLastMoment() {
    List<Client> clients = clients(1_000, 0);
    clients.forEach(client -> client.hasHeardAll = false);
    int most = mostAtOnce(Duration.ofSeconds(4), clients); // 1,000 in three of four seconds
    assertTrue(most <= 1_000 / 30 + 1, most + " in one step of 40");
  }

  @Test
  void ifSomeNeverReceiveAllTheOthersAreClosedFirstAndBothEvenly() {
    List<Client> clients = clients(1_000, 0);
    clients.stream().limit(500).forEach(client -> client.hasHeardAll = false);
    int most = mostAtOnce(Duration.ofSeconds(4), clients);
    assertTrue(most <= 1_000 / 30 + 1, most + " in one step of 40");
  }

  @Test
  void aSlowMachineDoesNotStretchTheBudget() {
    List<Client> clients = clients(1_000, 4);
    mostAtOnce(Duration.ofSeconds(5), clients);
    long last = clients.stream().mapToLong(client -> client.endedMillis).max().orElseThrow();
    assertTrue(last >= 4_500 && last <= 5_500, last + " ms");
  }

  @Test
  void aConnectionThatCannotBeEndedDoesNotAffectTheOthers() {
    List<Client> clients = clients(1_000, 0);
    clients.get(0).isBroken = true;
    int most = mostAtOnce(Duration.ofSeconds(4), clients);
    assertTrue(most <= 1_000 / 40 + 1, most + " in one step of 40");
  }

  @Test
  void aClientThatDoesNotReadIsEndedWithoutItsLastMessage() {
    Client stuck = new Client(true);
    drainMillis(Duration.ofMillis(50));
    assertEquals(2, stuck.ends.size());
  }

  @Test
  void noConnectionIsAdmittedAfterwardsAndASecondDrainDoesNothing() {
    Drain drain =
        new Drain(connections, new PendingBodies(1_000), Duration.ZERO, MonotonicClock.system());
    drain.run();
    assertEquals(Ending.SERVER_STOPPING, connections.refusal("").ending());
    Client late = new Client(false);
    drain.run();
    assertEquals(List.of(), late.ends);
  }
}
