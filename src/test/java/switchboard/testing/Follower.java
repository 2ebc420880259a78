package switchboard.testing;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import switchboard.channel.Transport;

/**
 * A client that comes again with its offset whenever its connection ends or says nothing for long.
 */
public final class Follower implements AutoCloseable {

  private static final int STEP_MILLIS = 20;
  private static final int QUIET_STEPS = 250;

  private final URI channel;
  private final Transport transport;
  private final List<String> heard = new ArrayList<>();
  private volatile String offset = "-1";
  private volatile int connections;
  private volatile boolean isOver;

  public Follower(URI channel, Transport transport) {
    this.channel = channel;
    this.transport = transport;
    Reader.start(this::live);
  }

  private void live() {
    while (!isOver) {
      connections++;
      try {
        follow(Reader.of(transport, channel, offset));
      } catch (RuntimeException e) {
        pause(); // refused, or cut off while it was let in
      }
    }
  }

  private void follow(Reader reader) {
    int known = 0;
    boolean isAtItsEnd = false;
    int quiet = 0;
    while (quiet < QUIET_STEPS && !isOver && !isAtItsEnd) {
      pause();
      int before = known;
      isAtItsEnd = !reader.heard().isEmpty() && isEnd(last(reader.heard()));
      known = take(reader, known);
      quiet = known == before ? quiet + 1 : 0;
    }
    reader.vanish();
    take(reader, known); // what came until now; nothing of it may come again
  }

  private int take(Reader reader, int known) {
    Reader.SoFar soFar = reader.soFar();
    synchronized (heard) {
      soFar.heard().subList(known, soFar.heard().size()).stream()
          .filter(what -> !isEnd(what))
          .forEach(heard::add);
    }
    offset = soFar.offset();
    return soFar.heard().size();
  }

  private static boolean isEnd(String what) {
    return !what.matches("\\d+|gap:.*");
  }

  private static String last(List<String> all) {
    return all.get(all.size() - 1);
  }

  private static void pause() {
    try {
      Thread.sleep(STEP_MILLIS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Messages and gaps, in the order in which they came. */
  public List<String> heard() {
    synchronized (heard) {
      return List.copyOf(heard);
    }
  }

  /** How often it had to come. */
  public int connections() {
    return connections;
  }

  @Override
  public void close() {
    isOver = true;
  }

  @Override
  public String toString() {
    return transport + " after " + connections + " connections";
  }
}
