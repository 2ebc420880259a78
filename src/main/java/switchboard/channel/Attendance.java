package switchboard.channel;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Who listens to a channel, at one server or at all.
 *
 * @param counts how many by each transport; one that is not there counts none
 * @param members the names that some of them gave, without repeats
 * @param atLeast whether there are more, of whom nothing else is remembered
 */
public record Attendance(
    Map<Transport, Integer> counts, SortedSet<String> members, boolean atLeast) {

  /** Nobody. */
  public static final Attendance NONE = new Attendance(Map.of(), Collections.emptySortedSet());

  /** These and no others. */
  public Attendance(Map<Transport, Integer> counts, SortedSet<String> members) {
    this(counts, members, false);
  }

  /** One who listens. */
  interface Listener {
    Transport transport();

    /** What the client calls itself; {@code null} where it does not say. */
    String member();
  }

  static Attendance of(Collection<? extends Listener> listeners, boolean atLeast) {
    Map<Transport, Integer> counts = new EnumMap<>(Transport.class);
    SortedSet<String> members = new TreeSet<>();
    for (Listener listener : listeners) {
      counts.merge(listener.transport(), 1, Integer::sum);
      if (listener.member() != null) {
        members.add(listener.member());
      }
    }
    return new Attendance(counts, members, atLeast);
  }

  /** These and those. */
  public Attendance plus(Attendance other) {
    Map<Transport, Integer> counts = new EnumMap<>(Transport.class);
    counts.putAll(this.counts);
    other.counts.forEach((transport, count) -> counts.merge(transport, count, Integer::sum));
    SortedSet<String> members = new TreeSet<>(this.members);
    members.addAll(other.members);
    return new Attendance(counts, members, atLeast || other.atLeast);
  }

  /** How many in all. */
  public int present() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }
}
