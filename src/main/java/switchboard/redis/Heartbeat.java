package switchboard.redis;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import redis.clients.jedis.Connection;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Whether one master answers: it is sent a PING ten times a second, on a connection of its own.
 *
 * <p>A PING does not wait for the answer to the last one. So a slow master answers ten times a
 * second too, and one that is silent for 700 ms is away, however long its answers took before. One
 * that refuses connections, or answers that it is loading, is away at once. From then on only the
 * heartbeat asks it, until it answers.
 *
 * <p><b>Threads.</b> One thread is in {@link #run} and waits for answers; another one calls {@link
 * #tick}, which does not wait. The other methods are safe.
 *
 * <p><b>Cost.</b> One connection and one waiting thread.
 */
final class Heartbeat implements Runnable {

  static final int TICK_MILLIS = 100;

  private static final Logger LOG = Logger.getLogger(Heartbeat.class.getName());
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
  private static final long SILENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(700);
  private static final long GIVEN_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(1_200);
  // Time for a connection attempt while it is away. The kernel retransmits what a broken network
  // lost after ever longer pauses; a new connection works at once.
  private static final int TRY_MILLIS = 500;
  // One in this many attempts gets the full timeout, for a master that has become slow.
  private static final int TRIES = 2;
  // Answers to PING of a server that runs but does not serve.
  private static final List<String> NOT_SERVING = List.of("LOADING", "BUSY", "MASTERDOWN");

  private final Master master;
  private volatile Pings pings;
  private volatile boolean hasAnswered;
  private volatile boolean isAway;
  private volatile boolean isClosed;
  private volatile Runnable onClose = () -> {};
  private volatile int timeoutMillis = Master.TIMEOUT_MILLIS;
  private volatile String reason = "";
  private volatile long backNanos = System.nanoTime();
  private long awayNanos;
  private int tries;

  // Of the thread that ticks. Negative, to allow for the first connection.
  private long silentNanos = -TimeUnit.MILLISECONDS.toNanos(Master.TIMEOUT_MILLIS);
  private long tickedNanos = System.nanoTime();

  Heartbeat(Master master) {
    this.master = master;
  }

  boolean isAway() {
    return isAway;
  }

  /** Why it is away. */
  String reason() {
    return reason;
  }

  /** When it last began to answer, by {@link System#nanoTime}. */
  long backNanos() {
    return backNanos;
  }

  @Override
  public void run() {
    while (!isClosed) {
      try {
        Pings fresh = master.connect(Pings::open, timeoutMillis);
        pings = fresh;
        fresh.send();
        while (!isClosed) {
          listen(fresh);
        }
      } catch (JedisDataException e) {
        answered(); // it answers, even if with a refusal
      } catch (RuntimeException e) {
        LOG.log(
            isClosed ? Level.FINEST : Level.FINE,
            e,
            () -> master + " – the heartbeat connection failed");
        if (isRefused(e)) {
          away("it refuses connections");
        }
      } finally {
        renew();
      }
      if (isAway) {
        timeoutMillis = ++tries % TRIES == 0 ? Master.TIMEOUT_MILLIS : TRY_MILLIS;
        master.lookForAnother();
      }
      pause();
    }
  }

  private void listen(Pings from) {
    try {
      from.await();
      answered();
    } catch (JedisDataException e) {
      String said = String.valueOf(e.getMessage());
      if (NOT_SERVING.stream().anyMatch(said::startsWith)) {
        hasAnswered = true;
        away("it responds \"" + said + "\"");
      } else {
        answered(); // PING is not permitted, but it answers
      }
    }
  }

  private static boolean isRefused(Throwable e) {
    return e instanceof ConnectException || (e.getCause() != null && isRefused(e.getCause()));
  }

  private synchronized void answered() {
    hasAnswered = true;
    if (isAway) {
      backNanos = System.nanoTime();
      isAway = false;
      tries = 0;
      timeoutMillis = Master.TIMEOUT_MILLIS;
      long millis = TimeUnit.NANOSECONDS.toMillis(backNanos - awayNanos);
      LOG.info(() -> "%s – it responds again (unavailable=%,d ms)".formatted(master, millis));
      master.isBack();
    }
  }

  private synchronized void away(String why) {
    reason = why;
    if (!isAway && !isClosed) {
      awayNanos = System.nanoTime();
      timeoutMillis = TRY_MILLIS;
      isAway = true;
      LOG.warning(
          () -> master + " – " + why + "; requests that need it are refused until it responds");
      master.hangUp();
    }
  }

  /** Sends the next PING, and measures how long the master has been silent. */
  void tick() {
    long now = System.nanoTime();
    // Not counted: the time in which this process itself stood still.
    silentNanos += Math.min(now - tickedNanos, 2 * TICK_NANOS);
    tickedNanos = now;
    if (hasAnswered) {
      hasAnswered = false;
      silentNanos = 0;
    }
    Pings open = pings;
    if (silentNanos >= SILENCE_NANOS && (open == null || !open.hasUnread())) {
      away("it does not respond");
      if (open != null && open.isOlderThan(timeoutMillis) && silentNanos >= GIVEN_UP_NANOS) {
        renew();
      }
    }
    if (open != null) {
      try {
        open.send();
      } catch (JedisConnectionException e) {
        renew();
      }
    }
  }

  /** Reconnects, since there may be another master by now. */
  void renew() {
    Pings open = pings;
    pings = null;
    if (open != null) {
      RedisClient.closeQuietly(open);
    }
  }

  private void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    } catch (InterruptedException e) {
      isClosed = true;
    }
  }

  /** What to do when it is closed. */
  void onClose(Runnable action) {
    onClose = action;
    if (isClosed) {
      action.run();
    }
  }

  void close() {
    isClosed = true;
    onClose.run();
    renew();
  }

  /** A connection on which one thread sends and another one receives. */
  static final class Pings extends Connection {

    private final AtomicReference<Socket> socket;
    private final long openedNanos = System.nanoTime();

    private Pings(
        JedisSocketFactory sockets, JedisClientConfig config, AtomicReference<Socket> socket) {
      super(sockets, config);
      this.socket = socket;
      setSoTimeout(0);
    }

    private static Pings open(JedisSocketFactory sockets, JedisClientConfig config) {
      AtomicReference<Socket> socket = new AtomicReference<>();
      JedisSocketFactory shown =
          () -> {
            socket.set(sockets.createSocket());
            return socket.get();
          };
      return new Pings(shown, config, socket);
    }

    // An answer has arrived, but on a busy machine the waiting thread has not run yet.
    private boolean hasUnread() {
      try {
        return socket.get().getInputStream().available() > 0;
      } catch (IOException e) {
        return false;
      }
    }

    private boolean isOlderThan(int millis) {
      return System.nanoTime() - openedNanos > TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private synchronized void send() {
      sendCommand(Command.PING);
      flush();
    }

    private void await() {
      getUnflushedObject();
    }
  }
}
