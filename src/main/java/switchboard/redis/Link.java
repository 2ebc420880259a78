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
import switchboard.config.StoreUrl;

/**
 * The way to Redis: which master to ask, and what to do when a connection breaks.
 *
 * <p>An answer that got lost is asked for again for 0.8 s, with the same words; {@code store.lua}
 * knows an append that it has done. After that nobody knows, and the caller is told so. While a
 * master does not answer nobody waits: who has asked it is told at once, and so is everybody who
 * comes. In a Redis Cluster each key has its master, found by its slot; the others are asked as
 * ever.
 *
 * <p><b>Threads.</b> Safe. Blocks its caller for one round trip; until it is known that the master
 * does not answer, which takes 0.8 s; or as long as one that does needs, at most five seconds.
 *
 * <p><b>Cost.</b> At most 17 connections a master, however many channels there are, and a thread
 * for each and one more.
 */
final class Link implements AutoCloseable, Master.Watch {

  private static final Logger LOG = Logger.getLogger(Link.class.getName());
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(800);
  // So long may it take to hand over a slot.
  private static final long MOVING_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final int REDIRECTIONS = 3;
  // What Redis answers when it is not, or not yet, the one to ask; nothing was done.
  private static final List<String> ELSEWHERE =
      List.of("READONLY", "LOADING", "MASTERDOWN", "BUSY", "UNKILLABLE", "CLUSTERDOWN");

  // What it answers while it hands a slot over to another one.
  private static final String MOVING = "TRYAGAIN";

  private final StoreUrl url;
  private final Slots slots;
  private final Master only;
  private final ThreadFactory threads;
  private final ScheduledExecutorService ticker;
  private volatile Runnable onBack = () -> {};
  private volatile int lastSentinel;
  private volatile boolean isClosed;

  /**
   * Nothing is connected yet.
   *
   * @param threads run the heartbeats
   */
  Link(StoreUrl url, ThreadFactory threads) {
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
      heartbeat.close(); // so is this
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

  StoreUrl url() {
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

  /** Where to begin: the master, or those that the URL of a Redis Cluster names. */
  List<Master> seeds() {
    return slots == null ? List.of(only) : slots.seeds();
  }

  /** Who has a key, as far as is known. */
  Master master(String key) {
    return slots == null ? only : slots.owner(Slots.of(key));
  }

  /** Looks who has what now. */
  void refresh() {
    if (slots != null) {
      slots.refresh();
    }
  }

  /** A server has said that another one has a slot. */
  void moved(JedisRedirectionException to) {
    if (slots != null) {
      slots.moved(to.getSlot(), to.getTargetNode());
    }
  }

  private HostAndPort master() {
    if (url.master() == null) {
      StoreUrl.Host host = url.hosts().get(0);
      return new HostAndPort(host.name(), host.port());
    }
    JedisException last = null;
    for (int i = 0; i < url.hosts().size(); i++) {
      // First the one that answered last: each that does not takes its time.
      int index = (lastSentinel + i) % url.hosts().size();
      StoreUrl.Host sentinel = url.hosts().get(index);
      try (Connection connection =
          new Connection(
              new HostAndPort(sentinel.name(), sentinel.port()),
              DefaultJedisClientConfig.builder()
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
   * Asks until there is an answer.
   *
   * @param key what it is about
   * @param request a command, or more than one, about that key
   * @param isAppend where it is of importance whether it was done
   * @throws Refused if there is none; says why
   */
  <T> T ask(String key, Function<Connection, T> request, boolean isAppend) {
    Asking<T> asking = new Asking<>(key, request);
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

    private final String key;
    private final Function<Connection, T> request;
    private final long startNanos = System.nanoTime();
    private Master held;
    private Master askNext;
    private boolean isSent;
    private boolean isAgain;
    private JedisException failure;

    private Asking(String key, Function<Connection, T> request) {
      this.key = key;
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
        Master master = isAsking ? askNext : master(key);
        askNext = null;
        isPatient &= isAgain || master.isUp();
        requireTurn(master);
        Connection connection = null;
        try {
          connection = master.take();
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
          master.discard(connection); // nobody knows what it still has to say
          throw e;
        }
        pause();
        if (isClosed || !isPatient || isOver()) {
          master.refuses(!isMoving(failure)); // who hands over a slot is there
          throw failure;
        }
        isAgain = true;
      }
    }

    // Whatever broke, it is tried once more.
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
        master.requireAnswers(); // while this one waited for its turn it went away
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
      LOG.log(Level.FINEST, "a connection to Redis was already closed", e);
    }
  }

  /** What may pass with time; anything else is thrown. */
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
      throw new Refused(Ending.STORE_UNAVAILABLE, url + ": Redis says \"" + message + "\"");
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
