import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What compression saves in bytes and costs in the server's processor time: many readers of the
 * ticker, by WebSocket and event stream, first without and then with it.
 *
 * <pre>
 *   java bench/Compression.java http://127.0.0.1:8080/switchboard PID 500 30
 * </pre>
 *
 * The arguments: where Switchboard is, the server's process (for /proc), how many readers, for how
 * many seconds each. All is measured twice: in the first round the server's JVM still compiles.
 */
public class Compression {

  public static void main(String[] arguments) throws Exception {
    URI base = URI.create(arguments[0]);
    String pid = arguments[1];
    int readers = Integer.parseInt(arguments[2]);
    long seconds = Long.parseLong(arguments[3]);
    String upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    String deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    String stream = "Accept: text/event-stream\r\n";
    String gzip = "Accept-Encoding: gzip\r\n";
    for (int round = 1; round <= 2; round++) {
      System.out.println("round " + round);
      measure("WebSocket", base, pid, readers, seconds, upgrade);
      measure(
          "WebSocket, permessage-deflate offered", base, pid, readers, seconds, upgrade + deflate);
      measure("event stream", base, pid, readers, seconds, stream);
      measure("event stream, gzip accepted", base, pid, readers, seconds, stream + gzip);
    }
    page("poll of the whole log", base, "");
    page("poll of the whole log, gzip accepted", base, gzip);
  }

  private static void measure(
      String what, URI base, String pid, int readers, long seconds, String headers)
      throws Exception {
    AtomicLong bytes = new AtomicLong();
    List<Socket> sockets = new ArrayList<>();
    String agreed = "";
    for (int i = 0; i < readers; i++) {
      Socket socket = open(base, "offset=now", headers);
      sockets.add(socket);
      agreed = head(socket.getInputStream());
      Thread thread = new Thread(() -> count(socket, bytes));
      thread.setDaemon(true);
      thread.start();
    }
    Thread.sleep(3_000); // what belongs to the opening is over
    double cpuBefore = cpuSeconds(pid);
    long bytesBefore = bytes.get();
    Thread.sleep(seconds * 1_000);
    double cpu = cpuSeconds(pid) - cpuBefore;
    double messages = (double) readers * seconds;
    System.out.printf(
        "%-40s %6.0f bytes and %6.0f µs of the server a message; %s%n",
        what,
        (bytes.get() - bytesBefore) / messages,
        cpu * 1e6 / messages,
        agreed.lines().filter(l -> l.matches("(?i)(sec-websocket-ext|content-enc).*")).toList());
    for (Socket socket : sockets) {
      socket.close();
    }
    Thread.sleep(3_000);
  }

  private static void page(String what, URI base, String headers) throws IOException {
    try (Socket socket = open(base, "offset=-1", headers + "Connection: close\r\n")) {
      String head = head(socket.getInputStream());
      System.out.printf(
          "%-40s %d bytes; %s%n",
          what,
          socket.getInputStream().readAllBytes().length,
          head.lines().filter(l -> l.matches("(?i)content-enc.*")).toList());
    }
  }

  private static Socket open(URI base, String query, String headers) throws IOException {
    Socket socket = new Socket(InetAddress.getByName(base.getHost()), base.getPort());
    socket
        .getOutputStream()
        .write(
            ("GET %s/channels/ticker?%s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
                    .formatted(base.getPath(), query, base.getAuthority(), headers))
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("the answer broke off: " + head);
      }
      head.append((char) c);
    }
    return head.toString();
  }

  private static void count(Socket socket, AtomicLong bytes) {
    byte[] buffer = new byte[8_192];
    try {
      for (int n = socket.getInputStream().read(buffer);
          n >= 0;
          n = socket.getInputStream().read(buffer)) {
        bytes.addAndGet(n);
      }
    } catch (IOException e) {
      // closed
    }
  }

  // Of all its threads, in user and kernel, from ticks of 10 ms.
  private static double cpuSeconds(String pid) throws IOException {
    String[] stat = Files.readString(Path.of("/proc", pid, "stat")).split("\\) ")[1].split(" ");
    return (Long.parseLong(stat[11]) + Long.parseLong(stat[12])) / 100.0;
  }
}
