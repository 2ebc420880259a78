package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A reader that stalls costs an offset, not memory, and holds up nobody. */
@ExtendWith(ArquillianExtension.class)
class SlowReaderIT {

  private static final int STALLED = 20;
  private static final int MESSAGES = 100_000;

  private final Http http = new Http(URI.create("http://127.0.0.1:18080/switchboard/"));

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war(Map.of("write.stuck-after", "PT8S"));
  }

  private String newChannel() {
    String channel = "slow-" + System.nanoTime();
    assertEquals(201, http.put(channel, "application/json").statusCode());
    return channel;
  }

  private void flood(String channel, int messages, int sizeBytes) {
    String padding = "x".repeat(sizeBytes);
    String page =
        IntStream.range(0, 500)
            .mapToObj(i -> "\"" + padding + i + "\"")
            .collect(Collectors.joining(",", "[", "]"));
    for (int i = 0; i < messages; i += 500) {
      assertEquals(204, http.append(channel, page).status());
    }
  }

  /** Clients of each transport that ask and then read nothing. */
  private List<RawSocket> stall(String channel) throws Exception {
    List<RawSocket> stalled = new ArrayList<>();
    String path = "/switchboard/channels/" + channel + "?offset=-1";
    for (int i = 0; i < STALLED; i++) {
      RawSocket webSocket = RawSocket.connectNarrow(http.root());
      webSocket.upgrade(path);
      stalled.add(webSocket);
      for (String query : List.of("&live=sse", "&live=long-poll", "")) {
        RawSocket socket = RawSocket.connectNarrow(http.root());
        socket.send("GET " + path + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stalled.add(socket);
      }
    }
    return stalled;
  }

  private double[] latenciesMillis(String channel, int count) {
    double[] latencies = new double[count];
    try (Reader reader = new WebSocketReader(http.channel(channel, ""), "now")) {
      ServerTest.await("it listens", reader::isReady);
      for (int i = 0; i < count; i++) {
        long start = System.nanoTime();
        int number = i;
        http.append(channel, Integer.toString(i));
        while (reader.heard().size() <= number) {
          Thread.onSpinWait();
        }
        latencies[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    Arrays.sort(latencies);
    return latencies;
  }

  @Test
  void stalledReadersHaveABoundInMemoryAndHoldUpNobody() throws Exception {
    String quiet = newChannel();
    latenciesMillis(quiet, 200); // warm
    double[] alone = latenciesMillis(quiet, 300);
    String channel = newChannel();
    flood(channel, 10_000, 100);
    long before = LiveObjects.ofServer().bytes();
    double threads = Metrics.read(http, "jvm_threads_live_threads");
    List<RawSocket> stalled = stall(channel);
    try {
      flood(channel, MESSAGES, 100);
      long grown = LiveObjects.ofServer().bytes() - before;
      double more = Metrics.read(http, "jvm_threads_live_threads") - threads;
      double[] beside = latenciesMillis(quiet, 300);
      System.out.printf(
          "%d stalled readers, %d messages: %,d bytes and %.0f threads more;"
              + " another's p50 %.1f ms (alone %.1f), p99 %.1f ms (alone %.1f)%n",
          stalled.size(), MESSAGES, grown, more, beside[150], alone[150], beside[297], alone[297]);
      // Ours is one batch each. Payara takes some megabytes more for each event stream and
      // WebSocket
      // before it says that it can take no more: 4 to 99 MB were seen for these 40.
      assertTrue(grown < 160L << 20, grown + " bytes more");
      assertTrue(
          beside[297] < 3 * alone[297] + 50, beside[297] + " ms, " + alone[297] + " ms alone");
    } finally {
      for (RawSocket socket : stalled) {
        socket.reset();
      }
    }
  }
}
