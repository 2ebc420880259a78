package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** A client that takes nothing of what is written to it is given up, and holds up nobody. */
@ExtendWith(ArquillianExtension.class)
class StuckIT {

  private static final int STUCK_SECONDS = 3;

  /** Two ticks of the clock, and a slow machine. */
  private static final long SLACK_SECONDS = 5;

  /** A pong that nobody asked for, masked: it says that the peer is there. */
  private static final String PONG = "\u008a\u0080\0\0\0\0";

  private final Http http = new Http(Ports.SWITCHBOARD);
  private final List<RawSocket> sockets = new ArrayList<>();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private String channel;

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war(Map.of("write.timeout", "PT" + STUCK_SECONDS + "S"));
  }

  @BeforeEach
  void makeAChannel() {
    channel = http.newChannel("stuck-");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    clock.shutdownNow();
    for (RawSocket socket : sockets) {
      socket.reset();
    }
    ServerTest.await("nobody is left", () -> Metrics.read(http, "switchboard_connections") == 0);
  }

  private double tooSlow() {
    return Metrics.endings(http, "too-slow");
  }

  private void flood(int megabytes) {
    String padding = "x".repeat(10_000);
    String page =
        IntStream.range(0, 100)
            .mapToObj(i -> "\"" + padding + i + "\"")
            .collect(Collectors.joining(",", "[", "]"));
    for (int i = 0; i < megabytes; i++) {
      assertEquals(204, http.append(channel, page).status());
    }
  }

  private void stall(Transport transport) throws IOException {
    RawSocket socket = RawSocket.connectNarrow(http.root());
    sockets.add(socket);
    String path = "/switchboard/channels/" + channel + "?offset=-1";
    if (transport == Transport.WEBSOCKET) {
      socket.upgrade(path);
      clock.scheduleAtFixedRate(() -> pong(socket), 500, 500, TimeUnit.MILLISECONDS);
    } else {
      String live =
          switch (transport) {
            case EVENT_STREAM -> "&live=sse";
            case LONG_POLL -> "&live=long-poll";
            default -> "";
          };
      socket.send("GET " + path + live + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
  }

  private static void pong(RawSocket socket) {
    try {
      socket.sendBytes(PONG);
    } catch (IOException e) {
      // it was given up
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EVENT_STREAM", "WEBSOCKET"})
  void aClientThatTakesNothingIsEndedAsTooSlowWithinTheStatedTime(Transport transport)
      throws Exception {
    double before = tooSlow();
    for (int i = 0; i < 5; i++) {
      stall(transport);
    }
    ServerTest.await("five listen", () -> Metrics.read(http, "switchboard_subscriptions") == 5);
    try (Reader other = Reader.of(transport, http.channel(channel, ""), "now")) {
      ServerTest.await("another listens", other::isReady);
      flood(20);
      long start = System.nanoTime();
      ServerTest.await("all five are ended", () -> tooSlow() == before + 5);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf("%s: ended after %.1f s%n", transport, seconds);
      assertTrue(seconds <= STUCK_SECONDS + SLACK_SECONDS, seconds + " s");
      assertEquals(1, Metrics.read(http, "switchboard_connections"));
      ServerTest.await(
          "the other hears the last",
          () ->
              !other.heard().isEmpty()
                  && other.heard().get(other.heard().size() - 1).endsWith("x99\""));
    }
    for (RawSocket socket : sockets) {
      socket.timeout(5_000);
      assertTrue(socket.readsUntilEnd(), "its connection is over");
    }
  }

  @Test
  void answersThatNobodyTakesHoldUpNobody() throws Exception {
    flood(10);
    for (int i = 0; i < 100; i++) {
      stall(i % 2 == 0 ? Transport.POLL : Transport.LONG_POLL);
    }
    long slowest = 0;
    try (Reader reader = Reader.of(Transport.WEBSOCKET, http.channel(channel, ""), "now");
        Reader poller = Reader.of(Transport.LONG_POLL, http.channel(channel, ""), "now")) {
      ServerTest.await("they listen", () -> reader.isReady() && poller.isReady());
      for (int i = 0; i < 50; i++) {
        long start = System.nanoTime();
        assertEquals(204, http.append(channel, Integer.toString(i)).status());
        slowest = Math.max(slowest, System.nanoTime() - start);
      }
      ServerTest.await("the WebSocket hears", () -> reader.heard().size() == 50);
      ServerTest.await("the long poll hears", () -> poller.heard().size() == 50);
    }
    System.out.printf("the slowest append beside them took %,d ms%n", slowest / 1_000_000);
    assertTrue(slowest < TimeUnit.SECONDS.toNanos(2), slowest + " ns");
  }
}
