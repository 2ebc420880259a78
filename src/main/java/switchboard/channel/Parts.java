package switchboard.channel;

import java.util.function.Predicate;
import switchboard.log.Budget;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.time.Clocks;

/**
 * What a {@link Store} works with.
 *
 * @param budget what all logs of this server may keep
 * @param pollers how many clients that poll all channels may remember
 * @param autoCreate names that come into being when first asked for
 */
public record Parts(
    Retention retention,
    Page page,
    Limits limits,
    Budget budget,
    RecentPollers.Room pollers,
    Predicate<ChannelName> autoCreate,
    Dispatch dispatch,
    Clocks clocks) {

  /** The same with other clocks. */
  public Parts with(Clocks others) {
    return new Parts(retention, page, limits, budget, pollers, autoCreate, dispatch, others);
  }
}
