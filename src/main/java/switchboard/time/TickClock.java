package switchboard.time;

/**
 * Elapsed time in which this server did its work. Peers are given up by this clock: while the
 * process stands still (a suspended machine, a paused container, a long garbage collection) nobody
 * reads what they send, and they must not be ended for that.
 *
 * <p>It goes on as the other clock does, but from one tick to the next by two intervals at the
 * most. Where a tick comes later than that, the rest of the time is left out for good.
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

  /** What one reading needs; replaced as a whole. */
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

  /** A tick begins; the time now. */
  public synchronized long tick() {
    long passedMillis = elapsed.millis() - state.leftOutMillis();
    long now = Math.min(passedMillis, state.lastTickMillis() + maxStepMillis);
    state = new State(now, state.leftOutMillis() + passedMillis - now);
    return now;
  }
}
