package switchboard.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A connection on which nothing happens by itself: no pong, no close frame, no reading. */
public final class RawSocket implements AutoCloseable {

  private final Socket socket;
  private final BufferedReader in;

  private RawSocket(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(20_000);
    socket.setTcpNoDelay(true); // what is sent in two goes are two packets
    this.in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
  }

  public static RawSocket connect(URI server) throws IOException {
    return new RawSocket(new Socket(server.getHost(), server.getPort()));
  }

  /** Everything a server answers to a request that comes from another address of this machine. */
  public static String ask(String from, URI server, String request) {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(from, 0));
      socket.connect(new InetSocketAddress(server.getHost(), server.getPort()));
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      // Up to the end of the body of a problem: not every server closes after a refused upgrade.
      StringBuilder answer = new StringBuilder();
      for (int c = socket.getInputStream().read(); c >= 0; c = socket.getInputStream().read()) {
        answer.append((char) c);
        if (c == '}') {
          break;
        }
      }
      return answer.toString();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** One that takes little at a time, so that whoever writes to it soon has to wait. */
  public static RawSocket connectNarrow(URI server) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.connect(new java.net.InetSocketAddress(server.getHost(), server.getPort()));
    return new RawSocket(socket);
  }

  public void timeout(int millis) throws IOException {
    socket.setSoTimeout(millis);
  }

  /** Whether something came that was not read yet. */
  boolean hasSomething() {
    try {
      return in.ready();
    } catch (IOException e) {
      return true;
    }
  }

  int port() {
    return socket.getLocalPort();
  }

  public void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  /** Sends each character as the byte of that number. */
  public void sendBytes(String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /** Says over a WebSocket that the client is there, without being asked (RFC 6455 §5.5.3). */
  public void pong() {
    try {
      sendBytes("\u008a\u0080\0\0\0\0");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Ends the connection at once, and lets the server know by a reset. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  public String readLine() throws IOException {
    return in.readLine();
  }

  /** Reads what comes up to this character, or the end of the connection. */
  public void readUntil(char end) throws IOException {
    int c;
    do {
      c = in.read();
    } while (c >= 0 && c != end);
  }

  /** What comes up to this character, with it, or the end of the connection. */
  public String readText(char end) throws IOException {
    StringBuilder text = new StringBuilder();
    int c = in.read();
    while (c >= 0) {
      text.append((char) c);
      if (c == end) {
        break;
      }
      c = in.read();
    }
    return text.toString();
  }

  /** Everything up to the end of the connection. */
  public List<String> readLines() {
    return in.lines().toList();
  }

  /** Asks for a WebSocket and reads the server's agreement. */
  public void upgrade(String path) throws IOException {
    send(
        "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                .formatted(path)
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    String status = readLine();
    if (!status.contains("101")) {
      throw new IOException(status);
    }
  }

  /** Whether the server ends the connection; waits for it, with a bound. */
  public boolean readsUntilEnd() {
    try {
      while (in.read() >= 0) {
        // what was sent before the end
      }
      return true;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true; // a reset is an end too
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
