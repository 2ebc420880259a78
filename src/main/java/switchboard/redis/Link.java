package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLParameters;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Ending;
import switchboard.config.StoreUrl;

/**
 * The way to Redis: a few connections, and what to do when one breaks.
 *
 * <p>An answer that got lost is asked for again for three seconds, with the same words; {@code
 * store.lua} knows an append that it has done. After that nobody knows, and the caller is told so.
 * While Redis is away nobody waits: each caller tries once.
 *
 * <p><b>Threads.</b> Safe. Blocks its caller for one round trip, at most five seconds.
 *
 * <p><b>Cost.</b> At most 16 connections, however many channels there are.
 */
final class Link implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Link.class.getName());
  private static final int CONNECTIONS = 16;
  private static final int TIMEOUT_MILLIS = 2_000;
  private static final long PATIENCE_NANOS =
      TimeUnit.SECONDS.toNanos(3); // longer than one time-out
  // What Redis answers when it is not, or not yet, the one to ask; nothing was done.
  private static final List<String> ELSEWHERE =
      List.of("READONLY", "LOADING", "MASTERDOWN", "BUSY", "UNKILLABLE");

  private final StoreUrl url;
  private final Semaphore free = new Semaphore(CONNECTIONS, true);
  private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();
  private volatile boolean isAway;
  private volatile boolean isClosed;

  Link(StoreUrl url) {
    this.url = url;
  }

  StoreUrl url() {
    return url;
  }

  /** Whether the last request was answered. */
  boolean isUp() {
    return !isAway;
  }

  /** A new connection to the master. */
  Connection connect(int silenceMillis) {
    DefaultJedisClientConfig config =
        DefaultJedisClientConfig.builder()
            .connectionTimeoutMillis(TIMEOUT_MILLIS)
            .socketTimeoutMillis(TIMEOUT_MILLIS)
            .blockingSocketTimeoutMillis(silenceMillis)
            .user(url.user())
            .password(url.password())
            .database(url.database())
            .ssl(url.isSecure())
            .sslParameters(forThisHost())
            .build();
    return new Connection(master(), config);
  }

  // Without it Jedis takes any certificate that is trusted, whatever host it is for.
  private static SSLParameters forThisHost() {
    SSLParameters parameters = new SSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    return parameters;
  }

  private HostAndPort master() {
    if (url.master() == null) {
      StoreUrl.Host host = url.hosts().get(0);
      return new HostAndPort(host.name(), host.port());
    }
    JedisException last = null;
    for (StoreUrl.Host sentinel : url.hosts()) {
      try (Connection connection =
          new Connection(
              new HostAndPort(sentinel.name(), sentinel.port()),
              DefaultJedisClientConfig.builder().timeoutMillis(TIMEOUT_MILLIS / 2).build())) {
        Object answer =
            connection.executeCommand(
                new CommandArguments(Command.SENTINEL)
                    .add("GET-MASTER-ADDR-BY-NAME")
                    .add(url.master()));
        if (answer instanceof List<?> address) {
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
   * @param request a command, or more than one
   * @param isAppend where it is of importance whether it was done
   * @throws Refused if there is none; says why
   */
  <T> T ask(java.util.function.Function<Connection, T> request, boolean isAppend) {
    long start = System.nanoTime();
    long patience = isAway ? 0 : PATIENCE_NANOS;
    boolean isSent = false;
    JedisException failure;
    acquire();
    try {
      do {
        Connection connection = null;
        try {
          connection = take();
          T answer = request.apply(connection);
          idle.push(connection);
          isAway = false;
          return answer;
        } catch (JedisConnectionException e) {
          isSent |= connection != null;
          failure = e;
          discard(connection);
        } catch (JedisDataException e) {
          failure = refusal(e, connection);
        } catch (RuntimeException e) {
          discard(connection); // nobody knows what it still has to say
          throw e;
        }
        pause();
      } while (!isClosed && System.nanoTime() - start < patience);
    } finally {
      free.release();
    }
    isAway = true;
    throw away(failure, isSent && isAppend);
  }

  private void acquire() {
    try {
      if (!free.tryAcquire(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new Refused(
            Ending.STORE_UNAVAILABLE, url + ": all " + CONNECTIONS + " connections are in use");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refused(Ending.STORE_UNAVAILABLE, url + ": interrupted");
    }
  }

  private Connection take() {
    Connection connection = idle.poll();
    return connection == null ? connect(0) : connection;
  }

  private void discard(Connection connection) {
    if (connection != null) {
      closeQuietly(connection);
    }
    // Whatever broke it may have broken the others; what they cost is a connect.
    for (Connection other = idle.poll(); other != null; other = idle.poll()) {
      closeQuietly(other);
    }
  }

  static void closeQuietly(Connection connection) {
    try {
      connection.forceDisconnect();
    } catch (java.io.IOException | JedisException e) {
      LOG.log(Level.FINEST, "a connection to Redis was gone before it was closed", e);
    }
  }

  /** What may pass with time; anything else is thrown. */
  private JedisException refusal(JedisDataException e, Connection connection) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("OOM command not allowed") || message.startsWith("OOM")) {
      keep(connection);
      throw new Refused(Ending.STORE_FULL, url + ": Redis keeps as much as it may (maxmemory)");
    }
    discard(connection);
    boolean mayPass = ELSEWHERE.stream().anyMatch(message::contains);
    if (!mayPass) {
      isAway |= connection == null;
      throw new Refused(Ending.STORE_UNAVAILABLE, url + ": Redis says \"" + message + "\"");
    }
    return e;
  }

  private void keep(Connection connection) {
    if (connection != null) {
      idle.push(connection);
    }
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
    discard(null);
  }
}
