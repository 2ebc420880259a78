package switchboard.journey;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
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
import org.junit.jupiter.api.Test;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Programs;
import switchboard.testing.RedisServer;
import switchboard.testing.RunningProxy;
import switchboard.testing.ServerProcess;

/**
 * Two nodes behind the real nginx are restarted one after the other while clients of all transports
 * listen and publishers go on.
 *
 * <p>With 160 clients in a build. As docs/leaving.md has it: {@code mvn verify
 * -Dit.test=RollingRestartIT -Drolling.clients=2000 -Drolling.budget=20}; the report is {@code
 * target/rolling-restart.md}.
 */
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
  private static final List<Integer> PORTS = List.of(18_091, 18_092);
  private static final String ROOT = "https://127.0.0.1:" + RunningProxy.TLS_PORT + "/switchboard/";

  private final Http http = new Http(URI.create(ROOT));
  private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
  private final ScheduledExecutorService publishing = Executors.newScheduledThreadPool(4);
  private final Map<Integer, ServerProcess> nodes = new TreeMap<>();
  private final Map<String, String> environment = new HashMap<>();
  private Path war;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<Publisher> publishers = new ArrayList<>();

  /** Each with whom it listens to. */
  private final Map<Wanderer, Publisher> wanderers = new LinkedHashMap<>();

  /** Where each channel lives; nothing where the nodes share them. */
  private final Map<Publisher, Integer> homes = new HashMap<>();

  private final Queue<Step> departures = new ConcurrentLinkedQueue<>();
  private final Queue<Step> returns = new ConcurrentLinkedQueue<>();
  private final AtomicInteger lastingNow = new AtomicInteger();
  private final Map<String, AtomicInteger> refusals = new ConcurrentHashMap<>();
  private boolean hadToWait;
  private final StringBuilder report = new StringBuilder();

  RollingRestartIT() {
    environment.put("SWITCHBOARD_CHANNELS_AUTO_CREATE", "rolling-*");
    environment.put("SWITCHBOARD_CONNECTIONS_MAX_PER_ADDRESS", "10000");
    environment.put("SWITCHBOARD_SHUTDOWN_DRAIN_TIMEOUT", "PT" + BUDGET_SECONDS + "S");
    environment.put(
        "SWITCHBOARD_STARTUP_MAX_CONNECTIONS_PER_SECOND", Integer.toString(ADMITTED_PER_SECOND));
    environment.put("SWITCHBOARD_STARTUP_RAMP_DURATION", "PT10M");
    environment.put("SWITCHBOARD_TICKER_CHANNEL", "");
  }

  /** Somebody went or came, at a time of {@link System#nanoTime}. */
  private record Step(Wanderer who, long nanos, String why) {}

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
    if (why.equals("503 starting")) {
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

  /** Appends 1, 2, 3 … to its channel. */
  private final class Publisher {
    private final String channel;
    private final boolean repeats;
    private int number = 1;
    private int last;
    private int accepted;

    /**
     * Begins.
     *
     * @param repeats whether what was not accepted is sent again, under its number as a producer;
     *     the next number is sent otherwise
     */
    Publisher(String channel, boolean repeats) {
      this.channel = channel;
      this.repeats = repeats;
    }

    synchronized boolean publish() {
      boolean isAccepted = isAccepted();
      if (isAccepted) {
        last = number;
        accepted++;
      }
      if (isAccepted || !repeats) {
        number++;
      }
      return isAccepted;
    }

    private boolean isAccepted() {
      HttpRequest.Builder request =
          http.request("channels/" + channel)
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString(Integer.toString(number)));
      if (repeats) {
        request
            .header("Producer-Id", channel)
            .header("Producer-Epoch", "0")
            .header("Producer-Seq", Integer.toString(number - 1));
      }
      try {
        int status = http.send(request).status();
        return status == 200 || status == 204;
      } catch (RuntimeException e) {
        return false;
      }
    }

    synchronized int last() {
      return last;
    }

    synchronized int accepted() {
      return accepted;
    }
  }

  @Test
  void nodesOnOneRedisAreRestartedInTurnAndNobodyLosesRepeatsOrIsToldAnything() throws Exception {
    Programs.require("nginx");
    RedisServer redis = RedisServer.start();
    open.add(redis);
    environment.put("SWITCHBOARD_STORE_URL", redis.url());
    startNodes("redis.war.under.test");
    RunningProxy proxy = RunningProxy.start(RunningProxy.Kind.NGINX, PORTS, "server");
    open.add(proxy);
    begin("One Redis, each request at the next node", true);
    for (int port : PORTS) {
      proxy.leaveOut(port);
      leave(port);
      start(port);
      awaitReady(port);
      proxy.putBack(port);
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
    startNodes("war.under.test");
    open.add(RunningProxy.startWithHomes(PORTS, "server"));
    begin("In memory, each channel at the node that is its home", false);
    publishers.forEach(publisher -> homes.put(publisher, home(publisher)));
    for (int port : PORTS) {
      leave(port);
      start(port);
      awaitReady(port);
      awaitAllAreBack(port);
    }
    end();
    for (Wanderer wanderer : wanderers.keySet()) {
      assertEquals(1, wanderer.journal().resets(), "its channel went once");
    }
  }

  /** Which node has the messages of the channel. */
  private int home(Publisher publisher) {
    return PORTS.stream()
        .filter(
            port ->
                new Http(nodes.get(port).root())
                    .get("channels/" + publisher.channel + "?offset=-1")
                    .body()
                    .contains("1"))
        .findFirst()
        .orElseThrow();
  }

  private void startNodes(String property) {
    war = Path.of(System.getProperty(property));
    PORTS.forEach(this::start);
    PORTS.forEach(this::awaitReady);
  }

  private void start(int port) {
    nodes.put(port, ServerProcess.micro(port, war, environment));
  }

  private void awaitReady(int port) {
    await("node " + port + " is ready", nodes.get(port)::isReady);
  }

  private void leave(int port) throws InterruptedException {
    departures.clear();
    returns.clear();
    refusals.clear();
    nodes.get(port).stop(Duration.ofSeconds(BUDGET_SECONDS + 30));
  }

  private void begin(String what, boolean repeats) {
    report.append("\n### ").append(what).append("\n\n").append(HEAD);
    for (int i = 0; i < CHANNELS; i++) {
      Publisher publisher = new Publisher("rolling-" + i, repeats);
      publishers.add(publisher);
      await("channel " + i + " is there", publisher::publish);
      publishing.scheduleWithFixedDelay(
          publisher::publish, i * PACE_MILLIS / CHANNELS, PACE_MILLIS, TimeUnit.MILLISECONDS);
    }
    Transport[] transports = Transport.values();
    for (int i = 0; i < CLIENTS; i++) {
      Transport transport = transports[i % transports.length];
      Publisher publisher = publishers.get(i / transports.length % CHANNELS);
      URI channel = http.channel(publisher.channel, "");
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
      int most = mostWithin(drainSeconds(port) / 3, gone);
      assertTrue(most <= gone.size() * 2 / 3, () -> most + " did not go evenly\n" + report);
    }
    List<Step> cut = gone.stream().filter(step -> !isSentAway(step.why())).toList();
    assertTrue(cut.size() <= gone.size() / 20, () -> "were cut: " + cut);
    // In each of two seconds what a node lets in, and what it had saved for the first one.
    int most = mostWithin(1, lasting(of(port, returns)));
    assertTrue(most <= 3 * ADMITTED_PER_SECOND, () -> most + " at once\n" + report);
    hadToWait |= refusals.containsKey("503 starting");
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
    Map<Publisher, Integer> before =
        publishers.stream().collect(Collectors.toMap(p -> p, Publisher::last));
    awaitNobody("has not heard anything new", (w, p) -> w.journal().last() <= before.get(p));
  }

  private void end() throws InterruptedException {
    publishing.shutdown();
    assertTrue(publishing.awaitTermination(1, TimeUnit.MINUTES), "publishers come to an end");
    for (Publisher publisher : publishers) {
      await("the last message", publisher::publish);
    }
    awaitNobody("has not heard the last message", (w, p) -> w.journal().last() != p.last());
    assertTrue(hadToWait, "nobody was told to wait for a node that started");
    assertEquals(List.of(), violations());
  }

  private List<String> violations() {
    return wanderers.keySet().stream().flatMap(w -> w.journal().violations().stream()).toList();
  }

  private void awaitNobody(String what, BiPredicate<Wanderer, Publisher> who) {
    with()
        .dontCatchUncaughtExceptions()
        .await(what)
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(() -> assertEquals(List.of(), some(who), what));
  }

  private List<Wanderer> some(BiPredicate<Wanderer, Publisher> who) {
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
            PORTS.indexOf(port) + 1,
            gone.size(),
            seconds(gone),
            mostWithin(1, gone),
            mostWithin(1, lasting(gone)),
            lasting(gone).size() / drainSeconds(port),
            back.size(),
            seconds(back),
            mostWithin(1, back),
            mostWithin(1, lasting(back)),
            told.isEmpty() ? "" : told.toString().replaceAll("[{}]", ""));
  }

  private static long[] nanos(List<Step> steps) {
    return steps.stream().mapToLong(Step::nanos).sorted().toArray();
  }

  private static double seconds(List<Step> steps) {
    long[] times = nanos(steps);
    return times.length == 0 ? 0 : (times[times.length - 1] - times[0]) / 1e9;
  }

  /** How many at most fell into that time, wherever it begins. */
  private static int mostWithin(double seconds, List<Step> steps) {
    long[] times = nanos(steps);
    int most = 0;
    for (int first = 0, last = 0; last < times.length; last++) {
      while (times[last] - times[first] > seconds * 1e9) {
        first++;
      }
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  @AfterEach
  void stopAll() throws Exception {
    publishing.shutdownNow();
    clock.shutdownNow();
    wanderers.keySet().forEach(Wanderer::close);
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
    nodes.values().forEach(ServerProcess::close);
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
