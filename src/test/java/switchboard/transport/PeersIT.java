package switchboard.transport;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import switchboard.channel.Transport;
import switchboard.testing.Blackhole;
import switchboard.testing.EventStreamReader;
import switchboard.testing.Http;
import switchboard.testing.LiveObjects;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** Peers that vanish without a word are noticed within the stated time, and leave nothing. */
@ExtendWith(ArquillianExtension.class)
class PeersIT {

  private static final Map<String, ?> SETTINGS =
      Map.of(
          "event-stream.max-age",
          "PT6S",
          "write.timeout",
          "PT3S",
          "connections.max-per-address",
          10_000);

  /** Of each transport. */
  private static final int CYCLES = Integer.getInteger("peers.cycles", 3_400);

  /** Requests that are under way just then, and what the server software keeps of one in fifty. */
  private static final int TOLERATED = 20 + CYCLES / 50;

  /** Two ticks of the clock, and a slow machine. */
  private static final long SLACK_SECONDS = 4;

  private final Http http = new Http(Ports.SWITCHBOARD);
  private String channel;

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war(SETTINGS);
  }

  @BeforeEach
  void makeAChannel() {
    channel = http.newChannel("peers-");
  }

  private double subscriptions() {
    return Metrics.read(http, "switchboard_subscriptions");
  }

  private double lost() {
    return Metrics.endings(http, "connection-lost");
  }

  private String path(String query) {
    return "/switchboard/channels/" + channel + query;
  }

  private static void get(RawSocket socket, String path) throws IOException {
    socket.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=5\r\n\r\n");
  }

  @Test
  void aPeerWhosePacketsAreDroppedIsFreedWithinTheStatedTime() throws Exception {
    if (!Blackhole.canDropPackets()) {
      System.out.println("skipped: this process may not drop packets; a proxy does in its place");
      Assumptions.abort("nft is not allowed here");
    }
    vanish(new Blackhole.PacketDrop(http.root()));
  }

  @Test
  void aPeerBehindAProxyThatSwallowsEverythingIsFreedWithinTheStatedTime() throws Exception {
    vanish(new Blackhole.Proxy(http.root()));
  }

  private void vanish(Blackhole network) throws Exception {
    List<RawSocket> clients = new ArrayList<>();
    double lostBefore = lost();
    try (network) {
      for (int i = 0; i < 3; i++) {
        RawSocket webSocket = RawSocket.connect(network.server());
        webSocket.upgrade(path("?offset=now"));
        RawSocket stream = RawSocket.connect(network.server());
        get(stream, path("?offset=now&live=sse"));
        RawSocket poll = RawSocket.connect(network.server());
        get(poll, path("?offset=now&live=long-poll"));
        clients.addAll(List.of(webSocket, stream, poll));
      }
      ServerTest.await("nine listen", () -> subscriptions() == 9);
      network.swallow(clients);
      long start = System.nanoTime();
      http.append(channel, "1"); // answers the long polls; nobody hears it
      ServerTest.await("the long polls are over", () -> subscriptions() <= 6);
      // Ping after 3 s, pong within 2 s; an event stream after 6 s at the most.
      ServerTest.await("all are freed", () -> subscriptions() == 0);
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
      assertTrue(seconds <= 6 + SLACK_SECONDS, seconds + " s");
      assertEquals(0, Metrics.read(http, "switchboard_connections"));
      assertTrue(lost() >= lostBefore + 3, "the WebSockets were counted as lost");
    } finally {
      for (RawSocket client : clients) {
        client.reset();
      }
    }
  }

  @Test
  void anEventStreamThatIsEndedForItsAgeIsResumedWithoutLossOrRepeat() {
    // The reader does not come again by itself: it is opened again from where it got to.
    try (Reader first = new EventStreamReader(http.channel(channel, ""), "-1")) {
      http.append(channel, "[1,2]");
      ServerTest.await("it is ended", () -> first.heard().contains("ended"));
      assertEquals(List.of("1", "2", "ended"), first.heard());
      http.append(channel, "3");
      try (Reader second = new EventStreamReader(http.channel(channel, ""), first.offset())) {
        ServerTest.await("it resumes", () -> second.heard().size() == 1);
        assertEquals(List.of("3"), second.heard());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LONG_POLL", "EVENT_STREAM", "WEBSOCKET"})
  void thousandsOfPeersThatConnectAndVanishLeaveNothing(Transport transport) throws Exception {
    Random random = new Random(6);
    cycles(transport, 1_000, random); // pools and caches fill
    settle();
    LiveObjects before = LiveObjects.ofServer();
    double threadsBefore = Metrics.read(http, "jvm_threads_live_threads");
    double filesBefore = Metrics.read(http, "process_files_open_files");
    long start = System.nanoTime();
    cycles(transport, CYCLES, random);
    settle();
    awaitNoneLeft(before);
    long grown = LiveObjects.ofServer().bytes() - before.bytes();
    double threads = Metrics.read(http, "jvm_threads_live_threads") - threadsBefore;
    double files = Metrics.read(http, "process_files_open_files") - filesBefore;
    System.out.printf(
        "%,d %s vanished in %d s: %,d bytes, %.0f threads, %.0f files more%n",
        CYCLES,
        transport,
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
        grown,
        threads,
        files);
    // The server software keeps some of what it made for them; a file each would be 3,400.
    assertTrue(grown < 40 << 20, grown + " bytes more");
    assertTrue(threads < 40, threads + " threads more");
    assertTrue(files < 100, files + " files more");
  }

  // Nothing of the application's own is kept for one that is gone; a few of everybody's are alive.
  private static void awaitNoneLeft(LiveObjects before) {
    with()
        .dontCatchUncaughtExceptions()
        .pollInterval(Duration.ofSeconds(2))
        .await("no object of the application is left")
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () -> assertEquals(Map.of(), LiveObjects.ofServer().moreThan(before, TOLERATED)));
  }

  private void settle() {
    ServerTest.await(
        "nobody is left",
        () -> subscriptions() == 0 && Metrics.read(http, "switchboard_connections") == 0);
    assertEquals(0, Metrics.read(http, "switchboard_client_addresses"));
  }

  private void cycles(Transport transport, int count, Random random) throws Exception {
    for (int i = 0; i < count; i++) {
      RawSocket socket = RawSocket.connect(http.root());
      switch (transport) {
        case WEBSOCKET ->
            socket.send(
                "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                        .formatted(path("?offset=now"))
                    + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        case EVENT_STREAM -> get(socket, path("?offset=now&live=sse"));
        default -> get(socket, path("?offset=now&live=long-poll"));
      }
      // At any moment: before the answer, in its midst, or after it.
      if (random.nextBoolean() && transport != Transport.LONG_POLL) {
        socket.readLine();
      }
      if (random.nextBoolean()) {
        socket.reset();
      } else {
        socket.close();
      }
      if (i % 100 == 0) {
        http.append(channel, Integer.toString(i)); // finds those that are gone
      }
    }
  }
}
