package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawSocket;
import switchboard.testing.ServerTest;
import switchboard.testing.WebSocketReader;

/** The application goes while clients listen: each hears all, and is told when to come again. */
@ExtendWith(ArquillianExtension.class)
class LeavingIT {

  private static final String NAME = "leaving";
  private static final int EACH = 60;

  private final Http http = new Http(Ports.SWITCHBOARD);
  @ArquillianResource private Deployer deployer;

  @Deployment(name = NAME, managed = false, testable = false)
  public static WebArchive war() {
    return ServerTest.war();
  }

  /** All that one client was sent until its connection ended, and when that was. */
  private record Heard(List<String> lines, long nanos) {

    boolean has(String part) {
      return lines.stream().anyMatch(line -> line.contains(part));
    }
  }

  private CompletableFuture<Heard> listen(String request) throws Exception {
    RawSocket socket = RawSocket.connect(http.root());
    socket.send("GET /switchboard/channels/news?offset=now" + request);
    return CompletableFuture.supplyAsync(
        () -> {
          List<String> lines = new ArrayList<>();
          try (socket) {
            for (String line; (line = socket.readLine()) != null; lines.add(line)) {
              // until the server ends it
            }
          } catch (java.io.IOException e) {
            lines.add(e.toString());
          }
          return new Heard(lines, System.nanoTime());
        },
        command -> {
          Thread thread = new Thread(command, "listener");
          thread.setDaemon(true);
          thread.start();
        });
  }

  private static Heard heard(CompletableFuture<Heard> client) {
    return client.orTimeout(20, TimeUnit.SECONDS).join();
  }

  @Test
  void everyClientHearsAllIsToldWhenToComeAgainAndTheyGoOneAfterAnother() throws Exception {
    deployer.deploy(NAME);
    String host = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    List<CompletableFuture<Heard>> streams = new ArrayList<>();
    List<CompletableFuture<Heard>> polls = new ArrayList<>();
    List<WebSocketReader> sockets = new ArrayList<>();
    try {
      http.put("news", "application/json");
      http.put("quiet", "application/json");
      for (int i = 0; i < EACH; i++) {
        streams.add(listen("&live=sse" + host));
        polls.add(
            listen(
                "&live=long-poll HTTP/1.1\r\nPrefer: wait=20\r\nHost: localhost\r\n"
                    + "Connection: close\r\n\r\n"));
        sockets.add(new WebSocketReader(http.channel("news", ""), "now"));
      }
      ServerTest.await(
          "all are there", () -> Metrics.read(http, "switchboard_subscriptions") == 3 * EACH);
      polls.forEach(poll -> assertEquals(false, poll.isDone()));

      // A long poll is answered by a message. So no poll gets the last words, unless it is new.
      assertEquals(204, http.append("news", "\"the last\"").status());
      List<CompletableFuture<Heard>> latePolls = new ArrayList<>();
      for (int i = 0; i < EACH; i++) {
        latePolls.add(
            listen(
                "&live=long-poll HTTP/1.1\r\nPrefer: wait=20\r\nHost: localhost\r\n"
                    + "Connection: close\r\n\r\n"));
      }
      ServerTest.await(
          "the late polls are there",
          () -> Metrics.read(http, "switchboard_subscriptions") == 3 * EACH);
      long start = System.nanoTime();
      deployer.undeploy(NAME);
      long tookMillis = (System.nanoTime() - start) / 1_000_000;

      List<Long> ends = new ArrayList<>();
      for (CompletableFuture<Heard> stream : streams) {
        Heard heard = heard(stream);
        ends.add(heard.nanos());
        assertTrue(heard.has("the last"), heard.lines().toString());
        long retries = heard.lines().stream().filter(line -> line.startsWith("retry: ")).count();
        assertEquals(2, retries, "once at the start, once at the end");
      }
      for (CompletableFuture<Heard> poll : polls) {
        assertTrue(heard(poll).has("the last"), heard(poll).lines().toString());
      }
      List<String> times = new ArrayList<>();
      for (CompletableFuture<Heard> poll : latePolls) {
        Heard heard = heard(poll);
        ends.add(heard.nanos());
        assertTrue(heard.lines().get(0).contains(" 503 "), heard.lines().toString());
        assertTrue(heard.has("Retry-After: "), heard.lines().toString());
        assertTrue(heard.has("server-stopping"), heard.lines().toString());
        times.add(heard.lines().toString().replaceAll("(?s).*retryAfterMillis\":(\\d+).*", "$1"));
      }
      for (WebSocketReader socket : sockets) {
        assertEquals(1001, socket.closeCode().get(20, TimeUnit.SECONDS));
        assertEquals("server-stopping", socket.reason());
        assertEquals("\"the last\"", socket.heard().get(0));
        JsonObject error = socket.answers().get(0).getJsonObject("error");
        times.add(Integer.toString(error.getInt("retryAfterMillis")));
      }
      assertTrue(times.stream().distinct().count() > EACH / 2, "they are jittered: " + times);
      long spread =
          (ends.stream().mapToLong(Long::longValue).max().getAsLong()
                  - ends.stream().mapToLong(Long::longValue).min().getAsLong())
              / 1_000_000;
      assertTrue(spread > 500, "over " + spread + " ms");
      assertTrue(tookMillis < 10_000, "the undeployment took " + tookMillis + " ms");
      System.out.printf("%d clients went over %d ms of %d%n", 3 * EACH, spread, tookMillis);
    } finally {
      sockets.forEach(WebSocketReader::vanish);
    }
  }

  @Test
  void theApplicationCanBePutBackAtOnce() throws Exception {
    for (int round : IntStream.range(0, 3).toArray()) {
      deployer.deploy(NAME);
      try (WebSocketReader reader = new WebSocketReader(http.channel("ticker", ""), "-1")) {
        ServerTest.await("round " + round, () -> !reader.heard().isEmpty());
        deployer.undeploy(NAME);
        assertEquals(1001, reader.closeCode().get(20, TimeUnit.SECONDS));
      }
    }
  }
}
