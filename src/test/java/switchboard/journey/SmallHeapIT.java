package switchboard.journey;

import static org.awaitility.Awaitility.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Metrics;
import switchboard.testing.Ports;
import switchboard.testing.ServerProcess;

/**
 * A server with a heap of 192 MiB serves 500 clients while others make it keep as much as they can:
 * all that is kept has a bound. Payara Micro; WildFly where that is the server of the other tests.
 */
class SmallHeapIT implements Wanderer.Crowd {

  private static final int PORT = Ports.port(93);
  private static final String HEAP = "-Xmx192m";
  private static final int CLIENTS = 500;
  private static final int ATTACKERS = 200;
  private static final String HEAD = "/switchboard/channels/%s HTTP/1.1\r\nHost: localhost\r\n";

  /** So long each attack lasts once all of it has been sent. */
  private static final Duration HELD = Duration.ofSeconds(4);

  private final Map<String, String> environment =
      Map.of(
          "SWITCHBOARD_ACCESS_OPEN", "open-*",
          "SWITCHBOARD_TOKEN_SECRET", "0123456789abcdef0123456789abcdef",
          "SWITCHBOARD_TOKEN_ISSUER", "https://issuer.test/",
          "SWITCHBOARD_TOKEN_AUDIENCE", "https://push.test/",
          "SWITCHBOARD_TICKER_CHANNEL", "");

  private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(4);
  private final ExecutorService attackers = Executors.newFixedThreadPool(64);
  private final List<Wanderer> clients = new ArrayList<>();
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
  private final Queue<String> troubles = new ConcurrentLinkedQueue<>();
  private final Queue<String> unwell = new ConcurrentLinkedQueue<>();
  private final AtomicInteger published = new AtomicInteger();
  private final AtomicLong slowestMillis = new AtomicLong();
  private final AtomicInteger interruptions = new AtomicInteger();
  private boolean wasLate; // the clock's alone
  private volatile long lastHeld;
  private ServerProcess server;
  private Http http;

  @BeforeEach
  void start() {
    Path war = Path.of(System.getProperty("war.under.test", "target/switchboard.war"));
    server = ServerProcess.likeOthers(PORT, war, environment, HEAP);
    http = new Http(server.root());
    await("the server is there", Duration.ofMinutes(3), server::isReady);
  }

  @AfterEach
  void stop() throws IOException {
    clock.shutdownNow();
    attackers.shutdownNow();
    letGo();
    clients.forEach(Wanderer::close);
    server.close();
  }

  @Test
  void aSmallHeapServesItsClientsWhateverOthersMakeItKeep() throws Exception {
    serve();
    attack("parts of frames before a token", ATTACKERS, i -> parts("closed-x"));
    attack("parts of frames", ATTACKERS, i -> parts("open-news"));
    attack("a frame that is never whole", ATTACKERS, i -> halfAFrame("open-news"));
    fill("open-large", 1);
    attack("answers that are not read", ATTACKERS, i -> pollAndReadNothing("open-large"));
    fill("open-huge", 8); // more than the system's buffers take
    long held =
        attack(
            "event streams that are not read", ATTACKERS, i -> streamAndReadNothing("open-huge"));
    assertTrue(held > 1_000_000, "event streams that are not read made it hold " + held + " bytes");
    attack("bodies that are never whole", ATTACKERS, i -> halfABody("open-news"));
    attack("metrics and files that are not read", ATTACKERS, this::askAndReadNothing);
    put("open-trees");
    attack("JSON that is large as objects", 24, i -> appendTree("open-trees"));
    attack("bodies that do not come", ATTACKERS, this::announceABody);
    attack("polls of ever new clients", 8, i -> pollAsOthers("open-news", i, 2_500));
    attack("long content types", 8, i -> create(i, 250, 5_000, "400"));
    attack("many channels", 8, i -> create(i, 3_125, 255, "201 507"));
    // What is gone is not counted any more, and everybody has heard everything.
    int last = published.get();
    await("all have heard all", Duration.ofSeconds(60), () -> haveHeard(last));
    await(
        "nothing is held for clients any more",
        Duration.ofSeconds(40),
        () -> heldForClients() < 100_000);
    report();
    assertEquals(
        List.of(),
        List.copyOf(unwell),
        "it answered whether it is alive, and what the attackers asked");
    assertEquals(
        List.of(), clients.stream().flatMap(c -> c.journal().violations().stream()).toList());
    assertFalse(server.log().contains("OutOfMemoryError"), "the log has an OutOfMemoryError");
  }

  private void report() {
    System.out.printf(
        "%s: %d messages to %d clients, who came again %d times; the slowest look at its health %d"
            + " ms; %s%n",
        server, published.get(), CLIENTS, interruptions.get(), slowestMillis.get(), troubles);
  }

  // ---- those who are to be served

  private void serve() {
    put("open-news");
    Transport[] transports = Transport.values();
    for (int i = 0; i < CLIENTS; i++) {
      Transport transport = transports[i % transports.length];
      clients.add(
          new Wanderer(transport + " " + i, transport, http.channel("open-news", ""), this));
    }
    clients.forEach(Wanderer::come);
    clock.scheduleWithFixedDelay(this::publish, 0, 1, TimeUnit.SECONDS);
    clock.scheduleWithFixedDelay(this::look, 0, 500, TimeUnit.MILLISECONDS);
    await("all are served", Duration.ofSeconds(60), () -> haveHeard(1));
  }

  private void put(String channel) {
    assertEquals(201, http.put(channel, "application/json").statusCode());
  }

  private void publish() {
    int next = published.get() + 1;
    // As a producer, so that what is not answered can be sent again.
    HttpRequest.Builder request =
        http.request("channels/open-news")
            .header("Content-Type", "application/json")
            .header("Producer-Id", "news")
            .header("Producer-Epoch", "0")
            .header("Producer-Seq", Integer.toString(next - 1))
            .timeout(Duration.ofSeconds(5))
            .POST(HttpRequest.BodyPublishers.ofString(Integer.toString(next)));
    try {
      int status = http.send(request).status();
      if (status == 200 || status == 204) {
        published.set(next);
      } else {
        troubles.add("message " + next + ": " + status);
      }
    } catch (RuntimeException e) {
      troubles.add("message " + next + ": " + e);
    }
  }

  private boolean haveHeard(long number) {
    return clients.stream().allMatch(client -> client.journal().last() >= number);
  }

  private void look() {
    long start = System.nanoTime();
    String trouble = null;
    try {
      HttpURLConnection connection =
          (HttpURLConnection) server.root().resolve("health/live").toURL().openConnection();
      connection.setConnectTimeout(2_000);
      connection.setReadTimeout(2_000);
      if (connection.getResponseCode() != 200) {
        trouble = "health/live " + connection.getResponseCode();
      }
    } catch (IOException e) {
      trouble = "health/live " + e;
    }
    // Once may be the machine, which has the attackers and the clients to run as well.
    if (trouble != null && wasLate) {
      unwell.add(trouble);
    }
    wasLate = trouble != null;
    slowestMillis.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
  }

  @Override
  public ScheduledExecutorService clock() {
    return clock;
  }

  @Override
  public void cameIn(Wanderer who, boolean again) {
    // all do, or do not hear all
  }

  @Override
  public void wentOut(Wanderer who, String why) {
    interruptions.incrementAndGet();
  }

  @Override
  public void wasRefused(Wanderer who, String why) {
    interruptions.incrementAndGet();
  }

  // ---- those who make it keep things

  /** One of many who do the same. */
  private interface Attacker {
    void run(int i) throws IOException;
  }

  /** The most bytes that were seen held for clients meanwhile. */
  private long attack(String what, int count, Attacker attacker) throws Exception {
    AtomicLong held = new AtomicLong();
    long start = System.nanoTime();
    int before = published.get();
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      all.add(
          attackers.submit(
              () -> {
                try {
                  attacker.run(number);
                } catch (IOException e) {
                  // hung up on, or told nothing: that is how it should end
                }
              }));
    }
    for (Future<?> one : all) {
      one.get(60, TimeUnit.SECONDS);
    }
    int during = published.get();
    await(
        "messages go on",
        Duration.ofSeconds(30),
        () -> {
          held.accumulateAndGet(heldForClients(), Math::max);
          return published.get() > during + 2;
        });
    await(
        "clients go on",
        Duration.ofSeconds(20).plus(HELD),
        () -> haveHeard(during) && System.nanoTime() - start > HELD.toNanos());
    held.accumulateAndGet(heldForClients(), Math::max);
    System.out.printf(
        "%s: %.1f s, %d messages, up to %,d bytes held for clients%n",
        what, (System.nanoTime() - start) / 1e9, published.get() - before, held.get());
    letGo();
    return held.get();
  }

  /** What it says; what it said before, where answers that are not read leave no room for one. */
  private long heldForClients() {
    try {
      lastHeld = (long) Metrics.read(http, "switchboard_pending_bytes");
    } catch (AssertionError | RuntimeException e) {
      troubles.add("metrics: " + e.getMessage());
    }
    return lastHeld;
  }

  private void letGo() throws IOException {
    for (Socket socket = sockets.poll(); socket != null; socket = sockets.poll()) {
      socket.close();
    }
  }

  private Socket connect() throws IOException {
    return connect(new Socket());
  }

  private Socket connect(Socket socket) throws IOException {
    sockets.add(socket);
    socket.setSoTimeout(10_000);
    socket.connect(new InetSocketAddress("127.0.0.1", PORT));
    return socket;
  }

  /** For who reads nothing: the system is not to read much for it. */
  private Socket connectWithSmallBuffer() throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    return connect(socket);
  }

  private static void send(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private Socket upgrade(String channel) throws IOException {
    Socket socket = connect();
    send(
        socket,
        ("GET " + HEAD.formatted(channel))
            + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    read(socket, "\r\n\r\n");
    return socket;
  }

  private static void read(Socket socket, String end) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder text = new StringBuilder();
    while (!text.toString().endsWith(end)) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("ended");
      }
      text.append((char) c);
    }
  }

  /** The head of a frame with a mask of zeros. */
  private static String frame(int firstByte, int length) {
    return (char) firstByte
        + "\u00ff\0\0\0\0"
        + (char) (length >> 24 & 0xff)
        + (char) (length >> 16 & 0xff)
        + (char) (length >> 8 & 0xff)
        + (char) (length & 0xff)
        + "\0\0\0\0";
  }

  /** A text that begins with a letter beyond Latin-1 and never ends, 1 MB of it. */
  private void parts(String channel) throws IOException {
    Socket socket = upgrade(channel);
    String begin = "{\"append\":\"\u00c4\u0081"; // ā in UTF-8
    send(socket, frame(0x01, begin.length()) + begin);
    for (int i = 0; i < 16; i++) {
      send(socket, frame(0x00, 60_000) + "x".repeat(60_000));
    }
  }

  /** One frame of 1 MB, of which the last byte does not come. */
  private void halfAFrame(String channel) throws IOException {
    Socket socket = upgrade(channel);
    send(socket, frame(0x81, 1_000_000) + "{\"append\":\"" + "x".repeat(900_000));
  }

  private void halfABody(String channel) throws IOException {
    Socket socket = connect();
    send(
        socket,
        ("POST " + HEAD.formatted(channel))
            + "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n\""
            + "x".repeat(900_000));
  }

  /** On WildFly each of them kept a thread at the end of its request. */
  private void announceABody(int i) throws IOException {
    List<String> lines =
        List.of(
            "GET /switchboard/health/live",
            "GET /switchboard/channels/open-news",
            "DELETE /switchboard/channels/closed-x",
            "POST /switchboard/channels/open-unknown",
            "PUT /switchboard/channels/closed-x",
            "POST /switchboard/metrics",
            "POST /switchboard/js/switchboard.js",
            "POST /switchboard/access",
            "POST /switchboard/access/x",
            "PUT /switchboard/lab/api/source",
            "GET /switchboard/nothing");
    send(
        connect(),
        lines.get(i % lines.size())
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{");
  }

  private void fill(String channel, int megabytes) {
    put(channel);
    for (int i = 0; i < 20 * megabytes; i++) {
      assertEquals(204, http.append(channel, "\"" + "y".repeat(50_000) + "\"").status());
    }
  }

  /** One message of 1 MB that takes 50 MB as objects. */
  private void appendTree(String channel) throws IOException {
    Socket socket = connect();
    String tree = "[[" + "[1],".repeat(249_000) + "1]]";
    send(
        socket,
        ("POST " + HEAD.formatted(channel))
            + "Content-Type: application/json\r\nContent-Length: "
            + tree.length()
            + "\r\n\r\n"
            + tree);
    String status = answer(socket);
    if (!"204 503".contains(status)) {
      unwell.add("an append of 1 MB: " + status);
    }
  }

  private void pollAndReadNothing(String channel) throws IOException {
    String poll = "GET " + HEAD.formatted(channel + "?offset=-1") + "\r\n";
    send(connectWithSmallBuffer(), poll.repeat(30));
  }

  private void askAndReadNothing(int who) throws IOException {
    String path = List.of("metrics", "health/live", "js/switchboard.js").get(who % 3);
    String request = "GET /switchboard/%s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(path);
    send(connectWithSmallBuffer(), request.repeat(50));
  }

  private void streamAndReadNothing(String channel) throws IOException {
    String head = HEAD.formatted(channel + "?offset=-1") + "Accept: text/event-stream\r\n\r\n";
    send(connectWithSmallBuffer(), "GET " + head);
  }

  /** Asks on one connection, and on the next when the server has ended that one. */
  private final class Asking {
    private Socket socket;

    /** The status of the answer. */
    private String ask(String request) throws IOException {
      if (socket != null) {
        try {
          send(socket, request);
          return answer(socket);
        } catch (IOException e) {
          socket.close(); // servers end a connection after some hundreds of requests
        }
      }
      socket = connect();
      send(socket, request);
      return answer(socket);
    }
  }

  /** Polls by ever new clients, who say much of themselves and ask to wait long. */
  private void pollAsOthers(String channel, int who, int count) throws IOException {
    Asking asking = new Asking();
    String head =
        ("GET " + HEAD.formatted(channel + "?offset=-1"))
            + "Prefer: wait=60\r\nUser-Agent: %d-%d-"
            + "u".repeat(6_900)
            + "\r\n\r\n";
    for (int i = 0; i < count; i++) {
      String status = asking.ask(head.formatted(who, i));
      if (!status.equals("200")) {
        unwell.add("a poll: " + status);
      }
    }
  }

  private void create(int who, int count, int typeLength, String expected) throws IOException {
    Asking asking = new Asking();
    String type = "text/plain; x=" + "y".repeat(typeLength - 14);
    for (int i = 0; i < count; i++) {
      String name = "open-many-" + typeLength + "-" + who + "-" + i;
      String status =
          asking.ask(
              ("PUT " + HEAD.formatted(name))
                  + "Content-Type: "
                  + type
                  + "\r\nContent-Length: 0\r\n\r\n");
      if (!expected.contains(status)) {
        unwell.add("PUT " + name + ": " + status);
      }
    }
  }

  /** Reads an answer; its status. */
  private static String answer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("ended");
      }
      head.append((char) c);
    }
    String lower = head.toString().toLowerCase(java.util.Locale.ROOT);
    int length = lower.indexOf("content-length: ");
    if (length >= 0) {
      int end = lower.indexOf("\r\n", length);
      in.readNBytes(Integer.parseInt(lower.substring(length + 16, end).strip()));
    } else if (lower.contains("transfer-encoding: chunked")) {
      read(socket, "0\r\n\r\n");
    }
    return head.substring(9, 12);
  }

  private static void await(String what, Duration bound, Callable<Boolean> condition) {
    with().pollInterval(Duration.ofMillis(200)).await(what).atMost(bound).until(condition);
  }
}
