package switchboard.journey;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Programs;

/**
 * Two nodes behind the real nginx are restarted one after the other while clients of all transports
 * listen and publishers go on.
 *
 * <p>With 160 clients in a build. As docs/reports/restart.md has it: {@code mvn verify
 * -Dit.test=RollingRestartIT -Drolling.clients=2000 -Drolling.budget=20}; the report is {@code
 * target/rolling-restart.md}.
 */
@Tag("redis")
class RollingRestartIT implements Wanderer.Crowd {

  private static final int CLIENTS = Integer.getInteger("rolling.clients", 160);
  private static final int BUDGET_SECONDS = Integer.getInteger("rolling.budget", 5);
  private static final int ADMITTED_PER_SECOND = CLIENTS / 8;
  private static final int CHANNELS = 16;

  /** Few are sent away in less time than the budget. */
  private static final double SECONDS_EACH = 0.1;

  /** Of fewer it cannot be told whether they go evenly. */
  private static final int FEW = 30;

  /** Between two messages of a channel. After each of them its long polls are admitted anew. */
  private static final long PACE_MILLIS = 4_000;

  private static final Path REPORT = Path.of("target/rolling-restart.md");

  private final Http http = new Http(Cluster.ROOT);
  private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
  private final ScheduledExecutorService publishing = Executors.newScheduledThreadPool(4);
  private final Cluster cluster = new Cluster();
  private final List<NumberPublisher> publishers = new ArrayList<>();

  /** Each with whom it listens to. */
  private final Map<Wanderer, NumberPublisher> wanderers = new LinkedHashMap<>();

  /** Where each channel lives; nothing where the nodes share them. */
  private final Map<NumberPublisher, Integer> homes = new HashMap<>();

  private final Queue<Step> departures = new ConcurrentLinkedQueue<>();
  private final Queue<Step> returns = new ConcurrentLinkedQueue<>();
  private final AtomicInteger lastingNow = new AtomicInteger();
  private final Map<String, AtomicInteger> refusals = new ConcurrentHashMap<>();
  private boolean hadToWait;
  private final StringBuilder report = new StringBuilder();

  RollingRestartIT() {
    cluster.set("SWITCHBOARD_CHANNELS_AUTO_CREATE", "rolling-*");
    cluster.set("SWITCHBOARD_CONNECTIONS_MAX_PER_ADDRESS", "10000");
    cluster.set("SWITCHBOARD_SHUTDOWN_DRAIN_TIMEOUT", "PT" + BUDGET_SECONDS + "S");
    cluster.set(
        "SWITCHBOARD_STARTUP_MAX_CONNECTIONS_PER_SECOND", Integer.toString(ADMITTED_PER_SECOND));
    cluster.set("SWITCHBOARD_STARTUP_RAMP_DURATION", "PT10M");
    cluster.set("SWITCHBOARD_TICKER_CHANNEL", "");
  }

  @BeforeAll
  static void forgetTheLastReport() throws IOException {
    Files.deleteIfExists(REPORT);
  }

  @Override
  public ScheduledExecutorService clock() {
    return clock;
  }

  @Override
  public void cameIn(Wanderer who, boolean again) {
    if (isLasting(who)) {
      lastingNow.incrementAndGet();
    }
    if (who.transport() != Transport.POLL && again) {
      returns.add(new Step(who, System.nanoTime(), ""));
    }
  }

  @Override
  public void wentOut(Wanderer who, String why) {
    if (isLasting(who)) {
      lastingNow.decrementAndGet();
    }
    if (why.equals("503 warming-up")) {
      wasRefused(who, why); // a long poll after a message, at a node that still lets in by and by
    } else if (who.transport() != Transport.POLL) {
      departures.add(new Step(who, System.nanoTime(), why));
    }
  }

  @Override
  public void wasRefused(Wanderer who, String why) {
    refusals.computeIfAbsent(why, any -> new AtomicInteger()).incrementAndGet();
  }

  /** An event stream or WebSocket: a long poll that a message answers is not let in again. */
  private static boolean isLasting(Wanderer who) {
    return who.transport() == Transport.EVENT_STREAM || who.transport() == Transport.WEBSOCKET;
  }

  @Test
  void nodesOnOneRedisAreRestartedInTurnAndNobodyLosesRepeatsOrIsToldAnything() throws Exception {
    Programs.require("nginx");
    cluster.startOnOneRedis();
    begin("One Redis, each request at the next node", true);
    for (int port : Cluster.PORTS) {
      cluster.leaveOut(port);
      leave(port);
      cluster.start(port);
      cluster.putBack(port);
      awaitAllAreBack(port);
    }
    end();
    wanderers.forEach(
        (wanderer, publisher) -> {
          Journal journal = wanderer.journal();
          assertEquals(0, journal.resets() + journal.trimmed(), "was told of a gap");
          assertEquals(publisher.accepted(), journal.messages());
        });
  }

  @Test
  void nodesWithMemoriesOfTheirOwnAreRestartedInTurnAndWhoeverLosesSomethingIsTold()
      throws Exception {
    Programs.require("nginx");
    cluster.startWithMemories();
    begin("In memory, each channel at the node that is its home", false);
    publishers.forEach(publisher -> homes.put(publisher, cluster.home(publisher.channel())));
    for (int port : Cluster.PORTS) {
      leave(port);
      cluster.start(port);
      awaitAllAreBack(port);
    }
    end();
    for (Wanderer wanderer : wanderers.keySet()) {
      assertEquals(1, wanderer.journal().resets(), "its channel went once");
    }
  }

  private void leave(int port) throws InterruptedException {
    departures.clear();
    returns.clear();
    refusals.clear();
    cluster.stop(port, Duration.ofSeconds(BUDGET_SECONDS + 30));
  }

  private void begin(String what, boolean repeats) {
    report.append("\n### ").append(what).append("\n\n").append(HEAD);
    for (int i = 0; i < CHANNELS; i++) {
      NumberPublisher publisher = new NumberPublisher(http, "rolling-" + i, repeats);
      publishers.add(publisher);
      await("channel " + i + " is there", publisher::publish);
      publishing.scheduleWithFixedDelay(
          publisher::publish, i * PACE_MILLIS / CHANNELS, PACE_MILLIS, TimeUnit.MILLISECONDS);
    }
    Transport[] transports = Transport.values();
    for (int i = 0; i < CLIENTS; i++) {
      Transport transport = transports[i % transports.length];
      NumberPublisher publisher = publishers.get(i / transports.length % CHANNELS);
      URI channel = http.channel(publisher.channel(), "");
      wanderers.put(new Wanderer(transport + " " + i, transport, channel, this), publisher);
    }
    wanderers.keySet().forEach(Wanderer::come);
    await("all are in", () -> lastingNow.get() == lasting());
    awaitAllHear();
  }

  private static int lasting() {
    return CLIENTS / Transport.values().length * 2;
  }

  /** Everybody listens again; they went evenly, and no more came in a second than may. */
  private void awaitAllAreBack(int port) {
    await("all are back", () -> lastingNow.get() == lasting());
    awaitAllHear();
    report.append(line(port));
    List<Step> gone = lasting(of(port, departures));
    assertTrue(!gone.isEmpty(), "nobody was sent away");
    // A third of the time, and not a second: a machine that stalls draws two of those together.
    if (gone.size() >= FEW) {
      int most = Step.mostWithin(drainSeconds(port) / 3, gone);
      assertTrue(most <= gone.size() * 2 / 3, () -> most + " did not go evenly\n" + report);
    }
    List<Step> cut = gone.stream().filter(step -> !isSentAway(step.why())).toList();
    assertTrue(cut.size() <= gone.size() / 20, () -> "were cut: " + cut);
    // In each of two seconds what a node lets in, and what it had saved for the first one.
    int most = Step.mostWithin(1, lasting(of(port, returns)));
    assertTrue(most <= 3 * ADMITTED_PER_SECOND, () -> most + " at once\n" + report);
    hadToWait |= refusals.containsKey("503 warming-up");
    assertEquals(List.of(), violations());
  }

  private static boolean isSentAway(String why) {
    return why.equals("ended") || why.equals("1001 server-stopping");
  }

  /** Those who listen to channels of this node; all where the nodes share them. */
  private List<Step> of(int port, Queue<Step> steps) {
    return steps.stream()
        .filter(step -> homes.getOrDefault(wanderers.get(step.who()), port) == port)
        .toList();
  }

  private static List<Step> lasting(List<Step> steps) {
    return steps.stream().filter(step -> isLasting(step.who())).toList();
  }

  /** How long the clients are sent away for. */
  private double drainSeconds(int port) {
    return Math.min(BUDGET_SECONDS, of(port, departures).size() * SECONDS_EACH);
  }

  /** Everybody hears what is published from now on. */
  private void awaitAllHear() {
    Map<NumberPublisher, Integer> before =
        publishers.stream().collect(Collectors.toMap(p -> p, NumberPublisher::last));
    awaitNobody("has not heard anything new", (w, p) -> w.journal().last() <= before.get(p));
  }

  private void end() throws InterruptedException {
    publishing.shutdown();
    assertTrue(publishing.awaitTermination(1, TimeUnit.MINUTES), "publishers come to an end");
    for (NumberPublisher publisher : publishers) {
      await("the last message", publisher::publish);
    }
    awaitNobody("has not heard the last message", (w, p) -> w.journal().last() != p.last());
    assertTrue(hadToWait, "nobody was told to wait for a node that started");
    assertEquals(List.of(), violations());
  }

  private List<String> violations() {
    return wanderers.keySet().stream().flatMap(w -> w.journal().violations().stream()).toList();
  }

  private void awaitNobody(String what, BiPredicate<Wanderer, NumberPublisher> who) {
    with()
        .dontCatchUncaughtExceptions()
        .await(what)
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(() -> assertEquals(List.of(), some(who), what));
  }

  private List<Wanderer> some(BiPredicate<Wanderer, NumberPublisher> who) {
    return wanderers.keySet().stream().filter(w -> who.test(w, wanderers.get(w))).limit(9).toList();
  }

  private void await(String what, Callable<Boolean> condition) {
    with().dontCatchUncaughtExceptions().await(what).atMost(Duration.ofMinutes(3)).until(condition);
  }

  /** A row of the report, of the restart of one node. */
  private String line(int port) {
    Map<String, AtomicInteger> told = new TreeMap<>(refusals);
    List<Step> gone = of(port, departures);
    List<Step> back = of(port, returns);
    return "| %d | %,d | %.1f | %d | %d | %.0f | %,d | %.1f | %d | %d | %s |\n"
        .formatted(
            Cluster.PORTS.indexOf(port) + 1,
            gone.size(),
            Step.seconds(gone),
            Step.mostWithin(1, gone),
            Step.mostWithin(1, lasting(gone)),
            lasting(gone).size() / drainSeconds(port),
            back.size(),
            Step.seconds(back),
            Step.mostWithin(1, back),
            Step.mostWithin(1, lasting(back)),
            told.isEmpty() ? "" : told.toString().replaceAll("[{}]", ""));
  }

  @AfterEach
  void stopAll() throws Exception {
    publishing.shutdownNow();
    clock.shutdownNow();
    wanderers.keySet().forEach(Wanderer::close);
    cluster.close();
    report.append(
        "\n%,d clients, %,d messages heard, %,d gaps told.\n"
            .formatted(
                wanderers.size(),
                wanderers.keySet().stream().mapToLong(w -> w.journal().messages()).sum(),
                wanderers.keySet().stream().mapToLong(w -> w.journal().resets()).sum()));
    System.out.println(report);
    Files.writeString(REPORT, report, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static final String HEAD =
      """
      | node | sent away | over s | most in a second | of streams and WebSockets | evenly | let in again | over s | most in a second | of streams and WebSockets | were told to wait |
      |---|---|---|---|---|---|---|---|---|---|---|
      """;
}
