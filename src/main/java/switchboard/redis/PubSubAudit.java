package switchboard.redis;

import switchboard.log.Offset;

/**
 * Finds messages of one channel that Pub/Sub lost without breaking the connection.
 *
 * <p>Everything that the copy had at the last audit must have arrived by Pub/Sub at the next one.
 * (A message in flight at the time of an audit is no loss.)
 *
 * <p><b>Threads.</b> Safe; one thread audits.
 */
final class PubSubAudit {

  private volatile Offset received;
  private volatile Offset audited;

  /** The subscription begins; what was appended before is not expected. */
  void begin() {
    received = null;
    audited = null;
  }

  /** Pub/Sub delivered everything up to {@code end}. */
  void received(Offset end) {
    received = end;
  }

  /** Whether something is missing of what the copy had at the last audit; it ends here now. */
  boolean isMissing(Offset end) {
    Offset expected = audited;
    Offset known = received;
    audited = end;
    if (known == null) {
      received = end; // count from here
    }
    return expected != null && known != null && expected.compareTo(known) > 0;
  }
}
