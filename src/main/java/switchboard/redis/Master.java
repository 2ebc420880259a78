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
import switchboard.config.StoreUrl;

/**
 * One server that keeps channels, and the connections to it. Once it was asked for something, a
 * {@link Heartbeat} sees whether it answers; while it does not, nobody waits for it: who has asked
 * it is hung up on, and who comes is refused at once.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> At most 17 connections, however many channels there are: 16 that ask and the
 * heartbeat's.
 */
final class Master {

  /** What the masters of one Redis have in common. */
  interface Watch {

    /** Runs a heartbeat from now on. */
    void start(Heartbeat heartbeat);

    /** It answers again. */
    void isBack();

    /** It is away: who has taken its place? May wait. */
    void lookForAnother();
  }

  static final int CONNECTIONS = 16;
  static final int TIMEOUT_MILLIS = 2_000;

  private static final Logger LOG = Logger.getLogger(Master.class.getName());
  private static final long BETWEEN_RENEWALS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final StoreUrl url;
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
   * Nothing is connected yet.
   *
   * @param address where it is now; may wait
   */
  Master(StoreUrl url, Supplier<HostAndPort> address, Watch watch) {
    this.url = url;
    this.address = address;
    this.watch = watch;
  }

  /** Whether it answers, and did what it was last asked for. */
  boolean isUp() {
    return !isAway() && !refuses;
  }

  /** Whether it does not respond. */
  boolean isAway() {
    Heartbeat now = heartbeat;
    return now != null && now.isAway();
  }

  /**
   * Nobody waits for one that is away.
   *
   * @throws JedisException if it is
   */
  void requireAnswers() {
    Heartbeat now = heartbeat;
    if (now != null && now.isAway()) {
      throw new JedisException(now.reason());
    }
  }

  /** Since when it answers, by {@link System#nanoTime}; long ago where nobody has asked it. */
  long backNanos() {
    Heartbeat now = heartbeat;
    return now == null ? System.nanoTime() - Long.MAX_VALUE / 2 : now.backNanos();
  }

  /** Whether it answered that it does nothing now, as a replica, say. */
  void refuses(boolean refuses) {
    this.refuses = refuses;
  }

  /** Where it was when it was last connected to. */
  HostAndPort address() {
    return last;
  }

  /**
   * A new connection.
   *
   * @param silenceMillis so long may nothing be heard where that is waited for
   */
  Connection connect(int silenceMillis) {
    last = address.get();
    JedisClientConfig config = config(TIMEOUT_MILLIS, silenceMillis);
    return new Connection(sockets(last, config, socket -> {}), config);
  }

  /** One of a kind; both its parts may take so long. */
  <C extends Connection> C connect(
      BiFunction<JedisSocketFactory, JedisClientConfig, C> kind, int timeoutMillis) {
    last = address.get();
    JedisClientConfig config = config(timeoutMillis, 0);
    return kind.apply(sockets(last, config, socket -> {}), config);
  }

  /** One that is hung up when the master is away. */
  Connection connectToAsk() {
    // Where it is now the heartbeat knows; to find that out may take long.
    HostAndPort there = last == null ? address.get() : last;
    last = there;
    JedisClientConfig config = config(TIMEOUT_MILLIS, 0);
    return new Connection(sockets(there, config, this::hangUpWhenAway), config);
  }

  private void hangUpWhenAway(Socket socket) {
    sockets.removeIf(Socket::isClosed);
    sockets.add(socket);
    requireAnswers(); // after it was added: it is hung up, or knows
  }

  private JedisClientConfig config(int timeoutMillis, int silenceMillis) {
    return DefaultJedisClientConfig.builder()
        .connectionTimeoutMillis(timeoutMillis)
        .socketTimeoutMillis(timeoutMillis)
        .blockingSocketTimeoutMillis(silenceMillis)
        .user(url.user())
        .password(url.password())
        .database(url.database())
        .build();
  }

  // Not the one of Jedis': that shows a socket only once it is connected, which may take long.
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
            // What is given up is not sent later, when the network works again.
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
    // Without it any certificate would do that is trusted, whatever host it is for.
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    return secure;
  }

  /** Whether there was a turn within two seconds; {@link #release} ends it. */
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

  Connection take() {
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
      Link.closeQuietly(connection);
    }
    // Whatever broke it may have broken the others; what they cost is a connect.
    for (Connection other = idle.poll(); other != null; other = idle.poll()) {
      Link.closeQuietly(other);
    }
  }

  /** It does not answer: whoever waits for that learns it now. */
  void hangUp() {
    for (Socket socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        LOG.log(Level.FINEST, "it was already closed", e);
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

  /** Nothing is connected any more, until somebody asks for something. */
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
