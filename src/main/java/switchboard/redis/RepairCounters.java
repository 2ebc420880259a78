package switchboard.redis;

import java.util.concurrent.atomic.LongAdder;
import switchboard.channel.Store;

/**
 * Counts repairs between this server and the others.
 *
 * @param gaps messages received by Pub/Sub that did not follow the last one known
 * @param missed channels with messages that Pub/Sub did not deliver
 * @param losses channels whose readers were told of a loss
 */
record RepairCounters(LongAdder gaps, LongAdder missed, LongAdder losses) {

  RepairCounters() {
    this(new LongAdder(), new LongAdder(), new LongAdder());
  }

  Store.Repairs sum() {
    return new Store.Repairs(gaps.sum(), missed.sum(), losses.sum());
  }
}
