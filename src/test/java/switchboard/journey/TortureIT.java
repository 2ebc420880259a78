package switchboard.journey;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.ServerTest;

/**
 * The four transports under a publishing load, while clients are cut off, stalled and hop, and the
 * application is restarted, all at random. Every client is checked: in order, nothing twice, every
 * hole announced.
 *
 * <p>Half a minute in a build. Ten minutes, with a report in {@code target/torture.md}: {@code mvn
 * verify -Dit.test=TortureIT -Dtorture.seconds=600}; {@code -Dtorture.seed=…} for another course of
 * events.
 */
@ExtendWith(ArquillianExtension.class)
class TortureIT {

  static final String CHANNEL = "torture";

  private static final int SECONDS = Integer.getInteger("torture.seconds", 30);
  private static final long SEED = Long.getLong("torture.seed", 6);
  private static final int EACH = Integer.getInteger("torture.clients", 5);
  private static final String NAME = "torture";
  private static final URI SERVER = Ports.SWITCHBOARD;

  private final Http http = new Http(SERVER);
  private final Random random = new Random(SEED);
  private final List<Listener> listeners = new ArrayList<>();
  @ArquillianResource private Deployer deployer;
  private long life;
  private long number;
  private long appends;
  private long restarts;

  @Deployment(name = NAME, managed = false, testable = false)
  public static WebArchive war() {
    return ServerTest.war();
  }

  @Test
  void everyClientHearsAllInOrderOrIsToldWhatItMissed() throws Exception {
    begin();
    try {
      for (Transport transport : Transport.values()) {
        for (int i = 0; i < EACH; i++) {
          String who = transport.key() + " " + i;
          listeners.add(new Listener(who, transport, SERVER, new Random(random.nextLong())));
        }
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      // At least once, about once a minute, and not so late that nobody comes back.
      long restart = end - TimeUnit.SECONDS.toNanos(SECONDS / 2);
      while (System.nanoTime() < end) {
        publish();
        if (System.nanoTime() > restart) {
          restart();
          restart = System.nanoTime() + TimeUnit.SECONDS.toNanos(30 + random.nextInt(60));
        }
      }
      listeners.forEach(Listener::leaveInPeace);
      appendSome(1);
      awaitAll();
      assertEquals(List.of(), violations());
      closeAll();
      awaitNothing("switchboard_connections");
      awaitNothing("switchboard_subscriptions");
    } finally {
      closeAll();
      Files.writeString(Path.of("target/torture.md"), report());
      System.out.println(report());
    }
    deployer.undeploy(NAME);
  }

  private void begin() {
    deployer.deploy(NAME);
    assertEquals(201, http.put(CHANNEL, "application/json").statusCode());
    life++;
    number = 0;
  }

  private void restart() throws InterruptedException {
    restarts++;
    deployer.undeploy(NAME);
    Thread.sleep(random.nextInt(1_500));
    begin();
  }

  private void publish() throws InterruptedException {
    // Mostly a few; now and then more than the log keeps, so that whoever is slow misses some.
    appendSome(random.nextInt(100) == 0 ? 1_500 : 1 + random.nextInt(5));
    Thread.sleep(random.nextInt(40));
  }

  private void appendSome(int count) {
    for (int left = count; left > 0; left -= 250) {
      String page =
          LongStream.rangeClosed(number + 1, number + Math.min(left, 250))
              .mapToObj(n -> Long.toString(life * Journal.LIFE + n))
              .collect(Collectors.joining(",", "[", "]"));
      Http.Answer answer =
          http.send(
              http.request("channels/" + CHANNEL)
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString(page)));
      assertEquals(204, answer.status(), answer.body());
      appends++;
      number += Math.min(left, 250);
    }
  }

  private void awaitAll() {
    long last = life * Journal.LIFE + number;
    with()
        .dontCatchUncaughtExceptions()
        .await("everybody hears the last message")
        .atMost(Duration.ofSeconds(60))
        .until(() -> listeners.stream().allMatch(l -> l.journal().last() == last));
    assertTrue(sum(l -> l.journal().messages()) > 0, "something was heard");
  }

  private void closeAll() throws IOException {
    for (Listener listener : listeners) {
      listener.close();
    }
  }

  /** The server has freed what it held for those who are gone. */
  private void awaitNothing(String metric) {
    with()
        .dontCatchUncaughtExceptions()
        .await("none of " + metric)
        .atMost(Duration.ofSeconds(60))
        .until(() -> Metrics.read(http, metric) == 0);
  }

  private List<String> violations() {
    return listeners.stream().flatMap(l -> l.journal().violations().stream()).toList();
  }

  private long sum(ToLongFunction<Listener> count) {
    return listeners.stream().mapToLong(count).sum();
  }

  private String report() {
    StringBuilder table = new StringBuilder();
    for (Transport transport : Transport.values()) {
      List<Listener> those = listeners.stream().filter(l -> l.home() == transport).toList();
      table.append("| ").append(transport.key());
      for (ToLongFunction<Listener> count : COUNTS) {
        table.append(" | ").append("%,d".formatted(those.stream().mapToLong(count).sum()));
      }
      table.append(" |\n");
    }
    return """
        %d s, seed %d: %d clients, %,d appends, %d restarts; %d broken promises.

        | first transport | messages received | connections | cut | stalled | switches | gaps | messages in them | new epochs |
        |---|---|---|---|---|---|---|---|---|
        %s
        %s"""
        .formatted(
            SECONDS,
            SEED,
            listeners.size(),
            appends,
            restarts,
            violations().size(),
            table,
            String.join("\n", violations()));
  }

  private static final List<ToLongFunction<Listener>> COUNTS =
      List.of(
          l -> l.journal().messages(),
          Listener::connections,
          Listener::cuts,
          Listener::stalls,
          Listener::hops,
          l -> l.journal().trimmed(),
          l -> l.journal().missed(),
          l -> l.journal().resets());
}
