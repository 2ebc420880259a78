package switchboard.redis;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import switchboard.channel.Channels.Refused;

/**
 * What this server does every few seconds to be seen and to see: it publishes a probe to itself at
 * each master, which must come back by Pub/Sub, and renews its lease.
 *
 * <p><b>Threads.</b> Safe. One thread of its own waits for Redis: behind what 100,000 channels have
 * to do, the lease would expire.
 */
final class Keepalive {

  private static final Logger LOG = Logger.getLogger(Keepalive.class.getName());

  private final RedisClient link;
  private final PubSubListener listener;
  private final RedisPresence attendances;
  private final long intervalMillis;
  private final ExecutorService thread;
  private final AtomicBoolean isStarted = new AtomicBoolean();
  private volatile long startedMillis;

  Keepalive(
      RedisClient link,
      PubSubListener listener,
      RedisPresence attendances,
      long intervalMillis,
      ThreadFactory threads) {
    this.link = link;
    this.listener = listener;
    this.attendances = attendances;
    this.intervalMillis = intervalMillis;
    this.thread = Executors.newSingleThreadExecutor(threads);
  }

  void tick(long nowMillis) {
    if (startedMillis == 0 || nowMillis - startedMillis >= intervalMillis) {
      startedMillis = nowMillis;
      start();
    }
  }

  /** Does it soon, whenever it was done last. */
  void start() {
    if (isStarted.compareAndSet(false, true)) {
      try {
        thread.execute(this::run);
      } catch (RejectedExecutionException e) {
        isStarted.set(false); // it was closed
      }
    }
  }

  private void run() {
    try {
      listener.follow();
      listener.probeChannels().forEach(this::probe);
      attendances.renewLease();
    } catch (Refused e) {
      LOG.log(Level.FINE, "lease not renewed; the next attempt follows", e);
    } finally {
      isStarted.set(false);
    }
  }

  private void probe(String channel) {
    Command publish = link.isCluster() ? Command.SPUBLISH : Command.PUBLISH;
    CommandArguments probe = new CommandArguments(publish).add(channel).add("D:");
    try {
      link.ask(channel, connection -> connection.executeCommand(probe), false);
    } catch (Refused e) {
      LOG.log(Level.FINE, "probe not sent; the next attempt follows", e);
    }
  }

  void close() {
    thread.shutdownNow();
  }
}
