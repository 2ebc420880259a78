package switchboard.testing;

import java.time.Duration;
import java.util.function.Function;
import switchboard.channel.Channels;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Limits;
import switchboard.channel.MemoryStore;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

/** Channels with small limits, which deliver on the thread that appends. */
public final class SmallChannels {

  private SmallChannels() {}

  /** In memory. */
  public static Channels of(Counters counters, Clocks clocks) {
    return of(counters, clocks, MemoryStore::new);
  }

  /** In any store. */
  public static Channels of(Counters counters, Clocks clocks, Function<StoreContext, Store> store) {
    return new Channels(
        new Retention(100, 100_000, Duration.ZERO, 10),
        new Page(10, 1_000),
        new Limits(10 << 20, 100, 100, 10),
        name -> false,
        new Dispatch(Runnable::run, counters),
        clocks,
        store);
  }
}
