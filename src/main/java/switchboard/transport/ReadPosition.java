package switchboard.transport;

import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.config.Action;
import switchboard.http.Guard;
import switchboard.http.Problem;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.UpToDate;

/**
 * A position in a channel from which a client reads.
 *
 * @param channel an existing channel
 * @param from the offset; {@code now} and {@code -1} are resolved
 * @param fromNow whether the client sent {@code now} and wants no earlier messages
 */
record ReadPosition(Channel channel, Offset from, boolean fromNow) {

  private static final String BEGINNING = "-1";
  private static final String NOW = "now";

  /**
   * Parses a position.
   *
   * @param guard checks whether the client may read it
   * @param written an offset, {@code -1}, {@code now}; {@code null} for the beginning
   */
  static ReadPosition parse(Channels channels, Guard guard, String name, String written) {
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
    return new ReadPosition(channel, from, NOW.equals(written));
  }

  /**
   * The channel with that name, if the client may do the action; otherwise it learns nothing about
   * the channel.
   */
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

  /** Reads the messages after it. */
  Reading read() {
    // With "now" the client does not want messages that were appended after the offset was
    // determined.
    return fromNow ? new UpToDate(from, channel.isClosed()) : channel.readAfter(from);
  }

  /** Whether this server has all messages. A closed channel cannot get new ones. */
  boolean isCurrent() {
    return channel.isCurrent() || channel.isClosed();
  }

  /** Throws a problem if it is not known whether there are new messages. */
  void requireCurrent() {
    if (!isCurrent()) {
      throw new Problem(
          Ending.STORE_UNAVAILABLE,
          "channel \"%s\": it is not known whether there are messages after offset %s"
              .formatted(channel.name(), from));
    }
  }

  /** Throws a problem if a wait would start although it is not known whether there are messages. */
  void requireCurrentToWait() {
    if (!isCurrent() && read() instanceof UpToDate) {
      requireCurrent();
    }
  }

  ContentType.Kind kind() {
    return channel.contentType().kind();
  }

  /** The offset to continue from after {@code reading}. */
  static Offset next(Reading reading) {
    if (reading instanceof switchboard.log.Batch batch) {
      return batch.next();
    }
    return reading instanceof switchboard.log.Gap gap
        ? gap.earliest()
        : ((UpToDate) reading).next();
  }
}
