package switchboard.channel;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import switchboard.log.Budget;
import switchboard.log.Log;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

/**
 * All channels of this server, by name.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Channels implements AutoCloseable {

  /** What {@link #create} found or made. */
  public record Created(Channel channel, boolean isNew) {}

  /**
   * A channel that is to be created.
   *
   * @param contentType of its messages; {@code null} for the source's, or the default
   * @param lifetime how long it lives; a fork without one lives like its source
   * @param fork where it branches off another channel; {@code null} if it is no fork
   * @param close whether it is created closed
   * @param initial its first messages, read once the content type is known
   */
  public record Request(
      @Nullable ContentType contentType,
      Lifetime lifetime,
      @Nullable Fork fork,
      boolean close,
      Function<ContentType, List<byte[]>> initial) {

    /** A channel without messages and without an end of its lifetime. */
    public static Request empty(ContentType contentType) {
      return new Request(contentType, Lifetime.UNBOUNDED, null, false, type -> List.of());
    }

    /** How long a fork of {@code source} lives. */
    public Lifetime lifetimeOf(Channel source) {
      return lifetime.equals(Lifetime.UNBOUNDED) ? source.lifetime() : lifetime;
    }

    /** Refuses a fork of another content type than its source has. */
    public void requireTypeOf(Channel source) {
      if (contentType != null && !source.contentType().matches(contentType)) {
        throw new Refused(
            Ending.CONTENT_TYPE_MISMATCH,
            "content type \"%s\": the source holds %s"
                .formatted(contentType, source.contentType()));
      }
    }

    /** Refuses an existing channel with another configuration. */
    public void requireSame(Channel there) {
      boolean isSame =
          (contentType == null
                  ? there.fork() != null || there.contentType().matches(ContentType.DEFAULT)
                  : there.contentType().matches(contentType))
              && (there.lifetime().matches(lifetime)
                  || (there.fork() != null && lifetime.equals(Lifetime.UNBOUNDED)))
              && there.isClosed() == close
              && Objects.equals(there.fork(), fork);
      if (!isSame) {
        throw new Refused(
            Ending.CHANNEL_EXISTS,
            "channel \"%s\" exists and holds %s%s%s%s; DELETE it first to create another"
                .formatted(
                    there.name(),
                    there.contentType(),
                    there.lifetime(),
                    there.isClosed() ? ", is closed" : "",
                    there.fork() == null ? "" : ", is a fork of " + there.fork().source()));
      }
    }
  }

  /** A refusal by the store, and why. */
  public static final class Refused extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Ending ending;

    public Refused(Ending ending, @Nullable String detail) {
      super(detail, null, false, false);
      this.ending = ending;
    }

    /** The channel was deleted, and its name is kept as long as it has forks. */
    public static Refused keptForForks(ChannelName name) {
      return new Refused(
          Ending.SOURCE_DELETED,
          "channel \"%s\": it was deleted, but its forks still exist".formatted(name));
    }

    /** The same for the source of a fork. */
    public static Refused sourceDeleted(ChannelName source) {
      return new Refused(
          Ending.SOURCE_DELETED,
          "source \"%s\": it was deleted; only its forks still exist".formatted(source));
    }

    /** There is nothing to fork. */
    public static Refused noSource(ChannelName source) {
      return new Refused(
          Ending.UNKNOWN_CHANNEL, "source \"%s\": the channel does not exist".formatted(source));
    }

    /** The server has as many channels as it may. */
    public static Refused tooManyChannels(ChannelName name, long max) {
      return new Refused(
          Ending.TOO_MANY_CHANNELS,
          "channel \"%s\": the server has %d channels, the limit".formatted(name, max));
    }

    /** The channel would need more memory than all may use. */
    public static Refused storeFull(ChannelName name, long maxBytes) {
      return new Refused(
          Ending.STORE_FULL,
          "channel \"%s\": all channels together may use %d bytes of memory"
              .formatted(name, maxBytes));
    }

    /** The source has as many forks as it may. */
    public static Refused tooManyForks(ChannelName source, long forks) {
      return new Refused(
          Ending.TOO_MANY_FORKS,
          "source \"%s\": it has %d forks, the limit".formatted(source, forks));
    }

    /** Why. */
    public Ending ending() {
      return ending;
    }
  }

  private final Store store;
  private final Budget budget;
  private final Dispatch dispatch;
  private final Clocks clocks;

  /**
   * No channels yet; they are kept in the memory of this server.
   *
   * @param autoCreate names of channels that are created at the first request
   */
  public Channels(
      Retention retention,
      Page page,
      Limits limits,
      Predicate<ChannelName> autoCreate,
      Dispatch dispatch,
      Clocks clocks) {
    this(retention, page, limits, autoCreate, dispatch, clocks, MemoryStore::new);
  }

  /**
   * The channels of a store.
   *
   * @param engine opens the store
   */
  public Channels(
      Retention retention,
      Page page,
      Limits limits,
      Predicate<ChannelName> autoCreate,
      Dispatch dispatch,
      Clocks clocks,
      Function<StoreContext, Store> engine) {
    this.budget = new Budget(limits.totalBytes(), this::makeRoomSoon);
    this.dispatch = dispatch;
    this.clocks = clocks;
    this.store =
        engine.apply(
            new StoreContext(
                retention,
                page,
                limits,
                budget,
                new RecentPollers.Room(limits.pollers()),
                autoCreate,
                dispatch,
                clocks));
  }

  Store store() {
    return store;
  }

  /** The channel, if it exists or is created automatically. */
  public Optional<Channel> find(ChannelName name) {
    return store.find(name);
  }

  /** Whether the channel was deleted and its name is kept because it still has forks. */
  public boolean isKeptForForks(ChannelName name) {
    return store.isKeptForForks(name);
  }

  /**
   * Creates the channel, or finds the existing one: at once, or, completed by another thread, when
   * the store has done so.
   *
   * @throws Refused if it exists with another configuration, or the source of the fork does not
   *     exist
   */
  public CompletionStage<Created> createAsync(ChannelName name, Request request) {
    return store.create(name, request);
  }

  /** The same, for a caller that may wait for the store. */
  public Created create(ChannelName name, Request request) {
    return await(createAsync(name, request));
  }

  /** Waits for an outcome; a refusal is thrown as it is. */
  public static <T> T await(CompletionStage<T> outcome) {
    try {
      return outcome.toCompletableFuture().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /**
   * Some of all channels.
   *
   * @param after {@link Listing#next} of the ones before; {@code null} for the first
   * @param max about how many
   * @throws IllegalArgumentException if {@code after} is not such a position
   */
  public Listing list(@Nullable String after, int max) {
    return store.list(after, max);
  }

  /** Deletes a channel and ends its subscriptions; whether it existed, now or later. */
  public CompletionStage<Boolean> delete(ChannelName name) {
    return store.delete(name);
  }

  /** Once a second: removes expired channels and old messages. */
  public void tick() {
    long now = clocks.elapsed().millis();
    dispatch.tick(now);
    if (budget.isTight()) {
      makeRoomSoon();
    }
    store.tick(now);
    for (Channel channel : store.channels()) {
      try {
        store.tick(channel, now);
      } catch (RuntimeException e) {
        // An error in one channel must not affect the others.
        dispatch.failed(channel, e);
      }
    }
  }

  // By a worker: the appending thread holds a lock and should not wait.
  private void makeRoomSoon() {
    if (!dispatch.start(this::makeRoom)) {
      budget.madeRoom(); // the next append or tick tries again
    }
  }

  // Down to eight tenths. The largest logs are cut to one size and smaller ones keep everything, so
  // that a few large channels do not empty all the others.
  private void makeRoom() {
    if (store == null) { // it is being read
      budget.madeRoom();
      return;
    }
    List<Channel> bySize =
        store.channels().stream()
            .sorted(Comparator.comparingLong(channel -> channel.log().heldBytes()))
            .toList();
    long left = budget.maxBytes() / 10 * 8;
    for (int i = 0; i < bySize.size(); i++) {
      Log log = bySize.get(i).log();
      log.shrinkTo(left / (bySize.size() - i));
      left -= log.heldBytes();
    }
    budget.madeRoom();
  }

  /**
   * Acquires memory from the budget of all logs for something that is about to be appended; whether
   * there was enough.
   */
  public boolean reserve(long bytes) {
    return budget.acquire(bytes);
  }

  /** Gives back what was {@linkplain #reserve reserved}. */
  public void release(long bytes) {
    budget.release(bytes);
  }

  /** Memory used by all logs, including overhead. */
  public long heldBytes() {
    return budget.usedBytes();
  }

  /** The limit of that. */
  public long maxHeldBytes() {
    return budget.maxBytes();
  }

  /** Bytes of all messages kept. */
  public long retainedBytes() {
    return store.channels().stream().mapToLong(Channel::retainedBytes).sum();
  }

  /** Whether the store works; if not, this server should get no clients. */
  public boolean isWell() {
    return store.isWell();
  }

  /** Repairs between this server and others that share its store. */
  public Store.Repairs repairs() {
    return store.repairs();
  }

  /** The server stops. */
  @Override
  public void close() {
    store.close();
  }

  /** How many there are. */
  public int count() {
    return store.channels().size();
  }
}
