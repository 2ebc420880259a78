package switchboard.time;

/**
 * Elapsed time during which this server was running. Timeouts of clients use this clock: while the
 * process is stopped (a suspended machine, a paused container, a long garbage collection) it reads
 * nothing, and clients must not be disconnected for that.
 *
 * <p>It advances like the other clock, but by at most two intervals from one tick to the next. If a
 * tick is later than that, the remaining time is skipped.
 *
 * <pre>
 *   elapsed   0    1    2    3 ·········· 43    44    45
 *   ticks     ✓    ✓    ✓    ✓  (stopped)  ✓     ✓     ✓
 *   this      0    1    2    3    5 ·····  5     6     7
 * </pre>
 *
 * <p><b>Threads.</b> Safe.
 */
public final class TickClock implements MonotonicClock {

  /** The state of one reading; replaced as a whole. */
  private record State(long lastTickMillis, long leftOutMillis) {}

  private final MonotonicClock elapsed;
  private final long maxStepMillis;
  private volatile State state;

  /**
   * Starts now.
   *
   * @param intervalMillis how often {@link #tick} will be called
   */
  public TickClock(MonotonicClock elapsed, long intervalMillis) {
    this.elapsed = elapsed;
    this.maxStepMillis = 2 * intervalMillis;
    this.state = new State(elapsed.millis(), 0);
  }

  @Override
  public long millis() {
    State now = state;
    return Math.min(elapsed.millis() - now.leftOutMillis(), now.lastTickMillis() + maxStepMillis);
  }

  /** Starts a tick; returns the current time. */
  public synchronized long tick() {
    long passedMillis = elapsed.millis() - state.leftOutMillis();
    long now = Math.min(passedMillis, state.lastTickMillis() + maxStepMillis);
    state = new State(now, state.leftOutMillis() + passedMillis - now);
    return now;
  }
}
