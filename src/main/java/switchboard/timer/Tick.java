package switchboard.timer;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.channel.Presence;
import switchboard.channel.Transport;
import switchboard.config.ServerResources;
import switchboard.config.Settings;
import switchboard.config.Version;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.time.Clocks;
import switchboard.time.TickClock;

/**
 * The periodic task: once a second heartbeats, pings, timeouts of clients, and expiry of channels
 * and messages; four times a second the end of long polls. There is never a timer per connection.
 *
 * <p>It is not an EJB timer: Payara's use the wall clock, so none fired for an hour after the clock
 * was set back an hour, and they fire at most once a second.
 */
@ApplicationScoped
public class Tick {

  /** Time between two ticks. */
  public static final long MILLIS = 250;

  private static final int TICKS_A_SECOND = 4;
  private static final Logger LOG = Logger.getLogger(Tick.class.getName());

  @Inject private RateLimiter pace;
  @Inject private Authorizer authorizer;
  @Inject private Settings settings;
  @Inject private Channels channels;
  @Inject private Connections connections;
  @Inject private PendingBodies bodies;
  @Inject private Presence presence;
  @Inject private Clocks clocks;
  @Inject private TickClock ticks;
  private @Nullable ScheduledExecutorService scheduler;
  private int count;

  /**
   * Called when the application starts.
   *
   * @param closed the log level of the message that no client may do anything
   */
  public void start(Level closed) {
    LOG.info(() -> "Switchboard " + Version.current() + " starts with " + settings);
    LOG.log(
        authorizer.isOpen() ? Level.WARNING : authorizer.isClosed() ? closed : Level.INFO,
        () -> "Switchboard is " + authorizer.summary());
    scheduler = Executors.newSingleThreadScheduledExecutor(ServerResources.threads());
    // With a fixed delay, not at a fixed rate: ticks that were missed while the process was
    // stopped are not repeated.
    var unused =
        scheduler.scheduleWithFixedDelay(this::tick, MILLIS, MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Called when the application stops. */
  @PreDestroy
  public void stop() {
    if (scheduler != null) {
      scheduler.shutdown();
    }
  }

  private void tick() {
    try {
      ticks.tick();
      if (++count % TICKS_A_SECOND == 0) {
        tickAll();
      } else {
        connections.checkNow(Transport.LONG_POLL, clocks.elapsed().millis());
      }
    } catch (RuntimeException | LinkageError e) {
      // An exception that leaves this method would end the ticks.
      LOG.log(Level.SEVERE, "a tick failed", e);
    }
  }

  private void tickAll() {
    connections.tick(clocks.elapsed().millis());
    bodies.tick(ticks.millis());
    channels.tick();
    presence.tick();
    pace.tick(clocks.elapsed().millis());
    authorizer.tick();
  }
}
