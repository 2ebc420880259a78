package switchboard.connection;

import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.EnumTable;
import switchboard.channel.Transport;

/**
 * All open connections, by transport; one tick reaches them all.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Connections {

  /** Why a client is refused, and when it may retry. */
  public record Refusal(Ending ending, long retryAfterMillis) {}

  private static final int CROWDED_TICKS = 10;
  private static final long SOON_MILLIS = 2_000;
  private static final Logger LOG = Logger.getLogger(Connections.class.getName());

  private final EnumTable<Transport, Set<Connection>> open =
      new EnumTable<>(Transport.class, ConcurrentHashMap::newKeySet);
  private final EnumTable<Transport, LongAdder> requests =
      new EnumTable<>(Transport.class, LongAdder::new);
  private final EnumTable<Transport, LongAdder> empty =
      new EnumTable<>(Transport.class, LongAdder::new);
  private volatile ConnectionObserver watcher = (connection, sight, why) -> {};

  private final Counters counters;
  private final int max;
  private final int maxPerAddress;
  private final Admission admission;
  private final AtomicInteger count = new AtomicInteger();
  private final Map<String, Integer> byAddress = new ConcurrentHashMap<>();
  private final Queue<Runnable> next = new ConcurrentLinkedQueue<>();
  private final Queue<Runnable> due = new ConcurrentLinkedQueue<>();
  private volatile long lastTickMillis;
  private volatile int crowdedTicks; // a lost update of it does no harm
  private volatile boolean stopping;

  /**
   * No connections yet.
   *
   * @param counters counts endings and what is sent
   * @param max how many connections there may be
   * @param maxPerAddress how many from one address; 0 for no limit
   * @param admission how fast they are admitted
   */
  public Connections(Counters counters, int max, int maxPerAddress, Admission admission) {
    this.counters = counters;
    this.max = max;
    this.maxPerAddress = maxPerAddress;
    this.admission = admission;
  }

  /** Counts endings and what is sent. */
  public Counters counters() {
    return counters;
  }

  /** A request by {@code transport}; it may have been answered already. */
  public void count(Transport transport) {
    requests.get(transport).increment();
  }

  /** A request was answered without a message. */
  public void countEmpty(Transport transport) {
    empty.get(transport).increment();
  }

  /**
   * Whether one more from {@code address} would be admitted now. Checked before a connection is
   * opened; {@link #add} can still refuse it, if another one was faster.
   *
   * @return why not, or {@code null}
   */
  public @Nullable Refusal refusal(String address) {
    if (stopping) {
      return new Refusal(Ending.SERVER_STOPPING, SOON_MILLIS);
    }
    if (count.get() >= max) {
      crowdedTicks = CROWDED_TICKS;
      return new Refusal(Ending.TOO_MANY_CONNECTIONS, SOON_MILLIS);
    }
    if (maxPerAddress > 0 && byAddress.getOrDefault(address, 0) >= maxPerAddress) {
      crowdedTicks = CROWDED_TICKS;
      return new Refusal(Ending.TOO_MANY_FROM_ADDRESS, SOON_MILLIS);
    }
    long waitMillis = admission.waitMillis();
    return waitMillis == 0 ? null : new Refusal(Ending.WARMING_UP, waitMillis);
  }

  /**
   * The connection is open from now until {@link #remove}.
   *
   * @return why it has to be ended at once, or {@code null}
   */
  public @Nullable Ending add(Connection connection) {
    open.get(connection.transport()).add(connection);
    boolean isTooMany = count.incrementAndGet() > max;
    boolean isTooManyFromThere =
        maxPerAddress > 0 && byAddress.merge(connection.address(), 1, Integer::sum) > maxPerAddress;
    if (stopping) {
      return Ending.SERVER_STOPPING;
    }
    if (isTooMany) {
      return Ending.TOO_MANY_CONNECTIONS;
    }
    return isTooManyFromThere ? Ending.TOO_MANY_FROM_ADDRESS : null;
  }

  /** How many client addresses there are; 0 if there is no limit for one, and none is counted. */
  public int addresses() {
    return byAddress.size();
  }

  /** Whether it was open: true for the first of several callers that see its end. */
  public boolean remove(Connection connection) {
    boolean wasThere = open.get(connection.transport()).remove(connection);
    if (wasThere) {
      count.decrementAndGet();
      if (maxPerAddress > 0) {
        forget(connection.address());
      }
    }
    return wasThere;
  }

  private void forget(String address) {
    byAddress.computeIfPresent(address, (name, known) -> known == 1 ? null : known - 1);
  }

  /** How many are open now; always 0 for polls, which are answered at once. */
  public int open(Transport transport) {
    return open.get(transport).size();
  }

  /** How many requests there were since the start. */
  public long requests(Transport transport) {
    return requests.get(transport).sum();
  }

  /** How many of them were answered without a message. */
  public long empty(Transport transport) {
    return empty.get(transport).sum();
  }

  /** From now on {@code watcher} is told about connections whose client asks for that. */
  public void watch(ConnectionObserver watcher) {
    this.watcher = watcher;
  }

  /** Tells the watcher, if the client of the connection asks for that. */
  public void tell(Connection connection, ConnectionObserver.Sight sight, String why) {
    if (connection.label() != null) {
      watcher.saw(connection, sight, why);
    }
  }

  /** Runs this after two more ticks. */
  public void runAfterTwoTicks(Runnable what) {
    next.add(what);
  }

  /** Once a second: ticks every connection. */
  public void tick(long nowMillis) {
    lastTickMillis = nowMillis;
    for (Runnable what = due.poll(); what != null; what = due.poll()) {
      what.run();
    }
    for (Runnable what = next.poll(); what != null; what = next.poll()) {
      due.add(what);
    }
    crowdedTicks = Math.max(0, crowdedTicks - 1);
    checkNow(nowMillis);
  }

  /**
   * A client was refused for lack of room within the last seconds: silent clients should be checked
   * sooner.
   */
  public boolean isCrowded() {
    return crowdedTicks > 0;
  }

  /** An extra tick for every connection, since something that it checks has changed. */
  public void checkNow(long nowMillis) {
    forEach(connection -> connection.tick(nowMillis));
  }

  /** When the last tick was; 0 before the first one. */
  public long lastTickMillis() {
    return lastTickMillis;
  }

  /** Admits no connections from now on; true the first time. */
  synchronized boolean stop() {
    boolean isFirst = !stopping;
    stopping = true;
    return isFirst;
  }

  /** How many are open now, by all transports. */
  public int count() {
    return count.get();
  }

  java.util.List<Connection> all() {
    return open.values().stream().flatMap(Set::stream).toList();
  }

  /** The server is stopping: new clients should connect to another one. */
  public boolean isStopping() {
    return stopping;
  }

  /** Ends every connection, telling each client why. */
  public void endAll(Ending ending) {
    forEach(connection -> connection.end(ending));
  }

  /** The same for those of one transport. */
  public void checkNow(Transport transport, long nowMillis) {
    for (Connection connection : open.get(transport)) {
      attempt(connection, each -> each.tick(nowMillis));
    }
  }

  private void forEach(Consumer<Connection> action) {
    for (Set<Connection> connections : open.values()) {
      for (Connection connection : connections) {
        attempt(connection, action);
      }
    }
  }

  // The client is told if that is still possible; in any case it is no longer counted.
  private void endBroken(Connection connection) {
    try {
      connection.end(Ending.INTERNAL);
    } catch (RuntimeException | Error e) {
      LOG.log(Level.FINE, e, () -> connection + " – could not be ended");
    } finally {
      remove(connection);
    }
  }

  /** An error in one connection must not keep the others from being ticked or ended. */
  void attempt(Connection connection, Consumer<Connection> action) {
    try {
      action.accept(connection);
    } catch (RuntimeException | LinkageError e) {
      LOG.log(Level.SEVERE, e, () -> connection + " – failed");
      endBroken(connection);
    }
  }
}
