package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import redis.clients.jedis.BinaryJedisPubSub;
import redis.clients.jedis.Connection;

/**
 * Hears what is appended at other servers: one connection, one thread, every channel that somebody
 * listens to here.
 *
 * <p>Silence is not trusted. What this server says to itself now and then must come back; when it
 * does not, the connection is given up, whatever the socket says. After every new connection each
 * channel is looked at, since nobody knows what was missed.
 *
 * <p><b>Threads.</b> Safe.
 */
final class Listener implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Listener.class.getName());
  private static final int BATCH = 512;

  private final Link link;
  private final String prefix;
  private final String own;
  private final int silenceMillis;
  private final Runnable onConnect;
  private final Map<String, MirroredLog> wanted = new ConcurrentHashMap<>();
  private volatile Ears ears;
  private volatile Connection connection;
  private volatile long heardNanos = System.nanoTime();
  private volatile boolean isClosed;

  /**
   * Starts to listen.
   *
   * @param silenceMillis after so long without a word the connection is given up
   * @param onConnect after every new connection; must not wait
   */
  Listener(Link link, String prefix, int silenceMillis, Runnable onConnect, ThreadFactory threads) {
    this.link = link;
    this.prefix = prefix;
    this.silenceMillis = silenceMillis;
    this.onConnect = onConnect;
    this.own = prefix + "probe:" + UUID.randomUUID();
    threads.newThread(this::run).start();
  }

  /** Where this server talks to itself. */
  String own() {
    return own;
  }

  /** Whether something was heard not long ago. */
  boolean isWell() {
    return ears != null && silentMillis() < silenceMillis;
  }

  private long silentMillis() {
    return (System.nanoTime() - heardNanos) / 1_000_000;
  }

  /** Gives up a connection that has been silent for too long. */
  void tick() {
    Connection silent = connection;
    if (silent != null && silentMillis() > silenceMillis) {
      LOG.warning(
          () ->
              link.url() + " – nothing heard, connecting anew (silent=" + silentMillis() + " ms)");
      Link.closeQuietly(silent);
    }
  }

  private String key(MirroredLog log) {
    return prefix + "{" + log.name() + "}";
  }

  void add(MirroredLog log) {
    String key = key(log);
    wanted.put(key, log);
    // First into the map, then the look at the connection: it is one that takes the whole map once
    // it is there, or it is there and takes this one.
    Ears now = ears;
    if (now != null) {
      now.ask(List.of(key));
    }
  }

  void remove(MirroredLog log) {
    String key = key(log);
    Ears now = ears;
    if (wanted.remove(key, log) && now != null) {
      now.leave(key);
    }
  }

  private void run() {
    while (!isClosed) {
      try {
        Connection fresh = link.connect(silenceMillis);
        connection = fresh;
        heardNanos = System.nanoTime();
        // It returns when nothing is subscribed to any more, which never happens.
        new Ears().proceed(fresh, own.getBytes(StandardCharsets.UTF_8));
      } catch (RuntimeException e) {
        LOG.log(isClosed ? Level.FINEST : Level.FINE, e, () -> link.url() + " – not heard");
      } finally {
        ears = null;
        if (connection != null) {
          Link.closeQuietly(connection);
          connection = null;
        }
      }
      pause();
    }
  }

  private void pause() {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(50, 200));
    } catch (InterruptedException e) {
      isClosed = true;
    }
  }

  @Override
  public void close() {
    isClosed = true;
    Connection open = connection;
    if (open != null) {
      Link.closeQuietly(open);
    }
  }

  /** One connection's. */
  private final class Ears extends BinaryJedisPubSub {

    @Override
    public void onMessage(byte[] channel, byte[] message) {
      heardNanos = System.nanoTime();
      MirroredLog log = wanted.get(new String(channel, StandardCharsets.UTF_8));
      if (log != null) {
        try {
          log.hear(Heard.parse(message));
        } catch (RuntimeException e) {
          // One channel's trouble must not deafen the others.
          LOG.log(Level.WARNING, e, () -> "channel \"" + log.name() + "\" – not heard");
          log.syncSoon();
        }
      }
    }

    @Override
    public void onSubscribe(byte[] channel, int count) {
      heardNanos = System.nanoTime();
      String key = new String(channel, StandardCharsets.UTF_8);
      MirroredLog log = wanted.get(key);
      if (key.equals(own)) {
        ears = this;
        askForAll();
        onConnect.run();
      } else if (log != null) {
        // What was appended before this moment did not come this way.
        log.listened();
      }
    }

    private void askForAll() {
      List<String> keys = new ArrayList<>(wanted.keySet());
      for (int i = 0; i < keys.size(); i += BATCH) {
        ask(keys.subList(i, Math.min(i + BATCH, keys.size())));
      }
    }

    private void ask(List<String> keys) {
      try {
        subscribe(
            keys.stream().map(key -> key.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new));
      } catch (RuntimeException e) {
        LOG.log(Level.FINE, "the connection broke; the next one asks for all", e);
      }
    }

    private void leave(String key) {
      try {
        unsubscribe(key.getBytes(StandardCharsets.UTF_8));
      } catch (RuntimeException e) {
        LOG.log(Level.FINE, "the connection broke; the next one does not ask", e);
      }
    }
  }
}
