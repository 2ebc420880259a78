package switchboard.channel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Some of the channels there are.
 *
 * @param channels in no particular order
 * @param next where the next ones are; {@code null} if these were the last
 */
public record Listing(List<Entry> channels, @Nullable String next) {

  /** A channel, and what it holds. */
  public record Entry(ChannelName name, ContentType contentType) {}

  /**
   * The channels behind a number, by age. At most {@code max} are looked at; those that have
   * expired are left out.
   *
   * @param after the number in {@code next} of the listing before; {@code null} for the first
   */
  public static <T> Listing of(
      NavigableMap<Long, T> byNumber,
      Function<T, Channel> channelOf,
      @Nullable String after,
      int max) {
    long number = after == null ? 0 : Long.parseUnsignedLong(after);
    List<Entry> found = new ArrayList<>();
    int seen = 0;
    for (Map.Entry<Long, T> each : byNumber.tailMap(number, false).entrySet()) {
      if (seen++ == max) {
        return new Listing(found, Long.toString(number));
      }
      number = each.getKey();
      Channel channel = channelOf.apply(each.getValue());
      if (!channel.isExpired()) {
        found.add(new Entry(channel.name(), channel.contentType()));
      }
    }
    return new Listing(found, null);
  }
}
