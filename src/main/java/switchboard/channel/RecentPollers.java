package switchboard.channel;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The clients of a channel that poll: each counts as present until its next request is due. All
 * channels together remember no more of them than there is {@link Room} for; of others it is known
 * only that there are more.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 130 bytes for each client, and 150 for the first of a channel.
 */
final class RecentPollers {

  /** How many all channels of a server together may remember. */
  static final class Room {

    private final int max;
    private final AtomicInteger taken = new AtomicInteger();

    Room(int max) {
      this.max = max;
    }

    private boolean acquire() {
      if (taken.incrementAndGet() <= max) {
        return true;
      }
      taken.decrementAndGet();
      return false;
    }

    private void release() {
      taken.decrementAndGet();
    }

    int taken() {
      return taken.get();
    }
  }

  private record Visit(Transport transport, @Nullable String member, long untilMillis)
      implements PresenceSnapshot.Listener {}

  private final int max;
  private final Room room;
  private final Map<Poller, Visit> visits = new ConcurrentHashMap<>();
  private volatile long moreUntilMillis = Long.MIN_VALUE;
  private volatile boolean isOver;

  /**
   * None yet.
   *
   * @param max how many this channel may remember
   */
  RecentPollers(int max, Room room) {
    this.max = max;
    this.room = room;
  }

  void add(Transport transport, Poller client, @Nullable String member, long untilMillis) {
    Visit visit = new Visit(transport, member, untilMillis);
    if (visits.replace(client, visit) != null) {
      return;
    }
    if (visits.size() >= max || !room.acquire()) {
      moreUntilMillis = Math.max(moreUntilMillis, untilMillis);
      return;
    }
    if (visits.put(client, visit) != null) {
      room.release(); // it came twice at once
    }
    if (isOver) {
      clear();
    }
  }

  /** Those whose next request is not overdue. */
  Collection<? extends PresenceSnapshot.Listener> at(long nowMillis) {
    visits.forEach(
        (client, visit) -> {
          if (visit.untilMillis() < nowMillis) {
            forget(client, visit);
          }
        });
    return visits.values();
  }

  private void forget(Poller client, Visit visit) {
    if (visits.remove(client, visit)) {
      room.release();
    }
  }

  /** Whether there are more than are remembered. */
  boolean areMore(long nowMillis) {
    return moreUntilMillis >= nowMillis;
  }

  /** The channel is no longer in use here: nothing is remembered from now on. */
  void end() {
    isOver = true;
    clear();
  }

  private void clear() {
    visits.forEach(this::forget);
  }
}
