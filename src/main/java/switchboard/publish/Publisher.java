package switchboard.publish;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
 * <p><b>Threads.</b> Safe. Readers get the message on other threads. {@link #publish} waits until
 * the store has it: not at all for the memory of this server, a round trip for Redis, a write for a
 * disk. {@link #publishAsync} does not wait for a disk.
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
    boolean isInTransaction = AfterCommit.isWanted(transactions);
    CompletionStage<Offset> published = publishAsync(channel, value);
    return isInTransaction ? Optional.empty() : Optional.of(Channels.await(published));
  }

  /**
   * The same, for a caller that must not wait. Errors that are known before the message is given to
   * the store are thrown at once.
   *
   * <p>What depends on the result runs on a thread that other publishers wait for, if the store is
   * on a disk: it must not wait for anything, least of all for {@link #publish}. Use the methods of
   * {@link CompletionStage} that take an executor.
   *
   * @return the offset after the message, when the store has it; an exception if it does not get
   *     it, which the server logs as well if a transaction was committed before
   */
  public CompletionStage<Offset> publishAsync(String channel, JsonValue value) {
    Append append = Append.of(JsonMessages.flatten(value));
    ChannelName name = new ChannelName(channel);
    if (AfterCommit.isWanted(transactions)) {
      channels.find(name).ifPresent(Publisher::requireOpenJson);
      return AfterCommit.of(transactions).add(name, () -> append(name, append));
    }
    return append(name, append);
  }

  private CompletionStage<Offset> append(ChannelName name, Append append) {
    Optional<Channel> there = channels.find(name);
    return there.isPresent()
        ? append(there.get(), append)
        : channels
            .createAsync(name, Channels.Request.empty(ContentType.JSON))
            .thenCompose(created -> append(created.channel(), append));
  }

  private static CompletionStage<Offset> append(Channel target, Append append) {
    requireOpenJson(target);
    CompletableFuture<Appended> appended = new CompletableFuture<>();
    target.append(append, appended::complete);
    return appended.thenApply(outcome -> next(target, outcome));
  }

  private static Offset next(Channel target, Appended outcome) {
    if (outcome instanceof Appended.Accepted accepted) {
      return accepted.next();
    }
    if (outcome instanceof Appended.LogClosed) {
      throw isClosed(target);
    }
    throw new IllegalStateException(
        "channel \"%s\": %s".formatted(target.name(), AppendRequest.refusal(outcome).getMessage()));
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
}
