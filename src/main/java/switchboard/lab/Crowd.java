package switchboard.lab;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Transport;
import switchboard.metrics.ProcessUsage;

/**
 * Hundreds of readers, one transport after the other, to compare the cost of each transport: first
 * the server without readers, then each transport, then without readers again.
 *
 * <p><b>Threads.</b> Safe. One thread runs one crowd at a time.
 */
public final class Crowd {

  private static final Logger LOG = Logger.getLogger(Crowd.class.getName());
  private static final Duration IDLE = Duration.ofSeconds(3);
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration SETTLE = Duration.ofSeconds(1);
  private static final long STEP_MILLIS = 100;

  private final ThreadFactory threads;
  private final Consumer<JsonObject> told;
  private volatile @Nullable Run current;
  private volatile JsonObject newest = state(false, "none", "", List.of());

  Crowd(ThreadFactory threads, Consumer<JsonObject> told) {
    this.threads = threads;
    this.told = told;
  }

  /** Starts a crowd; a running one is stopped first. */
  synchronized void start(CrowdPlan plan) {
    stop();
    current = new Run(plan);
    threads.newThread(current).start();
  }

  synchronized void stop() {
    if (current != null) {
      current.stopping.countDown();
      current = null;
    }
  }

  /** The state or result of the newest crowd. */
  JsonObject toJson() {
    return newest;
  }

  private static JsonObject state(
      boolean isRunning, String turn, String doing, List<JsonObject> rows) {
    JsonArrayBuilder array = Json.createArrayBuilder();
    rows.forEach(array::add);
    return Json.createObjectBuilder()
        .add("kind", "crowd")
        .add("running", isRunning)
        .add("turn", turn)
        .add("doing", doing)
        .add("rows", array)
        .build();
  }

  private final class Run implements Runnable {

    private final CrowdPlan plan;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final List<JsonObject> rows = new ArrayList<>();

    private Run(CrowdPlan plan) {
      this.plan = plan;
    }

    @Override
    public void run() {
      try (CrowdClient client = new CrowdClient(threads)) {
        idle(client);
        for (Transport transport : plan.readers().keySet()) {
          turn(client, transport);
        }
        idle(client); // again: how far the two are apart says how much to believe the others
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the server stops
      } catch (RuntimeException e) {
        LOG.log(Level.WARNING, "lab: the crowd failed", e);
      }
      tell(false, "none", stopping.getCount() == 0 ? "stopped" : "done");
    }

    private void idle(CrowdClient client) throws InterruptedException {
      if (stopping.getCount() == 0) {
        return;
      }
      tell(true, "idle", "reading");
      CrowdTally nobody = new CrowdTally();
      rows.add(measure(client, "idle", 0, nobody, IDLE));
    }

    private void turn(CrowdClient client, Transport transport) throws InterruptedException {
      int count = plan.readers().getOrDefault(transport, 0);
      if (count == 0 || stopping.getCount() == 0) {
        return;
      }
      CrowdTally tally = new CrowdTally();
      List<CrowdReader> readers = new ArrayList<>();
      tell(true, transport.key(), "connecting");
      try {
        for (int i = 0; i < count; i++) {
          CrowdReader reader = CrowdReader.of(transport, client, plan, tally);
          readers.add(reader);
          reader.start();
        }
        pause(
            CONNECT.plus(transport == Transport.POLL ? plan.pollInterval() : Duration.ZERO),
            () -> tally.connected.get() == count);
        pause(SETTLE, () -> false);
        tell(true, transport.key(), "reading");
        rows.add(measure(client, transport.key(), count, tally, plan.turn()));
      } finally {
        readers.forEach(CrowdReader::stop);
      }
      tell(true, transport.key(), "leaving");
      pause(SETTLE, () -> false);
    }

    private JsonObject measure(
        CrowdClient client, String turn, int readers, CrowdTally tally, Duration time)
        throws InterruptedException {
      tally.reset();
      long startNanos = System.nanoTime();
      long crowdBefore = client.cpuMillis();
      long processBefore = ProcessUsage.cpuMillis();
      pause(time, () -> false);
      long crowdMillis = client.cpuMillis() - crowdBefore;
      long processMillis = ProcessUsage.cpuMillis() - processBefore;
      JsonObjectBuilder row = tally.toJson();
      return row.add("turn", turn)
          .add("readers", readers)
          .add("millis", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos))
          .add("serverCpuMillis", processBefore < 0 ? -1 : Math.max(0, processMillis - crowdMillis))
          .add("crowdCpuMillis", crowdMillis)
          .add("heapUsedBytes", ProcessUsage.heapUsedBytes())
          .build();
    }

    /** Waits until the time has passed, the condition is true, or the crowd is stopped. */
    private void pause(Duration atMost, java.util.function.BooleanSupplier isEnough)
        throws InterruptedException {
      long end = System.nanoTime() + atMost.toNanos();
      while (System.nanoTime() < end && !isEnough.getAsBoolean()) {
        if (stopping.await(STEP_MILLIS, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    }

    private void tell(boolean isRunning, String turn, String doing) {
      Run running = current;
      if (running != null && running != this) {
        return; // a crowd that was replaced does not talk over the next one
      }
      newest = state(isRunning, turn, doing, rows);
      told.accept(newest);
    }
  }
}
