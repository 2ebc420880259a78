package switchboard.channel;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which channels have forks. The name of one that was deleted is kept as long as it has any.
 *
 * <p><b>Threads.</b> Confined to the store's lock.
 */
public final class ForkSources {

  private static final class Source {
    private int forks;
    private boolean isDeleted;
    private @Nullable ChannelName cameFrom;
  }

  private final Map<ChannelName, Source> sources = new HashMap<>();
  private int kept;

  /** Whether a channel was deleted and still has forks. */
  public boolean isKept(ChannelName name) {
    Source source = sources.get(name);
    return source != null && source.isDeleted;
  }

  /** How many names are kept. */
  public int kept() {
    return kept;
  }

  /** How many forks a channel has. */
  public int forksOf(ChannelName name) {
    Source source = sources.get(name);
    return source == null ? 0 : source.forks;
  }

  /** A fork of this channel was created. */
  public void add(ChannelName source) {
    sources.computeIfAbsent(source, name -> new Source()).forks++;
  }

  /**
   * A channel was deleted.
   *
   * @param cameFrom of which channel it was a fork itself; {@code null} for none
   * @return how many more names are kept now; fewer if negative
   */
  public int delete(ChannelName name, @Nullable ChannelName cameFrom) {
    Source source = sources.get(name);
    if (source == null) {
      return release(cameFrom);
    }
    source.isDeleted = true;
    source.cameFrom = cameFrom;
    kept++;
    return 1;
  }

  // When the last fork is gone, the name of a deleted source is free again, and so on up the chain.
  private int release(@Nullable ChannelName fork) {
    int before = kept;
    @Nullable ChannelName name = fork;
    while (name != null) {
      Source source = Objects.requireNonNull(sources.get(name));
      if (--source.forks > 0) {
        break;
      }
      sources.remove(name);
      if (source.isDeleted) {
        kept--;
      }
      name = source.isDeleted ? source.cameFrom : null;
    }
    return kept - before;
  }
}
