package switchboard.channel;

import org.jspecify.annotations.Nullable;
import switchboard.log.Offset;

/**
 * Where a channel branched off another one (Durable Streams PROTOCOL.md §4.2).
 *
 * @param source the other channel's name
 * @param at the place in its log; {@code null} for its end, {@link Offset#BEGINNING} for its
 *     beginning
 * @param subOffset how much more to take along: messages of a JSON channel, bytes of others
 */
public record Fork(ChannelName source, @Nullable Offset at, int subOffset) {

  /** The offset that {@link #at} stands for in a source that has these. */
  public Offset in(Offset earliest, Offset end) {
    if (at == null) {
      return end;
    }
    return at.equals(Offset.BEGINNING) ? earliest : at;
  }
}
