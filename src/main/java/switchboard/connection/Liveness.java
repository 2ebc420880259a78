package switchboard.connection;

import switchboard.config.Settings;
import switchboard.time.Clocks;

/**
 * Whether a WebSocket's peer is there: it was heard lately, or answers a ping in time.
 *
 * <p><b>Threads.</b> Safe; one thread at a time asks.
 */
public final class Liveness {

  private final Settings settings;
  private final Clocks clocks;
  private volatile long lastHeardMillis;
  private volatile boolean pinged;

  // By the clock of ticks: a peer is given up for what it did not do while this server ran.
  private volatile long pingSentMillis;

  public Liveness(Settings settings, Clocks clocks) {
    this.settings = settings;
    this.clocks = clocks;
    this.lastHeardMillis = clocks.elapsed().millis();
  }

  /** Something came from the peer: it is there. */
  public void heard() {
    lastHeardMillis = clocks.elapsed().millis();
    pinged = false;
  }

  /** How long nothing was heard. */
  public long unheardMillis(long nowMillis) {
    return nowMillis - lastHeardMillis;
  }

  /** Whether to ask the peer by a ping; once, until it is heard again. */
  public boolean takePing(long nowMillis) {
    if (pinged || unheardMillis(nowMillis) < settings.millis(Settings.PING_INTERVAL)) {
      return false;
    }
    pingSentMillis = 0;
    pinged = true;
    return true;
  }

  /** The ping went out: an answer is due from now on. */
  public void pingSent() {
    pingSentMillis = clocks.ticks().millis();
  }

  /**
   * Whether the peer did not answer in time. Only where a ping went out: one that waits behind a
   * frame which the peer does not take is too slow, and one that was not asked need not answer.
   */
  public boolean isPongLate(long ticksMillis) {
    return pinged
        && pingSentMillis > 0
        && ticksMillis - pingSentMillis >= settings.millis(Settings.PONG_TIMEOUT);
  }
}
