package switchboard.channel;

import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Which channels there are, and where their logs are kept: in memory ({@link MemoryStore}), or in a
 * store that another package provides.
 *
 * <p><b>Threads.</b> Safe.
 */
public interface Store extends AutoCloseable {

  /** The channel, if it exists or is created automatically. */
  Optional<Channel> find(ChannelName name);

  /**
   * Creates the channel, or finds the existing one. The outcome is there at once, or comes when
   * nothing can take it back; then another thread completes it.
   *
   * @throws Channels.Refused if it exists with another configuration, or the source of the fork
   *     does not exist
   */
  CompletionStage<Channels.Created> create(ChannelName name, Channels.Request request);

  /** Deletes a channel and ends its subscriptions; whether it existed, now or later. */
  CompletionStage<Boolean> delete(ChannelName name);

  /** Whether the channel was deleted and its name is kept because it still has forks. */
  boolean isKeptForForks(ChannelName name);

  /**
   * Lists the channels, some at a time, so that one request costs little however many there are. A
   * channel that exists all the while is listed.
   *
   * @param after {@link Listing#next} of the ones before; {@code null} for the first
   * @param max about how many
   * @throws IllegalArgumentException if {@code after} is not such a position
   */
  Listing list(@Nullable String after, int max);

  /** Channels of which this server has a log or a copy. */
  Collection<Channel> channels();

  /** Once a second for each channel. */
  void tick(Channel channel, long nowMillis);

  /** Once a second for the store; must not wait. */
  default void tick(long nowMillis) {}

  /**
   * Runs what may wait on a worker, if one accepts it; a store that never waits runs it at once.
   */
  default boolean start(Runnable work) {
    work.run();
    return true;
  }

  /** Tells the other servers who is present in a channel here. May wait. */
  default void attend(ChannelName name, PresenceSnapshot here) {}

  /** Who is present in a channel at the other servers. May wait. */
  default PresenceSnapshot elsewhere(ChannelName name) {
    return PresenceSnapshot.NONE;
  }

  /** Called for each channel with listeners at another server when that server is gone. */
  default void onLoss(BiConsumer<ChannelName, PresenceSnapshot> lost) {}

  /**
   * Repairs between this server and the others since the start. Only a shared store has any.
   *
   * @param gaps messages from other servers that did not follow the last one known
   * @param missed channels with messages that were found only by the audit
   * @param losses channels whose readers were told that the store lost accepted messages
   */
  record Repairs(long gaps, long missed, long losses) {
    static final Repairs NONE = new Repairs(0, 0, 0);
  }

  /** Repairs since the start. */
  default Repairs repairs() {
    return Repairs.NONE;
  }

  /** Whether the store works, and messages from other servers arrive. */
  default boolean isWell() {
    return true;
  }

  /** The server stops. */
  @Override
  default void close() {}
}
