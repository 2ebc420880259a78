package switchboard.metrics;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.util.LinkedHashMap;
import java.util.Map;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.Dispatch;
import switchboard.time.Clocks;
import switchboard.time.MonotonicClock;

/**
 * Whether this server is well: <em>live</em> while its clock ticks and its workers come when they
 * are called, <em>ready</em> while it is live and not about to go and hears what is appended at the
 * others. A server that is not live should be restarted, one that is not ready should be sent
 * nobody.
 *
 * <p><b>Threads.</b> Safe.
 */
@Dependent
public class Health {

  /** A tick is due once a second: so long without one, somebody is stuck. */
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

  /** What has to be so for the server to be live, and whether it is. */
  public Map<String, Boolean> live() {
    Map<String, Boolean> checks = new LinkedHashMap<>();
    checks.put("clock", isRecent(connections.lastTickMillis()));
    checks.put("dispatch", isRecent(dispatch.lastWorkMillis()));
    return checks;
  }

  /** What has to be so for the server to be ready, and whether it is. */
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
