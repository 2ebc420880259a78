package switchboard.redis;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import javax.net.ssl.SSLParameters;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import switchboard.config.StoreUrl;

/**
 * One server that keeps channels, and the connections to it.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> At most 16 connections, however many channels there are.
 */
final class Master {

  static final int CONNECTIONS = 16;
  static final int TIMEOUT_MILLIS = 2_000;
  private static final long BETWEEN_TRIES_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final StoreUrl url;
  private final Supplier<HostAndPort> address;
  private final Semaphore free = new Semaphore(CONNECTIONS, true);
  private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();
  private final AtomicLong triedNanos = new AtomicLong(System.nanoTime());
  private volatile HostAndPort last;
  private volatile boolean isAway;

  /**
   * Nothing is connected yet.
   *
   * @param address where it is now; asked at each new connection
   */
  Master(StoreUrl url, Supplier<HostAndPort> address) {
    this.url = url;
    this.address = address;
  }

  /** Whether the last request was answered. */
  boolean isUp() {
    return !isAway;
  }

  void isUp(boolean answers) {
    isAway = !answers;
  }

  /** Whether it is worth a try: one that is away is tried twice a second, whoever asks. */
  boolean mayBeThere() {
    long now = System.nanoTime();
    long last = triedNanos.get();
    return !isAway || (now - last > BETWEEN_TRIES_NANOS && triedNanos.compareAndSet(last, now));
  }

  /** Where it was when it was last connected to. */
  HostAndPort address() {
    return last;
  }

  /** A new connection. */
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
    last = address.get();
    return new Connection(last, config);
  }

  // Without it Jedis takes any certificate that is trusted, whatever host it is for.
  private static SSLParameters forThisHost() {
    SSLParameters parameters = new SSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    return parameters;
  }

  /** Whether there was a turn within two seconds; {@link #release} ends it. */
  boolean acquire() throws InterruptedException {
    return free.tryAcquire(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
  }

  void release() {
    free.release();
  }

  Connection take() {
    Connection connection = idle.poll();
    return connection == null ? connect(0) : connection;
  }

  void keep(Connection connection) {
    if (connection != null) {
      idle.push(connection);
    }
  }

  void discard(Connection connection) {
    if (connection != null) {
      Link.closeQuietly(connection);
    }
    // Whatever broke it may have broken the others; what they cost is a connect.
    for (Connection other = idle.poll(); other != null; other = idle.poll()) {
      Link.closeQuietly(other);
    }
  }
}
