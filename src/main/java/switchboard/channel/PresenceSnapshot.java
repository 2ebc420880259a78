package switchboard.channel;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The clients present in a channel, at one server or at all.
 *
 * @param counts how many by each transport; none for a transport that is not listed
 * @param members the names that some of them gave, without repeats
 * @param atLeast whether there are more, about whom nothing else is known
 */
public record PresenceSnapshot(
    Map<Transport, Integer> counts, SortedSet<String> members, boolean atLeast) {

  /** No clients. */
  public static final PresenceSnapshot NONE =
      new PresenceSnapshot(Map.of(), Collections.emptySortedSet());

  /** Exactly these. */
  public PresenceSnapshot(Map<Transport, Integer> counts, SortedSet<String> members) {
    this(counts, members, false);
  }

  /** One client that is present. */
  interface Listener {
    Transport transport();

    /** The name that the client gave; {@code null} for none. */
    @Nullable String member();
  }

  static PresenceSnapshot of(Collection<? extends Listener> listeners, boolean atLeast) {
    Map<Transport, Integer> counts = new EnumMap<>(Transport.class);
    SortedSet<String> members = new TreeSet<>();
    for (Listener listener : listeners) {
      counts.merge(listener.transport(), 1, Integer::sum);
      if (listener.member() != null) {
        members.add(listener.member());
      }
    }
    return new PresenceSnapshot(counts, members, atLeast);
  }

  /** Both together. */
  public PresenceSnapshot plus(PresenceSnapshot other) {
    Map<Transport, Integer> counts = new EnumMap<>(Transport.class);
    counts.putAll(this.counts);
    other.counts.forEach((transport, count) -> counts.merge(transport, count, Integer::sum));
    SortedSet<String> members = new TreeSet<>(this.members);
    members.addAll(other.members);
    return new PresenceSnapshot(counts, members, atLeast || other.atLeast);
  }

  /** How many in all. */
  public int present() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }
}
