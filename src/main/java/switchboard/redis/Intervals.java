package switchboard.redis;

/**
 * Intervals in milliseconds.
 *
 * @param probe between two probes
 * @param silence how long a Pub/Sub connection may be silent; also the lease of this server
 * @param audit between two comparisons of a channel that has readers with Redis
 * @param linger how long a channel without readers is kept here
 */
record Intervals(long probe, long silence, long audit, long linger) {
  static final Intervals USUAL = new Intervals(5_000, 15_000, 60_000, 60_000);
}
