package switchboard.channel;

import java.util.EnumMap;
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

/**
 * Who is connected, by transport; one tick of the clock reaches them all.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Connections {

  /** Why somebody is not let in, and when to come again. */
  public record Refusal(Ending ending, long retryAfterMillis) {}

  private static final int CROWDED_TICKS = 10;
  private static final long SOON_MILLIS = 2_000;
  private static final Logger LOG = Logger.getLogger(Connections.class.getName());

  private final Map<Transport, Set<Connection>> open = new EnumMap<>(Transport.class);
  private final Map<Transport, LongAdder> requests = new EnumMap<>(Transport.class);
  private final Map<Transport, LongAdder> empty = new EnumMap<>(Transport.class);
  private volatile Watcher watcher = (connection, sight, why) -> {};

  private final Tally tally;
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
   * Nobody yet.
   *
   * @param tally where it is counted how they end and what they are sent
   * @param max how many there may be
   * @param maxPerAddress how many from one address; 0 for no bound
   * @param admission how fast they are let in
   */
  public Connections(Tally tally, int max, int maxPerAddress, Admission admission) {
    this.tally = tally;
    this.max = max;
    this.maxPerAddress = maxPerAddress;
    this.admission = admission;
    for (Transport transport : Transport.values()) {
      open.put(transport, ConcurrentHashMap.newKeySet());
      requests.put(transport, new LongAdder());
      empty.put(transport, new LongAdder());
    }
  }

  /** Where endings, and what is sent, are counted. */
  public Tally tally() {
    return tally;
  }

  /** A client came by {@code transport}; what it asked for may be answered already. */
  public void count(Transport transport) {
    requests.get(transport).increment();
  }

  /** What a client asked for was answered without a message. */
  public void countEmpty(Transport transport) {
    empty.get(transport).increment();
  }

  /**
   * Whether one more from {@code address} is let in now, before it is begun; whoever is, and then
   * comes to {@link #add}, is let in but for a race.
   *
   * @return why not, or {@code null}
   */
  public Refusal refusal(String address) {
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
   * The connection lasts from now until {@link #remove}.
   *
   * @return why it has to be ended at once, or {@code null}
   */
  public Ending add(Connection connection) {
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

  /** From how many addresses they are; 0 where there is no bound for one, since nobody counts. */
  public int addresses() {
    return byAddress.size();
  }

  /** Whether it was there: true for the first of several who see its end. */
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

  /** How many are connected now; always 0 for polls, which are answered at once. */
  public int open(Transport transport) {
    return open.get(transport).size();
  }

  /** How many came since the start. */
  public long requests(Transport transport) {
    return requests.get(transport).sum();
  }

  /** How many of them were answered without a message. */
  public long empty(Transport transport) {
    return empty.get(transport).sum();
  }

  /** From now, {@code watcher} hears of the connections that ask to be watched. */
  public void watch(Watcher watcher) {
    this.watcher = watcher;
  }

  /** Tells the watcher, if the connection's client asks for that. */
  public void tell(Connection connection, Watcher.Sight sight, String why) {
    if (connection.label() != null) {
      watcher.saw(connection, sight, why);
    }
  }

  /** Does this when the clock has ticked twice from now. */
  public void runAfterTwoTicks(Runnable what) {
    next.add(what);
  }

  /** What the clock does to every connection. */
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
   * Somebody was refused for want of room within the last seconds: whether a silent client is still
   * there is worth finding out sooner.
   */
  public boolean isCrowded() {
    return crowdedTicks > 0;
  }

  /** Has every connection see what time it is between two ticks, since something else changed. */
  public void checkNow(long nowMillis) {
    forEach(connection -> connection.tick(nowMillis));
  }

  /** When the clock last came by; 0 before the first time. */
  public long lastTickMillis() {
    return lastTickMillis;
  }

  /** Lets nobody in from now on; true the first time. */
  synchronized boolean stop() {
    boolean isFirst = !stopping;
    stopping = true;
    return isFirst;
  }

  /** How many are connected now, by whichever transport. */
  public int count() {
    return count.get();
  }

  java.util.List<Connection> all() {
    return open.values().stream().flatMap(Set::stream).toList();
  }

  /** The server is going: whoever comes now should go elsewhere. */
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

  // Its client is told where that can be done still; in any case it counts no longer.
  private void endBroken(Connection connection) {
    try {
      connection.end(Ending.INTERNAL);
    } catch (RuntimeException | Error e) {
      LOG.log(Level.FINE, e, () -> connection + " – could not be ended");
    } finally {
      remove(connection);
    }
  }

  /** One broken connection must keep neither the clock nor the end from the others. */
  void attempt(Connection connection, Consumer<Connection> action) {
    try {
      action.accept(connection);
    } catch (RuntimeException | LinkageError e) {
      LOG.log(Level.SEVERE, e, () -> connection + " – failed");
      endBroken(connection);
    }
  }
}
