package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** Bodies that come by and by hold up nobody, and are given up when they are late. */
@ExtendWith(ArquillianExtension.class)
class SlowBodiesIT {

  private static final int SLOW = 300;
  private static final int WITHIN_SECONDS = 4;
  private static final Map<String, Object> SETTINGS =
      Map.of("request.body-timeout", "PT" + WITHIN_SECONDS + "S", "request.max-pending-mib", 4);

  /** Two ticks of the clock, and a slow machine. */
  private static final long SLACK_SECONDS = 5;

  private final Http http = new Http(Ports.SWITCHBOARD);
  private final List<RawSocket> sockets = new ArrayList<>();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private String channel;

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.war(SETTINGS);
  }

  @BeforeEach
  void makeAChannel() {
    channel = http.newChannel("bodies-");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    clock.shutdownNow();
    for (RawSocket socket : sockets) {
      socket.reset();
    }
    ServerTest.await(
        "no body is left", () -> Metrics.read(http, "switchboard_pending_requests") == 0);
    assertEquals(0, Metrics.read(http, "switchboard_pending_bytes"));
  }

  private double late() {
    return Metrics.endings(http, "body-timeout");
  }

  /** One whose headers say that a body follows. */
  private RawSocket begin(String method, String framing) throws IOException {
    RawSocket socket = RawSocket.connect(http.root());
    sockets.add(socket);
    String name = method.equals("PUT") ? "put-" + sockets.size() + "-" + channel : channel;
    socket.send(
        "%s /switchboard/channels/%s HTTP/1.1\r\nHost: localhost\r\n".formatted(method, name)
            + "Content-Type: application/json\r\n%s\r\n\r\n".formatted(framing));
    return socket;
  }

  private static void sendAByte(RawSocket socket, String bytes) {
    try {
      socket.send(bytes);
    } catch (IOException e) {
      // the server has hung up
    }
  }

  @Test
  void threeHundredBodiesOfAByteASecondHoldUpNobodyAndAreGivenUpInTime() throws Exception {
    double lateBefore = late();
    try (Reader webSocket = Reader.of(Transport.WEBSOCKET, http.channel(channel, ""), "-1");
        Reader stream = Reader.of(Transport.EVENT_STREAM, http.channel(channel, ""), "-1");
        Reader poll = Reader.of(Transport.LONG_POLL, http.channel(channel, ""), "-1")) {
      long start = System.nanoTime();
      for (int i = 0; i < SLOW; i++) {
        String method = i % 3 == 0 ? "PUT" : "POST";
        boolean isChunked = i % 2 == 0;
        RawSocket socket =
            begin(method, isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000");
        String part = isChunked ? "1\r\n[\r\n" : "[";
        clock.scheduleAtFixedRate(
            () -> sendAByte(socket, part), i % 1_000, 1_000, TimeUnit.MILLISECONDS);
      }
      int count = 0;
      long slowest = 0;
      while (late() == lateBefore) { // all the time until the first is given up
        long before = System.nanoTime();
        assertEquals(204, http.append(channel, Integer.toString(count)).status());
        slowest = Math.max(slowest, System.nanoTime() - before);
        count++;
        assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(30), "none is given up");
      }
      int expected = count;
      for (Reader reader : List.of(webSocket, stream, poll)) {
        ServerTest.await("the reader hears all", () -> reader.heard().size() == expected);
      }
      ServerTest.await("all are given up", () -> late() - lateBefore == SLOW);
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
      System.out.printf(
          "%d slow bodies were given up after %d s; %d appends beside them, the slowest %,d ms%n",
          SLOW, seconds, count, TimeUnit.NANOSECONDS.toMillis(slowest));
      assertTrue(seconds <= WITHIN_SECONDS + SLACK_SECONDS, seconds + " s");
      assertTrue(count > 10, count + " appends");
      assertTrue(slowest < TimeUnit.SECONDS.toNanos(2), slowest + " ns");
    }
    for (RawSocket socket : sockets) {
      assertEquals("HTTP/1.1 408 ", socket.readLine().substring(0, 13));
      socket.timeout(5_000);
      assertTrue(socket.readsUntilEnd(), "the server hangs up");
    }
  }

  @ParameterizedTest(name = "{0} bytes, chunked: {1}")
  @CsvSource({
    "20000,false",
    "500000,false",
    "1048576,false",
    "20000,true",
    "500000,true",
    "1048576,true"
  })
  void aLargeBodyIsTakenAtOnce(int size, boolean isChunked) {
    byte[] body = ("\"" + "x".repeat(size - 2) + "\"").getBytes(StandardCharsets.UTF_8);
    BodyPublisher publisher =
        isChunked
            ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
            : BodyPublishers.ofByteArray(body);
    for (int i = 0; i < 5; i++) {
      long start = System.nanoTime();
      Http.Answer answer =
          http.send(
              http.request("channels/" + channel)
                  .header("Content-Type", "application/json")
                  .POST(publisher));
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      assertEquals(204, answer.status(), answer.body());
      assertTrue(millis < 3_000, millis + " ms");
    }
    assertEquals(5, count());
  }

  private int count() {
    int count = 0;
    String next = "-1";
    while (true) {
      Http.Answer answer = http.get("channels/" + channel + "?offset=" + next);
      count += answer.messages().size();
      next = answer.next();
      if (answer.header("Stream-Up-To-Date") != null) {
        return count;
      }
    }
  }

  @ParameterizedTest(name = "chunked: {0}")
  @CsvSource({"false", "true"})
  void aSlowLineIsNotTakenForABadClient(boolean isChunked) throws Exception {
    int parts = 15 * WITHIN_SECONDS;
    String part = "x".repeat(4_000);
    String whole = "\"" + part.repeat(parts) + "\"";
    RawSocket socket =
        begin(
            "POST", isChunked ? "Transfer-Encoding: chunked" : "Content-Length: " + whole.length());
    socket.send(chunk("\"", isChunked));
    // 40 kB a second, for half as long again as a body has that does not come at all.
    for (int i = 0; i < parts; i++) {
      clock.schedule(
          () -> sendAByte(socket, chunk(part, isChunked)), 100L * i, TimeUnit.MILLISECONDS);
    }
    clock.schedule(
        () -> sendAByte(socket, chunk("\"", isChunked) + (isChunked ? "0\r\n\r\n" : "")),
        100L * parts,
        TimeUnit.MILLISECONDS);
    assertEquals("HTTP/1.1 204 ", socket.readLine().substring(0, 13));
    // The connection goes on.
    while (!socket.readLine().isEmpty()) {
      // headers
    }
    socket.send(
        "GET /switchboard/channels/%s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(channel));
    assertEquals("HTTP/1.1 200 ", socket.readLine().substring(0, 13));
  }

  private static String chunk(String text, boolean isChunked) {
    return isChunked ? Integer.toHexString(text.length()) + "\r\n" + text + "\r\n" : text;
  }

  @Test
  void moreThanMayBeOnItsWayIsRefused() throws Exception {
    String most = "\"" + "x".repeat((1 << 20) - 100);
    List<RawSocket> refused = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      RawSocket socket = begin("POST", "Content-Length: " + (1 << 20));
      sendAByte(socket, most);
      refused.add(socket);
    }
    ServerTest.await("not all have room", () -> Metrics.endings(http, "request-buffer-full") >= 4);
    assertTrue(Metrics.read(http, "switchboard_pending_bytes") <= 4 << 20);
    assertEquals(204, http.append(channel, "1").status(), "what comes at once has room");
    // The others have as long again for having sent so much; then they are late.
    List<String> answers = new ArrayList<>();
    for (RawSocket socket : refused) {
      answers.add(socket.readLine().substring(0, 13));
    }
    assertTrue(Collections.frequency(answers, "HTTP/1.1 503 ") >= 4, answers.toString());
    assertTrue(Collections.frequency(answers, "HTTP/1.1 408 ") >= 1, answers.toString());
  }
}
