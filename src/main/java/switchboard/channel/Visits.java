package switchboard.channel;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The clients that come and go with each request: each is taken to be there until its next one is
 * due.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> About 150 bytes for each client.
 */
final class Visits {

  private record Visit(Transport transport, String member, long untilMillis)
      implements Attendance.Listener {}

  private final int max;
  private final Map<String, Visit> byClient = new ConcurrentHashMap<>();

  /** Nobody yet; more than {@code max} are not counted. */
  Visits(int max) {
    this.max = max;
  }

  void add(Transport transport, String client, String member, long untilMillis) {
    if (byClient.size() < max || byClient.containsKey(client)) {
      byClient.put(client, new Visit(transport, member, untilMillis));
    }
  }

  /** Those whose next request is not overdue. */
  Collection<? extends Attendance.Listener> at(long nowMillis) {
    byClient.values().removeIf(visit -> visit.untilMillis() < nowMillis);
    return byClient.values();
  }
}
