package switchboard.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** What lies between a node and Redis, and what can happen to it there. */
public final class RedisWire implements AutoCloseable {

  private volatile int target;
  private final ServerSocket door;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean isDeaf;
  private volatile String muffled;
  private volatile boolean isCut;
  private volatile boolean isLagging;
  private volatile int lostAnswers;
  private volatile int delayMillis;
  private volatile String saysInstead;
  private final Object holding = new Object();
  private boolean isHeld;

  /** Leads to a port here. */
  public RedisWire(int target) {
    this.target = target;
    try {
      door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  public String url() {
    return "redis://127.0.0.1:" + door.getLocalPort();
  }

  /** What is published does not come through, and no connection breaks. */
  public void deafen(boolean deaf) {
    isDeaf = deaf;
  }

  public int port() {
    return door.getLocalPort();
  }

  /** Nothing comes through, and whoever tries is turned away. */
  public void cut() {
    isCut = true;
    breakAll();
  }

  /** From now on it leads there. */
  public void leadTo(int port) {
    target = port;
    isCut = false;
    breakAll();
  }

  private void breakAll() {
    for (Socket socket : sockets) {
      close(socket);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What goes to replicas gets lost, and no connection breaks. */
  public void loseReplication() {
    isLagging = true;
  }

  /** What is published of one channel does not come through; all else does. */
  public void muffle(String channel) {
    muffled = channel;
  }

  /** So many answers to appends are lost, with their connections. */
  public void loseAnswers(int count) {
    lostAnswers = count;
  }

  /** Nothing comes through, either way, and no connection breaks: all is there when it ends. */
  public void hold(boolean held) {
    synchronized (holding) {
      isHeld = held;
      holding.notifyAll();
    }
  }

  private void awaitRelease() throws InterruptedException {
    synchronized (holding) {
      while (isHeld) {
        holding.wait();
      }
    }
  }

  /** Whatever comes through takes so long, each way. */
  public void delay(int millis) {
    delayMillis = millis;
  }

  /** Each command is answered by that instead; {@code null} for by Redis. */
  public void sayInstead(String error) {
    saysInstead = error;
  }

  private static int commands(String request) {
    return request.split("(^|\r\n)\\*\\d+\r\n", -1).length - 1;
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "wire");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket node = door.accept();
        if (isCut) {
          close(node);
          continue;
        }
        sockets.add(node);
        Socket redis = new Socket("127.0.0.1", target);
        sockets.add(redis);
        if (isCut) {
          breakAll(); // it was cut while these two were made
        }
        boolean[] isReader = new boolean[1];
        boolean[] isReplica = new boolean[1];
        boolean[] hasAppended = new boolean[1];
        start(() -> pass(node, redis, isReader, isReplica, hasAppended, true));
        start(() -> pass(redis, node, isReader, isReplica, hasAppended, false));
      } catch (IOException e) {
        // closed, or Redis is away
      }
    }
  }

  private void pass(
      Socket from,
      Socket to,
      boolean[] isReader,
      boolean[] isReplica,
      boolean[] hasAppended,
      boolean isRequest) {
    byte[] bytes = new byte[64 << 10];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
        String text = new String(bytes, 0, n, StandardCharsets.ISO_8859_1);
        if (isRequest && saysInstead != null) {
          String answer = ("-" + saysInstead + "\r\n").repeat(commands(text));
          from.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
          continue;
        }
        // What is on its way for a while, or waits to be let through, is what is tried.
        TimeUnit.MILLISECONDS.sleep(delayMillis);
        awaitRelease();
        if (isRequest) {
          isReader[0] |= text.contains("SUBSCRIBE");
          isReplica[0] |= text.contains("PSYNC");
          hasAppended[0] = text.contains("append");
        } else if (hasAppended[0] && lostAnswers > 0) {
          lostAnswers--;
          return;
        } else if (isReader[0] && muffled != null && text.contains(muffled)) {
          continue;
        } else if ((isReader[0] && isDeaf) || (isReplica[0] && isLagging)) {
          continue;
        }
        out.write(bytes, 0, n);
      }
    } catch (IOException | InterruptedException e) {
      // the one side's end is the other's
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  @Override
  public void close() {
    try {
      door.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    breakAll();
  }
}
