package switchboard.channel;

import java.util.List;
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
}
