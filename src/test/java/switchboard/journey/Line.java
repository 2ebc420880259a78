package switchboard.journey;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The line between one client and the server, which may be cut, or carry nothing for a while. */
final class Line implements AutoCloseable {

  private final URI server;
  private final ServerSocket door = new ServerSocket(0, 20, InetAddress.getLoopbackAddress());
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean isStalled;

  Line(URI server) throws IOException {
    this.server = server;
    start(this::accept);
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(null, work, "line", 256 << 10);
    thread.setDaemon(true);
    thread.start();
  }

  /** The client's end. */
  URI client() {
    return URI.create("http://127.0.0.1:" + door.getLocalPort() + server.getPath());
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket client = door.accept();
        connect(client);
      } catch (IOException e) {
        // closed, or the server is not there: the client is cut off at once
      }
    }
  }

  private void connect(Socket client) throws IOException {
    try {
      Socket inside = new Socket(server.getHost(), server.getPort());
      sockets.add(client);
      sockets.add(inside);
      if (door.isClosed()) { // while this one was on its way in: close() did not see it
        client.close();
        inside.close();
      }
      start(() -> carry(client, inside));
      start(() -> carry(inside, client));
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  private void carry(Socket from, Socket to) {
    byte[] buffer = new byte[16_384];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int size = in.read(buffer); size >= 0; size = in.read(buffer)) {
        waitWhileStalled();
        out.write(buffer, 0, size);
      }
    } catch (IOException | InterruptedException e) {
      // cut
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private synchronized void waitWhileStalled() throws InterruptedException {
    while (isStalled) {
      wait();
    }
  }

  /** Nothing is carried any more, or again. */
  synchronized void stall(boolean stalled) {
    isStalled = stalled;
    notifyAll();
  }

  /** All that goes on over it ends in the middle. */
  void cut() throws IOException {
    for (Socket socket : sockets) {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }

  @Override
  public void close() throws IOException {
    stall(false);
    door.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
