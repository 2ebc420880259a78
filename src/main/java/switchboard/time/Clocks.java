package switchboard.time;

import java.time.InstantSource;

/**
 * The clocks of a server. Durations are never measured with the wall clock, which can be set
 * forward and back: by hand, by NTP, or when a virtual machine resumes.
 *
 * @param wall the date and time, for values that are shown, stored or exchanged: the times in
 *     tokens, {@code Stream-Expires-At}, epochs
 * @param elapsed for durations: waits, rates, ages
 * @param ticks for timeouts of clients, see {@link TickClock}
 */
public record Clocks(InstantSource wall, MonotonicClock elapsed, MonotonicClock ticks) {

  /** The clocks of this machine; timeouts of clients use the elapsed time. */
  public static Clocks system() {
    MonotonicClock elapsed = MonotonicClock.system();
    return new Clocks(InstantSource.system(), elapsed, elapsed);
  }
}
