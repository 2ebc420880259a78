import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds connections of every transport to a server and publishes to all of them: how many are
 * there, and how soon each has heard.
 *
 * <pre>
 *   ulimit -n 30000 &amp;&amp; java bench/Hold.java http://127.0.0.1:8080/switchboard 2500 60
 * </pre>
 *
 * The arguments: where Switchboard is, how many connections of each transport, for how many seconds,
 * and within how many each message must be heard (10).
 * One thread; every connection comes from an address 127.0.0.x, of which each has its own ports. It
 * ends with status 1 if a connection was refused or lost, or a message was not heard in time.
 */
public class Hold {

  private static final int OPENED_PER_ROUND = 20;
  private static final long ROUND_MILLIS = 50;
  private static final long POLL_MILLIS = 10_000;
  private static final Pattern MESSAGE = Pattern.compile("\"hold\":(\\d+)");
  private static final Pattern NEXT =
      Pattern.compile("(?i)stream-next-offset: (\\S+)", Pattern.MULTILINE);
  private static final Pattern LENGTH =
      Pattern.compile("(?i)content-length: (\\d+)", Pattern.MULTILINE);

  enum Kind {
    POLL,
    LONG_POLL,
    EVENT_STREAM,
    WEBSOCKET
  }

  private final URI base;
  private final int each;
  private final long seconds;
  private final long hearSeconds;
  private final String channel = "hold-" + System.currentTimeMillis();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Selector selector = Selector.open();
  private final List<Client> clients = new ArrayList<>();
  private final ByteBuffer in = ByteBuffer.allocateDirect(64 << 10);
  private String start;
  private int published;
  private long publishedNanos;
  private int failures;
  private int askedAgain;

  Hold(URI base, int each, long seconds, long hearSeconds) throws IOException {
    this.base = base;
    this.each = each;
    this.seconds = seconds;
    this.hearSeconds = hearSeconds;
  }

  public static void main(String[] arguments) throws Exception {
    URI base = URI.create(arguments.length > 0 ? arguments[0] : "http://127.0.0.1:8080/switchboard");
    int each = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2_500;
    long seconds = arguments.length > 2 ? Long.parseLong(arguments[2]) : 60;
    long hearSeconds = arguments.length > 3 ? Long.parseLong(arguments[3]) : 10;
    System.exit(new Hold(base, each, seconds, hearSeconds).run() ? 0 : 1);
  }

  private boolean run() throws Exception {
    HttpRequest.Builder create = request().PUT(HttpRequest.BodyPublishers.noBody());
    start =
        http.send(create.build(), BodyHandlers.discarding())
            .headers()
            .firstValue("Stream-Next-Offset")
            .orElseThrow(() -> new IOException("no channel at " + base));
    long began = System.nanoTime();
    openAll();
    System.out.printf("opened in %.1f s: %s%n", secondsSince(began), open());
    long end = System.nanoTime() + seconds * 1_000_000_000;
    while (System.nanoTime() < end) {
      publish();
      long until = System.nanoTime() + hearSeconds * 1_000_000_000;
      while (System.nanoTime() < until) {
        work(100);
      }
      report();
    }
    System.out.printf(
        "held for %d s: %s; failures: %d; asked again: %d%n", seconds, open(), failures, askedAgain);
    http.send(request().DELETE().build(), BodyHandlers.discarding());
    return failures == 0;
  }

  private HttpRequest.Builder request() {
    return HttpRequest.newBuilder(URI.create(base + "/channels/" + channel))
        .header("Content-Type", "application/json");
  }

  private void openAll() throws IOException {
    for (Kind kind : Kind.values()) {
      for (int i = 0; i < each; i++) {
        clients.add(new Client(kind, clients.size()));
        clients.get(clients.size() - 1).connect();
        if (clients.size() % OPENED_PER_ROUND == 0) {
          work(ROUND_MILLIS);
        }
      }
    }
    long until = System.nanoTime() + 60_000_000_000L;
    while (clients.stream().anyMatch(client -> !client.isOpen()) && System.nanoTime() < until) {
      work(100);
    }
    for (Client client : clients) {
      if (!client.isOpen()) {
        client.fail("was not opened within 60 s");
      }
    }
  }

  private void publish() throws Exception {
    published++;
    HttpRequest.Builder post =
        request().POST(HttpRequest.BodyPublishers.ofString("{\"hold\":" + published + "}"));
    publishedNanos = System.nanoTime();
    int status = http.send(post.build(), BodyHandlers.discarding()).statusCode();
    if (status != 204) {
      throw new IOException("published: " + status);
    }
  }

  private void report() {
    StringBuilder line = new StringBuilder("message " + published + " heard by");
    for (Kind kind : Kind.values()) {
      List<Client> heard =
          clients.stream().filter(c -> c.kind == kind && c.heard == published).toList();
      double last = heard.stream().mapToLong(c -> c.heardNanos - publishedNanos).max().orElse(0);
      line.append(" %s %d (last after %.0f ms)".formatted(kind, heard.size(), last / 1e6));
    }
    System.out.println(line);
    for (Client client : clients) {
      // A poll hears it with its next request, which may be in the next interval.
      if (client.heard < published - (client.kind == Kind.POLL ? 1 : 0)) {
        client.fail("did not hear message " + published);
      }
    }
  }

  private String open() {
    StringBuilder text = new StringBuilder();
    for (Kind kind : Kind.values()) {
      long count = clients.stream().filter(c -> c.kind == kind && c.isOpen()).count();
      text.append(text.isEmpty() ? "" : ", ").append(kind).append(' ').append(count);
    }
    return text.toString();
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  /** Does what is to be done on all connections, for so long. */
  private void work(long millis) throws IOException {
    long until = System.nanoTime() + millis * 1_000_000;
    do {
      selector.select(Math.max(1, (until - System.nanoTime()) / 1_000_000));
      for (SelectionKey key : selector.selectedKeys()) {
        ((Client) key.attachment()).ready(key);
      }
      selector.selectedKeys().clear();
    } while (System.nanoTime() < until);
    for (Client client : clients) {
      client.pollIfDue();
    }
  }

  /** One connection. */
  private final class Client {

    private final Kind kind;
    private final int number;
    private SocketChannel socket;
    private final StringBuilder answer = new StringBuilder();
    private String offset = start;
    private boolean hasAnswered;
    private boolean isWaiting;
    private boolean hasFailed;
    private long nextPollNanos;
    private int heard;
    private long heardNanos;

    Client(Kind kind, int number) {
      this.kind = kind;
      this.number = number;
    }

    void connect() throws IOException {
      answer.setLength(0);
      socket = SocketChannel.open();
      socket.configureBlocking(false);
      InetAddress host = InetAddress.getByName(base.getHost());
      if (host.isLoopbackAddress()) {
        socket.bind(new InetSocketAddress("127.0.0." + (10 + number % 100), 0));
      }
      socket.connect(new InetSocketAddress(host, base.getPort()));
      socket.register(selector, SelectionKey.OP_CONNECT, this);
    }

    boolean isOpen() {
      return hasAnswered && !hasFailed && (kind == Kind.POLL || socket.isOpen());
    }

    void fail(String why) {
      if (!hasFailed) {
        hasFailed = true;
        if (failures++ < 10) {
          System.out.println(kind + " " + number + " " + why);
        }
      }
    }

    void ready(SelectionKey key) {
      try {
        if (key.isConnectable()) {
          socket.finishConnect();
          key.interestOps(SelectionKey.OP_READ);
          ask();
        } else if (key.isReadable()) {
          read();
        }
      } catch (IOException e) {
        lost(e.toString());
      }
    }

    private void ask() throws IOException {
      String query = "?offset=" + (kind == Kind.LONG_POLL || kind == Kind.POLL ? offset : "now");
      String headers =
          switch (kind) {
            case POLL -> "";
            case LONG_POLL -> "Prefer: wait=55\r\n";
            case EVENT_STREAM -> "Accept: text/event-stream\r\n";
            case WEBSOCKET ->
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                    + "Sec-WebSocket-Protocol: switchboard.v1\r\n";
          };
      isWaiting = true;
      nextPollNanos = System.nanoTime() + POLL_MILLIS * 1_000_000;
      write(
          ("GET %s/channels/%s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
                  .formatted(base.getPath(), channel, query, base.getAuthority(), headers))
              .getBytes(StandardCharsets.US_ASCII));
      if (kind == Kind.LONG_POLL) {
        hasAnswered = true; // that it is held can only be seen by its silence
      }
    }

    private void write(byte[] bytes) throws IOException {
      ByteBuffer out = ByteBuffer.wrap(bytes);
      while (out.hasRemaining()) {
        socket.write(out); // a few hundred bytes: the socket's buffer takes them
      }
    }

    private void read() throws IOException {
      in.clear();
      int count = socket.read(in);
      if (count < 0) {
        lost("was closed by the server");
        return;
      }
      in.flip();
      String text = StandardCharsets.ISO_8859_1.decode(in).toString();
      answer.append(text);
      hear(text);
      switch (kind) {
        case POLL, LONG_POLL -> answered();
        case EVENT_STREAM -> streaming();
        case WEBSOCKET -> {
          streaming();
          pongIfPinged(text);
        }
      }
    }

    private void hear(String text) {
      Matcher matcher = MESSAGE.matcher(answer);
      while (matcher.find()) {
        int message = Integer.parseInt(matcher.group(1));
        if (message > heard) {
          heard = message;
          heardNanos = System.nanoTime();
        }
      }
    }

    private void streaming() {
      if (!hasAnswered && answer.indexOf("\r\n\r\n") >= 0) {
        hasAnswered = true;
        if (!answer.substring(0, 12).matches("HTTP/1.1 (101|200)")) {
          fail("was answered " + answer.substring(0, answer.indexOf("\r\n")));
        }
      }
      if (answer.length() > 1_000) {
        answer.delete(0, answer.length() - 200); // a message may be cut by the end of a read
      }
    }

    // A server's ping has no mask and, from Switchboard, no payload.
    private void pongIfPinged(String text) throws IOException {
      if (text.indexOf("\u0089\u0000") >= 0) {
        write(new byte[] {(byte) 0x8a, (byte) 0x80, 0, 0, 0, 0});
      }
    }

    private void answered() throws IOException {
      int head = answer.indexOf("\r\n\r\n");
      if (head < 0 || !isComplete(head + 4)) {
        return;
      }
      isWaiting = false;
      hasAnswered = true;
      String status = answer.substring(9, 12);
      Matcher next = NEXT.matcher(answer);
      if (!List.of("200", "204").contains(status) || !next.find()) {
        fail("was answered " + answer.substring(0, answer.indexOf("\r\n")));
        return;
      }
      offset = next.group(1);
      boolean closes = answer.substring(0, head).toLowerCase().contains("connection: close");
      answer.setLength(0);
      if (closes) {
        socket.close();
        connect();
      } else if (kind == Kind.LONG_POLL) {
        ask();
      }
    }

    private boolean isComplete(int body) {
      if (answer.charAt(9) != '2' || answer.substring(9, 12).equals("204")) {
        return true;
      }
      Matcher length = LENGTH.matcher(answer.substring(0, body));
      return length.find()
          ? answer.length() >= body + Integer.parseInt(length.group(1))
          : answer.indexOf("0\r\n\r\n", body) >= 0;
    }

    void pollIfDue() throws IOException {
      if (kind == Kind.POLL && hasAnswered && !hasFailed && !isWaiting
          && System.nanoTime() >= nextPollNanos) {
        if (socket.isConnected()) {
          ask();
        }
      }
    }

    private void lost(String why) {
      try {
        socket.close();
        boolean isPoll = kind == Kind.POLL || kind == Kind.LONG_POLL;
        if (isPoll && hasAnswered && answer.isEmpty()) {
          // An idle connection may be closed just when it is asked: every HTTP client asks again.
          askedAgain++;
          connect();
        } else {
          fail(why);
        }
      } catch (IOException e) {
        fail(e.toString());
      }
    }
  }
}
