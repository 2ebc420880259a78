package switchboard.metrics;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.util.LinkedHashMap;
import java.util.Map;
import switchboard.channel.Channels;
import switchboard.channel.Dispatch;
import switchboard.connection.Connections;
import switchboard.time.Clocks;
import switchboard.time.MonotonicClock;

/**
 * The health of this server. It is <em>live</em> while its clock ticks and its workers run, and
 * <em>ready</em> while it is live, not stopping, and connected to its store. A server that is not
 * live should be restarted; a server that is not ready should get no clients.
 *
 * <p><b>Threads.</b> Safe.
 */
@Dependent
public class Health {

  /** A tick is due once a second. After this time without one, a thread is stuck. */
  static final long STUCK_MILLIS = 30_000;

  private final Connections connections;
  private final Dispatch dispatch;
  private final Channels channels;
  private final MonotonicClock clock;

  @Inject
  public Health(Connections connections, Dispatch dispatch, Channels channels, Clocks clocks) {
    this.connections = connections;
    this.dispatch = dispatch;
    this.channels = channels;
    this.clock = clocks.elapsed();
  }

  /** The conditions for being live, and their results. */
  public Map<String, Boolean> live() {
    Map<String, Boolean> checks = new LinkedHashMap<>();
    checks.put("clock", isRecent(connections.lastTickMillis()));
    checks.put("dispatch", isRecent(dispatch.lastWorkMillis()));
    return checks;
  }

  /** The conditions for being ready, and their results. */
  public Map<String, Boolean> ready() {
    Map<String, Boolean> checks = live();
    checks.put("staying", !connections.isStopping());
    checks.put("store", channels.isWell());
    return checks;
  }

  private boolean isRecent(long millis) {
    return millis == 0 || clock.millis() - millis < STUCK_MILLIS;
  }
}
