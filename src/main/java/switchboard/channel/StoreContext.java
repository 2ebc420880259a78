package switchboard.channel;

import java.util.function.Predicate;
import switchboard.log.Budget;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

/**
 * What a {@link Store} needs.
 *
 * @param budget memory for all logs of this server
 * @param pollers how many clients that poll all channels may remember
 * @param autoCreate names of channels that are created at the first request
 */
public record StoreContext(
    Retention retention,
    Page page,
    Limits limits,
    Budget budget,
    RecentPollers.Room pollers,
    Predicate<ChannelName> autoCreate,
    Dispatch dispatch,
    Clocks clocks) {

  /** The same with other clocks. */
  public StoreContext with(Clocks others) {
    return new StoreContext(retention, page, limits, budget, pollers, autoCreate, dispatch, others);
  }
}
