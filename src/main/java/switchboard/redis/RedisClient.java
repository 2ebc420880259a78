package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Ending;
import switchboard.config.RedisUrl;

/**
 * Sends requests to Redis: chooses the master, and retries when a connection breaks.
 *
 * <p>A request whose answer was lost is repeated for 0.8 s; {@code store.lua} recognises an append
 * that it has done. After that the outcome is unknown, and the caller is told so. While a master
 * does not answer, no request waits for it: those in progress and new ones are refused at once. In
 * a Redis Cluster each key has its master, found by its slot; the other masters serve as usual.
 *
 * <p>By Jedis, one request at a time on each connection, and not by Lettuce: with Netty and Reactor
 * that is 7.6 MB instead of 1.9, and a script costs more CPU. Its commands wait for the next
 * connection unless told not to, and here none may wait for a master that is away.
 *
 * <p><b>Threads.</b> Safe. Blocks its caller for one round trip; at most 0.8 s if the master does
 * not answer, at most five seconds if it is slow.
 *
 * <p><b>Cost.</b> At most 17 connections a master, however many channels there are; one thread a
 * master and one more.
 */
final class RedisClient implements AutoCloseable, Master.Watch {

  private static final Logger LOG = Logger.getLogger(RedisClient.class.getName());
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(800);
  // How long handing over a slot may take.
  private static final long MOVING_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final int REDIRECTIONS = 3;
  // What Redis answers when it cannot serve, or cannot yet; nothing was done.
  private static final List<String> ELSEWHERE =
      List.of("READONLY", "LOADING", "MASTERDOWN", "BUSY", "UNKILLABLE", "CLUSTERDOWN");

  // What it answers while it hands a slot over to another master.
  private static final String MOVING = "TRYAGAIN";

  private final RedisUrl url;
  private final Slots slots;
  private final Master only;
  private final ThreadFactory threads;
  private final ScheduledExecutorService ticker;
  private volatile Runnable onBack = () -> {};
  private volatile int lastSentinel;
  private volatile boolean isClosed;

  /**
   * Not connected yet.
   *
   * @param threads run the heartbeats
   */
  RedisClient(RedisUrl url, ThreadFactory threads) {
    this.url = url;
    this.threads = threads;
    this.ticker = Executors.newSingleThreadScheduledExecutor(threads);
    this.slots = url.isCluster() ? new Slots(url, this) : null;
    this.only = url.isCluster() ? null : new Master(url, this::master, this);
  }

  @Override
  public void start(Heartbeat heartbeat) {
    try {
      int millis = Heartbeat.TICK_MILLIS;
      Future<?> ticks =
          ticker.scheduleWithFixedDelay(heartbeat::tick, millis, millis, TimeUnit.MILLISECONDS);
      heartbeat.onClose(() -> ticks.cancel(false));
      threads.newThread(heartbeat).start();
    } catch (RejectedExecutionException e) {
      heartbeat.close(); // this was closed
    }
  }

  @Override
  public void isBack() {
    onBack.run();
  }

  /** What to do when a master answers again; must not wait. */
  void onBack(Runnable action) {
    onBack = action;
  }

  @Override
  public void lookForAnother() {
    refresh();
  }

  RedisUrl url() {
    return url;
  }

  boolean isCluster() {
    return slots != null;
  }

  /** How many slots have no master; only of a Redis Cluster. */
  int uncoveredSlots() {
    return slots.uncovered();
  }

  /** Whether each master answers. */
  boolean isUp() {
    return masters().stream().allMatch(Master::isUp);
  }

  /** All that keep channels. */
  Collection<Master> masters() {
    return slots == null ? List.of(only) : slots.owning();
  }

  /** The master, or those that the URL of a Redis Cluster names. */
  List<Master> seeds() {
    return slots == null ? List.of(only) : slots.seeds();
  }

  /** The master that has a key, as far as is known. */
  Master master(String key) {
    return slots == null ? only : slots.owner(Slots.of(key));
  }

  /** Asks which master has which slot. */
  void refresh() {
    if (slots != null) {
      slots.refresh();
    }
  }

  /** A master has answered that another one has a slot. */
  void moved(JedisRedirectionException to) {
    if (slots != null) {
      slots.moved(to.getSlot(), to.getTargetNode());
    }
  }

  private HostAndPort master() {
    if (url.master() == null) {
      RedisUrl.Host host = url.hosts().get(0);
      return new HostAndPort(host.name(), host.port());
    }
    JedisException last = null;
    for (int i = 0; i < url.hosts().size(); i++) {
      // First the one that answered last: waiting for one that does not takes long.
      int index = (lastSentinel + i) % url.hosts().size();
      RedisUrl.Host sentinel = url.hosts().get(index);
      try (Connection connection =
          new Connection(
              new HostAndPort(sentinel.name(), sentinel.port()),
              DefaultJedisClientConfig.builder()
                  .resp2()
                  .timeoutMillis(Master.TIMEOUT_MILLIS / 2)
                  .build())) {
        Object answer =
            connection.executeCommand(
                new CommandArguments(Command.SENTINEL)
                    .add("GET-MASTER-ADDR-BY-NAME")
                    .add(url.master()));
        if (answer instanceof List<?> address) {
          lastSentinel = index;
          return new HostAndPort(text(address.get(0)), Integer.parseInt(text(address.get(1))));
        }
      } catch (JedisException e) {
        last = e;
      }
    }
    throw new JedisConnectionException(
        "no Sentinel of " + url + " names a master \"" + url.master() + "\"", last);
  }

  static String text(Object bulk) {
    return new String((byte[]) bulk, StandardCharsets.UTF_8);
  }

  /**
   * Sends a request until it is answered.
   *
   * @param key decides which master is asked
   * @param request a command, or more than one, for that key
   * @param isAppend whether the caller must be told if the outcome is unknown
   * @throws Refused if there is no answer
   */
  <T> T ask(String key, Function<Connection, T> request, boolean isAppend) {
    return ask(() -> master(key), request, isAppend);
  }

  /** The same of the master that has a slot; without a Redis Cluster there is one. */
  <T> T askOwner(int slot, Function<Connection, T> request) {
    return ask(() -> slots == null ? only : slots.owner(slot), request, false);
  }

  /** The lowest slot of the next master; -1 if there is none. */
  int firstOfNextOwner(int slot) {
    return slots == null ? -1 : slots.firstOfNextOwner(slot);
  }

  private <T> T ask(Supplier<Master> owner, Function<Connection, T> request, boolean isAppend) {
    Asking<T> asking = new Asking<>(owner, request);
    try {
      return asking.ask();
    } catch (JedisException e) {
      throw away(e, asking.isSent && isAppend);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw away(new JedisException("interrupted"), asking.isSent && isAppend);
    } finally {
      asking.hold(null);
    }
  }

  /** One request, until it is answered. */
  private final class Asking<T> {

    private final Supplier<Master> owner;
    private final Function<Connection, T> request;
    private final long startNanos = System.nanoTime();
    private Master held;
    private Master askNext;
    private boolean isSent;
    private boolean isAgain;
    private JedisException failure;

    private Asking(Supplier<Master> owner, Function<Connection, T> request) {
      this.owner = owner;
      this.request = request;
    }

    private void hold(Master master) {
      if (held != null) {
        held.release();
      }
      held = master;
    }

    private T ask() throws InterruptedException {
      boolean isPatient = true;
      int redirections = 0;
      while (true) {
        boolean isAsking = askNext != null;
        Master master = isAsking ? askNext : owner.get();
        askNext = null;
        isPatient &= isAgain || master.isUp();
        requireTurn(master);
        Connection connection = null;
        try {
          connection = master.borrow();
          if (isAsking) {
            connection.executeCommand(new CommandArguments(Command.ASKING));
          }
          T answer = request.apply(connection);
          master.keep(connection);
          master.refuses(false);
          return answer;
        } catch (JedisConnectionException e) {
          isSent |= connection != null;
          failure = e;
          master.discard(connection);
          master.requireAnswers();
          refresh();
        } catch (JedisRedirectionException e) {
          failure = e;
          master.keep(connection);
          follow(e);
          if (redirections++ < REDIRECTIONS) {
            continue;
          }
        } catch (JedisDataException e) {
          failure = refusal(e, master, connection);
        } catch (RuntimeException e) {
          master.discard(connection); // the rest of the answer may follow
          throw e;
        }
        pause();
        if (isClosed || !isPatient || isOver()) {
          master.refuses(!isMoving(failure)); // one that hands over a slot is up
          throw failure;
        }
        isAgain = true;
      }
    }

    // It is tried again at least once.
    private boolean isOver() {
      long patience = isMoving(failure) ? MOVING_NANOS : PATIENCE_NANOS;
      return isAgain && System.nanoTime() - startNanos >= patience;
    }

    private boolean isMoving(JedisException e) {
      return isCluster()
          && (e instanceof JedisRedirectionException
              || String.valueOf(e.getMessage()).startsWith(MOVING));
    }

    private void requireTurn(Master master) throws InterruptedException {
      master.requireAnswers();
      if (master != held) {
        hold(null);
        if (!master.acquire()) {
          throw new JedisException("all " + Master.CONNECTIONS + " connections are in use");
        }
        held = master;
        master.requireAnswers(); // it may have gone away meanwhile
      }
    }

    private void follow(JedisRedirectionException e) {
      if (slots != null && e instanceof JedisAskDataException) {
        askNext = slots.at(e.getTargetNode());
      } else {
        moved(e);
      }
    }
  }

  static void closeQuietly(Connection connection) {
    try {
      connection.forceDisconnect();
    } catch (java.io.IOException | JedisException e) {
      LOG.log(Level.FINEST, "connection to Redis was closed before", e);
    }
  }

  /** An error that may pass with time; any other is thrown. */
  private JedisException refusal(JedisDataException e, Master master, Connection connection) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("OOM command not allowed") || message.startsWith("OOM")) {
      master.keep(connection);
      throw new Refused(Ending.STORE_FULL, url + ": Redis has reached its maxmemory");
    }
    if (isCluster() && message.startsWith(MOVING)) {
      master.keep(connection);
      return e;
    }
    master.discard(connection);
    boolean mayPass = ELSEWHERE.stream().anyMatch(message::contains);
    if (!mayPass) {
      if (connection == null) {
        master.refuses(true);
      }
      throw new Refused(Ending.STORE_UNAVAILABLE, url + ": Redis answers \"" + message + "\"");
    }
    master.doubt();
    refresh();
    return e;
  }

  private static void pause() {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(20, 60));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Refused away(JedisException e, boolean isUnknown) {
    String why = url + ": " + e.getMessage();
    LOG.log(Level.FINE, why, e);
    return isUnknown
        ? new Refused(Ending.OUTCOME_UNKNOWN, why)
        : new Refused(Ending.STORE_UNAVAILABLE, why);
  }

  @Override
  public void close() {
    isClosed = true;
    ticker.shutdownNow();
    if (slots == null) {
      only.close();
    } else {
      slots.close();
    }
  }
}
