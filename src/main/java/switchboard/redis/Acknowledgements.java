package switchboard.redis;

import switchboard.log.Offset;

/**
 * What this server has told the publishers of one channel is kept, and whether Redis has lost it
 * since, as it may in a failover.
 *
 * <p><b>Threads.</b> Safe.
 */
final class Acknowledgements {

  /** Everything up to {@code end} in the channel that has this id. */
  record Acknowledged(String id, Offset end) {

    private boolean isLostIn(ScriptReply state) {
      boolean isOther = !id.equals(state.id());
      return (isOther || state.epoch() > end.epoch()) && !(!isOther && state.keeps(end));
    }
  }

  private Acknowledged newest;
  private volatile Acknowledged lost;

  /** An append up to {@code end} was accepted. */
  synchronized void add(String id, Offset end) {
    if (newest == null || newest.end().compareTo(end) < 0) {
      newest = new Acknowledged(id, end);
    }
  }

  /** Notes a loss if the channel, as it is now, has another history without what was accepted. */
  synchronized void check(ScriptReply state) {
    // Readers on other nodes may have been told of the new history before the append was accepted;
    // they do not know that it is lost.
    if (newest != null && newest.isLostIn(state)) {
      lost = newest;
      newest = null;
    }
  }

  /** Whether there is something that Redis could lose. */
  synchronized boolean isAny() {
    return newest != null;
  }

  /** What was lost and is not yet reported; {@code null} for nothing. */
  Acknowledged lost() {
    return lost;
  }

  /** All readers of the channel were told of it. */
  @SuppressWarnings("ReferenceEquality") // an equal one may have been lost since
  synchronized void reported(Acknowledged loss) {
    if (lost == loss) {
      lost = null;
    }
  }
}
