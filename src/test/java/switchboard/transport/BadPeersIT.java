package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** Clients that send nonsense, or nothing, disturb nobody. */
@ExtendWith(ArquillianExtension.class)
class BadPeersIT {

  private static final int SLOW = 300;

  private final Http http = new Http(Ports.SWITCHBOARD);
  private String channel;

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war();
  }

  @BeforeEach
  void makeAChannel() {
    channel = http.newChannel("bad-");
  }

  @Test
  void upgradesThatAreNeverFinishedHoldUpNobody() throws Exception {
    List<RawSocket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < SLOW; i++) {
        RawSocket socket = RawSocket.connect(http.root());
        socket.send(
            "GET /switchboard/channels/%s?offset=now HTTP/1.1\r\nHost: localhost\r\n"
                    .formatted(channel)
                + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSo");
        slow.add(socket);
      }
      try (Reader reader =
          Reader.of(switchboard.channel.Transport.WEBSOCKET, http.channel(channel, ""), "-1")) {
        for (int i = 0; i < 20; i++) {
          assertEquals(204, http.append(channel, Integer.toString(i)).status());
        }
        ServerTest.await("the reader hears", () -> reader.heard().size() == 20);
      }
    } finally {
      for (RawSocket socket : slow) {
        socket.reset();
      }
    }
  }

  @Test
  void tenThousandMalformedRequestsAndFramesDisturbNobody() throws Exception {
    double threads = Metrics.read(http, "jvm_threads_live_threads");
    double failures = Metrics.endings(http, "internal");
    Map<String, Integer> answers = new ConcurrentHashMap<>();
    ExecutorService clients = Executors.newFixedThreadPool(8);
    List<String> expected = new ArrayList<>();
    try (Reader stream = Reader.eventStream(http.channel(channel, ""), "-1");
        Reader socket =
            Reader.of(switchboard.channel.Transport.WEBSOCKET, http.channel(channel, ""), "-1")) {
      for (int i = 0; i < 8; i++) {
        Random random = new Random(i);
        clients.execute(() -> IntStream.range(0, 1_250).forEach(n -> misbehave(random, answers)));
      }
      clients.shutdown();
      for (int i = 0; !clients.isTerminated(); i++) {
        assertEquals(204, http.append(channel, "\"fine " + i + "\"").status());
        expected.add("\"fine " + i + "\"");
        clients.awaitTermination(200, TimeUnit.MILLISECONDS);
      }
      ServerTest.await("the stream hears all", () -> stream.heard().size() >= expected.size());
      ServerTest.await("the socket hears all", () -> socket.heard().size() >= expected.size());
      assertEquals(expected, stream.heard());
      assertEquals(expected, socket.heard());
    } finally {
      clients.shutdownNow();
    }
    System.out.println("10,000 malformed requests and frames were answered " + answers);
    assertTrue(
        answers.keySet().stream().noneMatch(answer -> answer.startsWith("500")),
        answers.toString());
    assertEquals(failures, Metrics.endings(http, "internal"));
    ServerTest.await("nobody is left", () -> Metrics.read(http, "switchboard_connections") == 0);
    // The server's pool for requests and ours for answers have 32 threads each, which stay a while.
    ServerTest.await(
        "no thread is stuck", () -> Metrics.read(http, "jvm_threads_live_threads") < threads + 80);
  }

  private void misbehave(Random random, Map<String, Integer> answers) {
    try (RawSocket socket = RawSocket.connect(http.root())) {
      socket.timeout(2_000);
      if (random.nextInt(3) == 0) {
        socket.upgrade("/switchboard/channels/other-" + channel + "?offset=now");
        socket.sendBytes(malformedFrames(random));
        answers.merge("a frame", 1, Integer::sum);
      } else {
        String request = malformedRequest(random);
        socket.sendBytes(request);
        String line = socket.readLine();
        String status = line == null ? "closed" : status(line);
        answers.merge(status.equals("500") ? "500 to " + request : status, 1, Integer::sum);
      }
    } catch (IOException e) {
      answers.merge("closed", 1, Integer::sum);
    }
  }

  private static String status(String line) {
    return line.length() > 12 ? line.substring(9, 12) : line;
  }

  /** A good request in which some characters became others. */
  private String malformedRequest(Random random) {
    String target = "/switchboard/channels/other-" + channel;
    String good =
        switch (random.nextInt(4)) {
          case 0 ->
              "GET %s?offset=-1&live=long-poll HTTP/1.1\r\nPrefer: wait=1\r\n".formatted(target);
          case 1 -> "POST %s HTTP/1.1\r\nContent-Type: application/json\r\n".formatted(target);
          case 2 ->
              "PUT %s HTTP/1.1\r\nContent-Type: text/plain\r\nStream-TTL: 5\r\n".formatted(target);
          default ->
              "GET /switchboard/channels?channel=a@-1&channel=b HTTP/1.1\r\nAccept: text/event-stream\r\n";
        };
    String rest = "Host: localhost\r\nConnection: close\r\nContent-Length: 7\r\n\r\n[1,2,3]";
    StringBuilder request = new StringBuilder(good + rest);
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      // Not in the end of the head: a request that never ends is another test.
      int at = random.nextInt(good.length() - 2);
      int endOfLine = good.indexOf('\r');
      if (at == endOfLine || at == endOfLine + 1) {
        continue; // Payara itself answers 500 to a first line that goes on in the second
      }
      // In the URL only what the server software takes: to bytes that are no UTF-8, to a broken
      // escape and to a backslash Payara itself answers 500, before anybody is asked.
      char other = (char) (at < endOfLine ? ' ' + random.nextInt(95) : random.nextInt(256));
      request.setCharAt(at, other == '%' || other == '\\' ? '!' : other);
    }
    return request.toString();
  }

  private static String malformedFrames(Random random) {
    StringBuilder bytes = new StringBuilder();
    for (int i = random.nextInt(60); i > 0; i--) {
      bytes.append((char) random.nextInt(256));
    }
    return bytes.toString();
  }
}
