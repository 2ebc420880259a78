package switchboard.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that closes connections on which it heard nothing for a while, at the end of a long
 * line: what is sent while its close is on the way is lost.
 */
public final class ClosingRelay implements AutoCloseable {

  private static final int IDLE_MILLIS = 1_500;
  private static final int LINE_MILLIS = 400;

  private final ServerSocket server;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger closing = new AtomicInteger();

  public ClosingRelay(int target) throws IOException {
    this.target = target;
    server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    Reader.start(this::accept);
  }

  public int port() {
    return server.getLocalPort();
  }

  /** Whether it has begun to close one that the other side still holds. */
  public boolean isClosing() {
    return closing.get() > 0;
  }

  /** Whether the other side holds none. */
  public boolean isUnused() {
    return open.isEmpty();
  }

  private void accept() {
    try {
      while (true) {
        Socket outer = server.accept();
        outer.setTcpNoDelay(true);
        outer.setSoTimeout(IDLE_MILLIS);
        Socket inner = new Socket("127.0.0.1", target);
        open.add(outer);
        Reader.start(() -> hear(outer, inner));
        Reader.start(() -> answer(inner, outer));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void hear(Socket outer, Socket inner) {
    try {
      outer.getInputStream().transferTo(inner.getOutputStream());
      end(outer, inner);
    } catch (SocketTimeoutException e) {
      closing.incrementAndGet();
      CompletableFuture.delayedExecutor(LINE_MILLIS, TimeUnit.MILLISECONDS)
          .execute(() -> end(outer, inner));
    } catch (IOException e) {
      end(outer, inner);
    }
  }

  private void answer(Socket inner, Socket outer) {
    try {
      inner.getInputStream().transferTo(outer.getOutputStream());
    } catch (IOException e) {
      // the one side's end is the other's
    }
    end(outer, inner);
  }

  private void end(Socket outer, Socket inner) {
    try (outer;
        inner) {
      open.remove(outer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
