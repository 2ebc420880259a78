package switchboard.channel;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Who is connected, by transport; one tick of the clock reaches them all.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Connections {

  private static final Logger LOG = Logger.getLogger(Connections.class.getName());

  private final Map<Transport, Set<Connection>> open = new EnumMap<>(Transport.class);
  private final Map<Transport, LongAdder> requests = new EnumMap<>(Transport.class);
  private final Map<Transport, LongAdder> empty = new EnumMap<>(Transport.class);
  private volatile Watcher watcher = (connection, sight, why) -> {};

  private final Tally tally;
  private volatile long lastTickMillis;
  private volatile boolean stopping;

  /**
   * Nobody yet.
   *
   * @param tally where it is counted how they end and what they are sent
   */
  public Connections(Tally tally) {
    this.tally = tally;
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

  /** The connection lasts from now until {@link #remove}. */
  public void add(Connection connection) {
    open.get(connection.transport()).add(connection);
  }

  /** Whether it was there: true for the first of several who see its end. */
  public boolean remove(Connection connection) {
    return open.get(connection.transport()).remove(connection);
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

  /** What the clock does to every connection. */
  public void tick(long nowMillis) {
    lastTickMillis = nowMillis;
    forEach(connection -> connection.tick(nowMillis));
  }

  /** When the clock last came by; 0 before the first time. */
  public long lastTickMillis() {
    return lastTickMillis;
  }

  /** The server is going: whoever comes now should go elsewhere. */
  public boolean isStopping() {
    return stopping;
  }

  /** Ends every connection, telling each client why. */
  public void endAll(Ending ending) {
    forEach(connection -> connection.end(ending));
  }

  private void forEach(java.util.function.Consumer<Connection> action) {
    for (Set<Connection> connections : open.values()) {
      for (Connection connection : connections) {
        try {
          action.accept(connection);
        } catch (RuntimeException e) {
          // One broken connection must not keep the clock from the others.
          LOG.log(Level.WARNING, e, () -> connection + " – failed at a tick");
          remove(connection);
        }
      }
    }
  }
}
