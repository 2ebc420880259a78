package switchboard.channel;

import java.util.Collection;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Which channels there are, and where their logs live. The seam to the engines: {@link
 * MemoryStore}, or one that somebody else brings.
 *
 * <p><b>Threads.</b> Safe.
 */
public interface Store extends AutoCloseable {

  /** The channel, if there is one, or if its name says that it needs no creating. */
  Optional<Channel> find(ChannelName name);

  /**
   * Makes the channel, or finds the one that is there.
   *
   * @throws Channels.Refused if another one is there that is not what was asked for, or if what it
   *     should branch off is not there
   */
  Channels.Created create(ChannelName name, Channels.Request request);

  /** Whether there was such a channel. Those who listen to it are told that it is gone. */
  boolean delete(ChannelName name);

  /** Whether the channel was deleted and its name is kept because it still has forks. */
  boolean isKeptForForks(ChannelName name);

  /** Those that this server has something of. */
  Collection<Channel> channels();

  /** What the clock does to one of them. */
  void tick(Channel channel, long nowMillis);

  /** What the clock does beside that, about once a second; must not wait. */
  default void tick(long nowMillis) {}

  /** Whether a worker will do something that may wait; a store that never waits does it at once. */
  default boolean start(Runnable work) {
    work.run();
    return true;
  }

  /** Tells the other servers who listens to a channel here. May wait. */
  default void attend(ChannelName name, Attendance here) {}

  /** Who listens to a channel at the other servers. May wait. */
  default Attendance elsewhere(ChannelName name) {
    return Attendance.NONE;
  }

  /** Hears from now on of each channel that another server had listeners of when it went away. */
  default void onLoss(BiConsumer<ChannelName, Attendance> lost) {}

  /**
   * What had to be mended between this server and the others since the start.
   *
   * @param holes messages from elsewhere that did not follow what was known here
   * @param missed channels of which only a look in the store told that there was more
   * @param losses channels whose readers were told that the store lost what it had accepted
   */
  record Repairs(long holes, long missed, long losses) {
    static final Repairs NONE = new Repairs(0, 0, 0);
  }

  /** What had to be mended. */
  default Repairs repairs() {
    return Repairs.NONE;
  }

  /** Whether what is appended elsewhere is heard of here, and the other way round. */
  default boolean isWell() {
    return true;
  }

  /** The server stops. */
  @Override
  default void close() {}
}
