package switchboard.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A second address of a server: passes bytes on both ways and counts what is posted. */
final class Relay implements AutoCloseable {

  private final ServerSocket server;
  private final int target;
  private final AtomicInteger posts = new AtomicInteger();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  Relay(int port, int target) {
    this.target = target;
    try {
      server = new ServerSocket(port, 50, InetAddress.getByName("127.0.0.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Reader.start(this::accept);
  }

  int posts() {
    return posts.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket outer = server.accept();
        Socket inner = new Socket("127.0.0.1", target);
        outer.setTcpNoDelay(true);
        inner.setTcpNoDelay(true);
        sockets.add(outer);
        sockets.add(inner);
        Reader.start(() -> pass(outer, inner));
        Reader.start(() -> pass(inner, outer));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void pass(Socket from, Socket to) {
    try (from;
        to) {
      byte[] bytes = new byte[16 << 10];
      for (int n = from.getInputStream().read(bytes);
          n >= 0;
          n = from.getInputStream().read(bytes)) {
        if (new String(bytes, 0, n, StandardCharsets.ISO_8859_1).startsWith("POST ")) {
          posts.incrementAndGet();
        }
        to.getOutputStream().write(bytes, 0, n);
      }
    } catch (IOException e) {
      // the one side's end is the other's
    } finally {
      sockets.remove(from);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
