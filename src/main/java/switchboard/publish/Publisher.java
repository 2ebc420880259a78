package switchboard.publish;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Offset;

/**
 * For Java callers in the same application: {@code @Inject Publisher publisher}.
 *
 * <p><b>Threads.</b> Safe. Returns at once; readers hear of the message on other threads.
 */
@Dependent
public class Publisher {

  private final Channels channels;

  @Inject
  public Publisher(Channels channels) {
    this.channels = channels;
  }

  /**
   * Appends one JSON value to a channel, which comes into being if it was not there.
   *
   * @param channel its name
   * @param value one message, or several where it is an array
   * @return the offset behind the message
   * @throws IllegalArgumentException if the name is not allowed or the channel does not hold JSON
   * @throws IllegalStateException if the channel is closed
   */
  public Offset publish(String channel, JsonValue value) {
    Append append = Append.of(JsonMessages.flatten(value));
    Channel target = open(new ChannelName(channel));
    if (target.contentType().kind() != ContentType.Kind.JSON) {
      throw new IllegalArgumentException(
          "channel \"%s\" holds %s, not JSON".formatted(channel, target.contentType()));
    }
    if (target.append(append) instanceof Appended.Accepted accepted) {
      return accepted.next();
    }
    throw new IllegalStateException("channel \"%s\" is closed".formatted(channel));
  }

  private Channel open(ChannelName name) {
    return channels
        .find(name)
        .orElseGet(() -> channels.create(name, Channels.Request.empty(ContentType.JSON)).channel());
  }
}
