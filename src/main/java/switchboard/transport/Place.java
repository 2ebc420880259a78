package switchboard.transport;

import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.config.Action;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.UpToDate;

/**
 * A place in a channel from which somebody wants to read on.
 *
 * @param channel that exists
 * @param from where to read on; {@code now} and {@code -1} are resolved
 * @param fromNow the client wrote {@code now}: it wants nothing that was said before
 */
record Place(Channel channel, Offset from, boolean fromNow) {

  private static final String BEGINNING = "-1";
  private static final String NOW = "now";

  /**
   * The place that a client wrote down.
   *
   * @param guard asks whether the client may read there
   * @param written an offset, {@code -1}, {@code now}; {@code null} for the beginning
   */
  static Place parse(Channels channels, Guard guard, String name, String written) {
    Channel channel = find(channels, guard, Action.READ, name);
    Offset from;
    if (written == null || written.equals(BEGINNING)) {
      from = channel.earliest();
    } else if (written.equals(NOW)) {
      from = channel.end();
    } else {
      from = Problem.orElse(Ending.BAD_OFFSET, () -> Offset.parse(written));
    }
    channel.touch();
    return new Place(channel, from, NOW.equals(written));
  }

  /** The channel of that name, for whoever may do that with it; others learn nothing of it. */
  static Channel find(Channels channels, Guard guard, Action action, String name) {
    ChannelName valid = Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(name));
    guard.require(action, valid);
    try {
      return channels.find(valid).orElseThrow(() -> missing(channels, valid));
    } catch (Channels.Refused refused) {
      throw Problem.of(refused); // it could not come into being
    }
  }

  private static Problem missing(Channels channels, ChannelName name) {
    return channels.isKeptForForks(name)
        ? new Problem(Ending.KEPT_FOR_FORKS, "channel \"%s\"".formatted(name))
        : new Problem(
            Ending.UNKNOWN_CHANNEL, "channel \"%s\": create it with PUT first".formatted(name));
  }

  /** What comes after it now. */
  Reading read() {
    // Who says "now" wants nothing that was appended since the offset was looked up.
    return fromNow ? new UpToDate(from, channel.isClosed()) : channel.readAfter(from);
  }

  /** Whether what is known here is all there is. Of a closed channel nothing else can come. */
  boolean isCurrent() {
    return channel.isCurrent() || channel.isClosed();
  }

  /** Refuses to say that there is nothing new where that is not known. */
  void requireCurrent() {
    if (!isCurrent()) {
      throw new Problem(
          Ending.STORE_UNAVAILABLE,
          "channel \"%s\": it is not known whether there are messages after offset %s"
              .formatted(channel.name(), from));
    }
  }

  /** Refuses to let somebody wait where it is not known whether there is something already. */
  void requireCurrentToWait() {
    if (!isCurrent() && read() instanceof UpToDate) {
      requireCurrent();
    }
  }

  ContentType.Kind kind() {
    return channel.contentType().kind();
  }

  /** Where to read on after {@code reading}. */
  static Offset next(Reading reading) {
    if (reading instanceof switchboard.log.Batch batch) {
      return batch.next();
    }
    return reading instanceof switchboard.log.Gap gap
        ? gap.earliest()
        : ((UpToDate) reading).next();
  }
}
