package switchboard.time;

import java.time.InstantSource;

/**
 * The clocks of a server. A duration is never measured with the wall clock: that one is set forward
 * and back, by hand, by NTP, or when a virtual machine wakes up.
 *
 * @param wall the date and time, for what is shown, stored, or agreed with others: the times in
 *     tokens, {@code Stream-Expires-At}, epochs
 * @param elapsed for durations: waits, rates, ages
 * @param ticks for how long a peer may take, see {@link TickClock}
 */
public record Clocks(InstantSource wall, MonotonicClock elapsed, MonotonicClock ticks) {

  /** Those of this machine; peers are judged by the elapsed time. */
  public static Clocks system() {
    MonotonicClock elapsed = MonotonicClock.system();
    return new Clocks(InstantSource.system(), elapsed, elapsed);
  }
}
