package switchboard.journey;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import switchboard.channel.Transport;
import switchboard.testing.Folders;
import switchboard.testing.Http;
import switchboard.testing.Ports;
import switchboard.testing.ServerProcess;

/**
 * A server that keeps its channels in a directory is killed, stopped and deployed again while
 * clients publish and read: what was acknowledged is there, and no reader is told of a gap. If an
 * older copy of the directory is restored, all readers are told.
 *
 * <p>Payara Micro; WildFly if the other tests run in it. A few times in a build; {@code
 * -Dkill.times=20} for more.
 */
class KillIT {

  private static final int PORT = Ports.port(95);
  private static final int TIMES = Integer.getInteger("kill.times", 3);
  private static final int READERS_OF_EACH = 2;
  private static final int PUBLISHERS = 4;
  private static final int BETWEEN = 200;

  private final List<NumberPublisher> publishers = new ArrayList<>();
  private final List<Listener> listeners = new ArrayList<>();
  private final Random random = new Random(Long.getLong("kill.seed", 21));
  private final ScheduledExecutorService load = Executors.newScheduledThreadPool(PUBLISHERS + 1);
  @TempDir private Path folder;
  private Path directory;
  private ServerProcess server;
  private Http http;

  @BeforeEach
  void start() throws Exception {
    directory = folder.resolve("channels");
    startServer();
    http = new Http(server.root());
  }

  @AfterEach
  void stop() throws IOException {
    load.shutdownNow();
    for (Listener listener : listeners) {
      listener.close();
    }
    server.close();
  }

  @Test
  void aKilledServerLosesNothingThatItAcknowledgedAndTellsNoReaderOfAGap() throws Exception {
    publish();
    read();
    for (int i = 0; i < TIMES; i++) {
      awaitMore();
      server.kill();
      startServer();
      if (i % 4 == 1) {
        awaitMore();
        server.stop(Duration.ofSeconds(30));
        startServer();
      }
      if (i % 4 == 2 && ServerProcess.isWildFly()) {
        awaitMore();
        server.redeploy();
        await("the application is there again", server::isReady);
      }
    }
    awaitMore();
    stopPublishing();
    listeners.forEach(Listener::leaveInPeace);
    for (NumberPublisher publisher : publishers) {
      assertEquals(
          LongStream.rangeClosed(1, publisher.last()).boxed().toList(),
          all(publisher.channel()),
          publisher.channel());
    }
    long last = publishers.get(0).last();
    await("all readers are at the last message", () -> areAllAt(last));
    assertEquals(List.of(), violations());
    for (Listener listener : listeners) {
      Journal journal = listener.journal();
      assertEquals(0, journal.resets() + journal.trimmed(), listener.home() + " was told of a gap");
      assertEquals(last, journal.messages(), listener.home().key());
    }
    restoreAnOlderCopy();
  }

  /** Offsets that the lost part of the log gave out must not be continued without a word. */
  private void restoreAnOlderCopy() throws Exception {
    long first = publishers.get(0).last();
    server.stop(Duration.ofSeconds(30));
    Path copy = folder.resolve("copy");
    Folders.copy(directory, copy);
    startServer();
    http.appendNumbers(TortureIT.CHANNEL, (int) first + 1, (int) first + 50);
    await("all readers heard what will be lost", () -> areAllAt(first + 50));
    server.kill();
    Folders.delete(directory);
    Folders.copy(copy, directory);
    Files.createFile(directory.resolve("restored"));
    startServer();
    long last = Journal.LIFE + 10;
    for (long number = Journal.LIFE + 1; number <= last; number++) {
      assertEquals(204, http.append(TortureIT.CHANNEL, Long.toString(number)).status());
    }
    await("all readers are at the last message", () -> areAllAt(last));
    for (Listener listener : listeners) { // as what they heard is not here, they begin again
      assertEquals(1, listener.journal().resets(), listener.home() + " was told once");
    }
  }

  // ---- the server

  private void startServer() {
    Map<String, String> environment =
        Map.of(
            "SWITCHBOARD_ACCESS_OPEN", "*",
            "SWITCHBOARD_STORE_URL", "file:" + directory,
            "SWITCHBOARD_LOG_MAX_MESSAGES", "1000000", // all of them are compared
            "SWITCHBOARD_TICKER_CHANNEL", "");
    Path war = Path.of(System.getProperty("war.under.test"));
    server = ServerProcess.likeOthers(PORT, war, environment, "-Xmx256m");
    await("the server is ready", server::isReady);
  }

  private static void await(String what, Callable<Boolean> condition) {
    with().dontCatchUncaughtExceptions().await(what).atMost(Duration.ofMinutes(3)).until(condition);
  }

  // ---- the clients

  private void publish() {
    publish(TortureIT.CHANNEL);
    for (int i = 1; i <= PUBLISHERS; i++) {
      publish("kill-" + i);
    }
  }

  private void publish(String channel) {
    assertEquals(201, http.put(channel, "application/json").statusCode());
    NumberPublisher publisher = new NumberPublisher(http, channel, true);
    publishers.add(publisher);
    load.scheduleWithFixedDelay(publisher::publish, 0, 2, TimeUnit.MILLISECONDS);
  }

  private void stopPublishing() throws InterruptedException {
    load.shutdown();
    load.awaitTermination(1, TimeUnit.MINUTES);
  }

  private void read() throws IOException {
    for (Transport transport : Transport.values()) {
      for (int i = 0; i < READERS_OF_EACH; i++) {
        String who = transport.key() + " " + i;
        listeners.add(new Listener(who, transport, server.root(), new Random(random.nextLong())));
      }
    }
  }

  /** Some more messages are acknowledged in each channel, so that what comes next meets load. */
  private void awaitMore() {
    List<Integer> before = publishers.stream().map(NumberPublisher::last).toList();
    await(
        "messages are acknowledged in all channels",
        () -> {
          for (int i = 0; i < before.size(); i++) {
            if (publishers.get(i).last() < before.get(i) + BETWEEN) {
              return false;
            }
          }
          return true;
        });
  }

  private boolean areAllAt(long last) {
    return listeners.stream().allMatch(listener -> listener.journal().last() == last);
  }

  private List<String> violations() {
    return listeners.stream().flatMap(l -> l.journal().violations().stream()).toList();
  }

  private List<Long> all(String channel) {
    List<Long> all = new ArrayList<>();
    String offset = "-1";
    while (true) {
      Http.Answer answer = http.get("channels/" + channel + "?offset=" + offset);
      assertEquals(200, answer.status(), answer.body());
      if (answer.messages().isEmpty()) {
        return all;
      }
      answer.messages().forEach(message -> all.add(Long.valueOf(message.toString())));
      offset = answer.next();
    }
  }
}
