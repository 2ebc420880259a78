package switchboard.publish;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.Optional;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.config.ServerResources;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Offset;

/**
 * For Java callers in the same application: {@code @Inject Publisher publisher}.
 *
 * <p>Inside a JTA transaction a message is appended after the commit, and never when the
 * transaction is rolled back.
 *
 * <p><b>Threads.</b> Safe. Returns at once; readers get the message on other threads.
 */
@Dependent
public class Publisher {

  private final Channels channels;

  private final TransactionSynchronizationRegistry transactions = ServerResources.transactions();

  @Inject
  public Publisher(Channels channels) {
    this.channels = channels;
  }

  /**
   * Appends one JSON value to a channel. The channel is created if it does not exist.
   *
   * <p>Errors are thrown at once, also inside a transaction. If the channel is closed or deleted
   * between this call and the commit, the messages are lost and the server logs it, because a
   * commit cannot be undone.
   *
   * @param channel its name
   * @param value one message, or several if it is an array
   * @return the offset after the message; empty inside a transaction, where it is not known yet
   * @throws IllegalArgumentException if the name is not allowed or the channel does not hold JSON
   * @throws IllegalStateException if the channel is closed
   */
  public Optional<Offset> publish(String channel, JsonValue value) {
    Append append = Append.of(JsonMessages.flatten(value));
    ChannelName name = new ChannelName(channel);
    if (AfterCommit.isWanted(transactions)) {
      channels.find(name).ifPresent(Publisher::requireOpenJson);
      AfterCommit.of(transactions).add(name, () -> append(name, append));
      return Optional.empty();
    }
    return Optional.of(append(name, append));
  }

  private Offset append(ChannelName name, Append append) {
    Channel target = open(name);
    requireOpenJson(target);
    if (target.append(append) instanceof Appended.Accepted accepted) {
      return accepted.next();
    }
    throw isClosed(target);
  }

  private static void requireOpenJson(Channel channel) {
    if (channel.contentType().kind() != ContentType.Kind.JSON) {
      throw new IllegalArgumentException(
          "channel \"%s\" holds %s, not JSON".formatted(channel.name(), channel.contentType()));
    }
    if (channel.isClosed()) {
      throw isClosed(channel);
    }
  }

  private static IllegalStateException isClosed(Channel channel) {
    return new IllegalStateException("channel \"%s\" is closed".formatted(channel.name()));
  }

  private Channel open(ChannelName name) {
    return channels
        .find(name)
        .orElseGet(() -> channels.create(name, Channels.Request.empty(ContentType.JSON)).channel());
  }
}
