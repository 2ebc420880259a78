package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.LiveObjects;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;
import switchboard.testing.WebSocketReader;

/** A reader that stalls costs an offset, not memory, and holds up nobody. */
@ExtendWith(ArquillianExtension.class)
class SlowReaderIT {

  private static final int STALLED = 80;
  private static final int MESSAGES = 100_000;
  private static final String PADDING = "x".repeat(1_000);

  /** What one answer, event or frame has at the most with the tests' settings. */
  private static final int PAGE_BYTES = 100 * (PADDING.length() + 10);

  /**
   * A page, of which one stands still in each reader; and 192 KiB for what the server software
   * takes before it says that it can take no more, for a connection whose client reads, and for the
   * threads that Payara Micro starts for so many requests at once, with buffers of their own.
   */
  private static final long TOLERATED_BYTES = STALLED * (PAGE_BYTES + (192L << 10));

  private final Http http = new Http(Ports.SWITCHBOARD);

  /**
   * Nobody is given up for not reading: that is another test's. Nor for silence: → {@link #pongs}
   */
  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war(Map.of("write.timeout", "PT5M"));
  }

  private String newChannel() {
    String channel = http.newChannel("slow-");
    return channel;
  }

  private void flood(String channel, int messages) {
    String page =
        IntStream.range(0, 500)
            .mapToObj(i -> "\"" + PADDING + i + "\"")
            .collect(Collectors.joining(",", "[", "]"));
    for (int i = 0; i < messages; i += 500) {
      assertEquals(204, http.append(channel, page).status());
    }
  }

  /** Clients that ask and then read nothing. */
  private void stall(Transport transport, String channel, List<RawSocket> stalled)
      throws IOException {
    String path = "/switchboard/channels/" + channel + "?offset=-1";
    for (int i = 0; i < STALLED; i++) {
      RawSocket socket = RawSocket.connectNarrow(http.root());
      stalled.add(socket);
      switch (transport) {
        case WEBSOCKET -> socket.upgrade(path);
        // Who does not ask for it by name is sent away when there is a gap, and would cost nothing.
        case EVENT_STREAM -> get(socket, path + "&live=sse", "text/event-stream");
        case LONG_POLL -> get(socket, path + "&live=long-poll", "*/*");
        default -> get(socket, path, "*/*");
      }
    }
  }

  private static void get(RawSocket socket, String path, String accept) throws IOException {
    socket.send("GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n\r\n".formatted(path, accept));
  }

  /**
   * What says every second that the WebSockets' clients are there, though they read nothing: who is
   * silent is given up 5 s after the handshake with the settings that all tests have.
   */
  private static ScheduledExecutorService pongs(Transport transport, List<RawSocket> stalled) {
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    if (transport == Transport.WEBSOCKET) {
      clock.scheduleAtFixedRate(() -> stalled.forEach(RawSocket::pong), 1, 1, TimeUnit.SECONDS);
    }
    return clock;
  }

  /** How long another channel's messages take to another client while this one's are published. */
  private double p99MillisBesideFlood(String channel, int messages) {
    String quiet = newChannel();
    List<Double> latencies = new ArrayList<>();
    try (Reader reader = new WebSocketReader(http.channel(quiet, ""), "now")) {
      ServerTest.await("it listens", reader::isReady);
      CompletableFuture<Void> flood = CompletableFuture.runAsync(() -> flood(channel, messages));
      while (!flood.isDone()) {
        long start = System.nanoTime();
        http.append(quiet, Integer.toString(latencies.size()));
        while (reader.heard().size() <= latencies.size()) {
          Thread.onSpinWait();
          assertTrue(System.nanoTime() - start < 15e9, "a message is not heard");
        }
        latencies.add((System.nanoTime() - start) / 1e6);
      }
      flood.join();
    }
    Collections.sort(latencies);
    assertTrue(latencies.size() >= 100, "only " + latencies.size() + " messages were measured");
    return latencies.get(latencies.size() * 99 / 100);
  }

  @ParameterizedTest
  @EnumSource
  void stalledReadersCostAnOffsetAndHoldUpNobody(Transport transport) throws Exception {
    String channel = newChannel();
    // Also fills the log, whose size is the same from now on.
    double alone = p99MillisBesideFlood(channel, MESSAGES / 2);
    double threads = Metrics.read(http, "jvm_threads_live_threads");
    long before = LiveObjects.ofServer().bytes();
    double written = written(transport);
    List<RawSocket> stalled = new CopyOnWriteArrayList<>();
    ScheduledExecutorService pongs = pongs(transport, stalled);
    try {
      stall(transport, channel, stalled);
      double beside = p99MillisBesideFlood(channel, MESSAGES);
      long grown = LiveObjects.ofServer().bytes() - before;
      double each = (written(transport) - written) / STALLED;
      System.out.printf(
          "%d stalled by %s, %,d messages, %,.0f of them written to each: %,d bytes and %.0f threads"
              + " more; another's p99 %.1f ms (without them %.1f)%n",
          STALLED,
          transport,
          MESSAGES,
          each,
          grown,
          Metrics.read(http, "jvm_threads_live_threads") - threads,
          beside,
          alone);
      assertTrue(0 < each && each < MESSAGES / 4, each + " messages were written to each");
      if (transport == Transport.EVENT_STREAM || transport == Transport.WEBSOCKET) {
        assertEquals(
            STALLED,
            Metrics.read(http, "switchboard_connections"),
            () -> "all are there, not ended: " + endings());
      }
      assertTrue(grown < TOLERATED_BYTES, grown + " bytes more");
      assertTrue(beside < 3 * alone + 50, beside + " ms, " + alone + " ms without them");
    } finally {
      pongs.shutdownNow();
      for (RawSocket socket : stalled) {
        socket.reset();
      }
      http.delete(channel);
    }
    ServerTest.await("nobody is left", () -> Metrics.read(http, "switchboard_connections") == 0);
  }

  /** How many ended for which reason. */
  private String endings() {
    return http.get("metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("switchboard_endings_total{") && !line.endsWith(" 0.0"))
        .collect(Collectors.joining(", "));
  }

  private double written(Transport transport) {
    return Metrics.read(
        http, "switchboard_messages_out_total{transport=\"" + transport.key() + "\"}");
  }
}
