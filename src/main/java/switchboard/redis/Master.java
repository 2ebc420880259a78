package switchboard.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import switchboard.config.RedisUrl;

/**
 * One Redis server that keeps channels, and the connections to it. From the first request on, a
 * {@link Heartbeat} checks whether it answers. While it does not, no request waits for it: those in
 * progress are disconnected, new ones are refused at once.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> At most 17 connections, however many channels there are: 16 for requests and one
 * for the heartbeat.
 */
final class Master {

  /** What the masters of one Redis share. */
  interface Watch {

    /** Runs a heartbeat from now on. */
    void start(Heartbeat heartbeat);

    /** It answers again. */
    void isBack();

    /** It is away; another server may have taken its place. May wait. */
    void lookForAnother();
  }

  static final int CONNECTIONS = 16;
  static final int TIMEOUT_MILLIS = 2_000;

  private static final Logger LOG = Logger.getLogger(Master.class.getName());
  private static final long BETWEEN_RENEWALS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final RedisUrl url;
  private final Supplier<HostAndPort> address;
  private final Watch watch;
  private final Semaphore free = new Semaphore(CONNECTIONS, true);
  private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile Heartbeat heartbeat;
  private volatile HostAndPort last;
  private volatile boolean refuses;
  private volatile long renewedNanos = System.nanoTime() - BETWEEN_RENEWALS_NANOS;

  /**
   * Not connected yet.
   *
   * @param address its current address; may wait
   */
  Master(RedisUrl url, Supplier<HostAndPort> address, Watch watch) {
    this.url = url;
    this.address = address;
    this.watch = watch;
  }

  /** Whether it answers, and did not refuse the last request. */
  boolean isUp() {
    return !isAway() && !refuses;
  }

  /** Whether it does not respond. */
  boolean isAway() {
    Heartbeat now = heartbeat;
    return now != null && now.isAway();
  }

  /**
   * Requires that it is not away.
   *
   * @throws JedisException if it is
   */
  void requireAnswers() {
    Heartbeat now = heartbeat;
    if (now != null && now.isAway()) {
      throw new JedisException(now.reason());
    }
  }

  /** When it last began to answer, by {@link System#nanoTime}; long ago if it was never asked. */
  long backNanos() {
    Heartbeat now = heartbeat;
    return now == null ? System.nanoTime() - Long.MAX_VALUE / 2 : now.backNanos();
  }

  /** Whether it answered that it serves no requests now, for example as a replica. */
  void refuses(boolean refuses) {
    this.refuses = refuses;
  }

  /** Its address at the last connection. */
  HostAndPort address() {
    return last;
  }

  /**
   * A new connection.
   *
   * @param silenceMillis timeout of reads that block
   */
  Connection connect(int silenceMillis) {
    last = address.get();
    JedisClientConfig config = config(TIMEOUT_MILLIS, silenceMillis);
    return new Connection(sockets(last, config, socket -> {}), config);
  }

  /** A connection of a special kind; the timeout holds for connecting and for reading. */
  <C extends Connection> C connect(
      BiFunction<JedisSocketFactory, JedisClientConfig, C> kind, int timeoutMillis) {
    last = address.get();
    JedisClientConfig config = config(timeoutMillis, 0);
    return kind.apply(sockets(last, config, socket -> {}), config);
  }

  /** A connection for requests, closed when the master is away. */
  Connection connectToAsk() {
    // The last address: finding out the current one may take long, and the heartbeat does that.
    HostAndPort there = last == null ? address.get() : last;
    last = there;
    JedisClientConfig config = config(TIMEOUT_MILLIS, 0);
    return new Connection(sockets(there, config, this::hangUpWhenAway), config);
  }

  private void hangUpWhenAway(Socket socket) {
    sockets.removeIf(Socket::isClosed);
    sockets.add(socket);
    requireAnswers(); // after adding it, so that none is missed
  }

  private JedisClientConfig config(int timeoutMillis, int silenceMillis) {
    return DefaultJedisClientConfig.builder()
        .resp2() // in RESP3 a reply that is a list of pairs comes as another type
        .connectionTimeoutMillis(timeoutMillis)
        .socketTimeoutMillis(timeoutMillis)
        .blockingSocketTimeoutMillis(silenceMillis)
        .user(url.user())
        .password(url.password())
        .database(url.database())
        .build();
  }

  // Not Jedis' own factory, which hands out a socket only once it is connected.
  private JedisSocketFactory sockets(
      HostAndPort to, JedisClientConfig config, Consumer<Socket> onOpen) {
    return () -> {
      IOException failure = null;
      try {
        for (InetAddress each : InetAddress.getAllByName(to.getHost())) {
          Socket socket = new Socket();
          try {
            onOpen.accept(socket);
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            // What was abandoned must not be sent later, when the network works again.
            socket.setSoLinger(true, 0);
            InetSocketAddress at = new InetSocketAddress(each, to.getPort());
            socket.connect(at, config.getConnectionTimeoutMillis());
            socket.setSoTimeout(config.getSocketTimeoutMillis());
            return url.isSecure() ? secure(socket, to) : socket;
          } catch (IOException e) {
            socket.close();
            failure = e;
          }
        }
      } catch (IOException e) {
        failure = e;
      }
      throw new JedisConnectionException("no connection to " + to, failure);
    };
  }

  private static Socket secure(Socket socket, HostAndPort to) throws IOException {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    SSLSocket secure = (SSLSocket) factory.createSocket(socket, to.getHost(), to.getPort(), true);
    // Otherwise a trusted certificate for any host would be accepted.
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    return secure;
  }

  /** Whether a connection became free within two seconds; {@link #release} frees it. */
  boolean acquire() throws InterruptedException {
    if (heartbeat == null) {
      watch();
    }
    return free.tryAcquire(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
  }

  private synchronized void watch() {
    if (heartbeat == null) {
      Heartbeat first = new Heartbeat(this);
      heartbeat = first;
      watch.start(first);
    }
  }

  void release() {
    free.release();
  }

  Connection borrow() {
    Connection connection = idle.poll();
    return connection == null ? connectToAsk() : connection;
  }

  void keep(Connection connection) {
    if (connection != null) {
      idle.push(connection);
    }
  }

  void discard(Connection connection) {
    if (connection != null) {
      RedisClient.closeQuietly(connection);
    }
    // What broke it may have broken the others; a new connection is cheap.
    for (Connection other = idle.poll(); other != null; other = idle.poll()) {
      RedisClient.closeQuietly(other);
    }
  }

  /** It does not answer: ends all requests that wait for it. */
  void hangUp() {
    for (Socket socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        LOG.log(Level.FINEST, "socket was closed before", e);
      }
    }
    discard(null);
  }

  /** Another server may have become the master that Sentinels name. */
  void doubt() {
    Heartbeat now = heartbeat;
    long nanos = System.nanoTime();
    if (now != null && url.master() != null && nanos - renewedNanos > BETWEEN_RENEWALS_NANOS) {
      renewedNanos = nanos;
      now.renew();
    }
  }

  void isBack() {
    watch.isBack();
  }

  void lookForAnother() {
    watch.lookForAnother();
  }

  /** Closes all connections; the next request opens them again. */
  synchronized void close() {
    if (heartbeat != null) {
      heartbeat.close();
      heartbeat = null;
    }
    discard(null);
  }

  @Override
  public String toString() {
    return last == null ? url.toString() : url + " at " + last;
  }
}
