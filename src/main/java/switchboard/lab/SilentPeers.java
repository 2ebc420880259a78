package switchboard.lab;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Transport;

/**
 * Clients that disappear, which a browser cannot simulate: the connection receives the first bytes
 * and then neither reads nor responds nor closes.
 *
 * <p><b>Threads.</b> Safe. At most one for each transport, for a bounded time.
 */
public final class SilentPeers {

  /** How long it stays open, unless the server closes it before. */
  static final Duration STAY = Duration.ofSeconds(90);

  private static final Logger LOG = Logger.getLogger(SilentPeers.class.getName());
  private static final int ANSWER_WITHIN_MILLIS = 5_000;
  // Small, so that the server's writes block soon.
  private static final int RECEIVE_BUFFER_BYTES = 4_096;
  private static final int KEY_BYTES = 16;

  private final ScheduledExecutorService scheduler;
  private final Map<Transport, Socket> vanished = new EnumMap<>(Transport.class);

  SilentPeers(ScheduledExecutorService scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * Connects, receives the first bytes, and stops responding.
   *
   * @param channelPath of the lab's channel on this server
   * @param label the name under which the server reports what it does with the connection
   * @throws IOException if the server cannot be reached or does not respond
   */
  void vanish(Transport transport, int port, String channelPath, String label) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(RECEIVE_BUFFER_BYTES);
    socket.setSoTimeout(ANSWER_WITHIN_MILLIS);
    try {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), ANSWER_WITHIN_MILLIS);
      String request = request(transport, channelPath + "?watch=" + label + "&offset=now");
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      if (transport != Transport.LONG_POLL) {
        hearFirstBytes(socket.getInputStream());
      }
    } catch (IOException e) {
      close(socket);
      throw e;
    }
    keep(transport, socket);
    var unused = scheduler.schedule(() -> close(socket), STAY.toSeconds(), TimeUnit.SECONDS);
  }

  private static void hearFirstBytes(InputStream in) throws IOException {
    if (in.read() < 0) {
      throw new IOException("the server closed without an answer");
    }
  }

  private static String request(Transport transport, String path) {
    String target =
        switch (transport) {
          case POLL -> throw new IllegalArgumentException("a poll keeps no connection open");
          case LONG_POLL -> path + "&live=long-poll";
          case EVENT_STREAM -> path + "&live=sse";
          case WEBSOCKET -> path;
        };
    String upgrade = transport == Transport.WEBSOCKET ? upgradeHeaders() : "";
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + upgrade + "\r\n";
  }

  private static String upgradeHeaders() {
    byte[] key = new byte[KEY_BYTES];
    ThreadLocalRandom.current().nextBytes(key);
    return "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Protocol: switchboard.v1\r\nSec-WebSocket-Key: "
        + Base64.getEncoder().encodeToString(key)
        + "\r\n";
  }

  private synchronized void keep(Transport transport, Socket socket) {
    Socket before = vanished.put(transport, socket);
    if (before != null) {
      close(before);
    }
  }

  synchronized void stop() {
    vanished.values().forEach(SilentPeers::close);
    vanished.clear();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.log(Level.FINEST, "was already closed", e);
    }
  }
}
