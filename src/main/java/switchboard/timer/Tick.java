package switchboard.timer;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.Pace;
import switchboard.channel.PendingBodies;
import switchboard.channel.Presence;
import switchboard.channel.Transport;
import switchboard.config.ServerResources;
import switchboard.config.Settings;
import switchboard.time.Clocks;
import switchboard.time.TickClock;

/**
 * The tick that drives what the clock says: once a second heartbeats, pings, peers given up,
 * channels and messages that expire; four times a second long polls whose time is up. Never a timer
 * per connection.
 *
 * <p>Not an EJB timer: those of Payara wait by the wall clock, so that none came for an hour when
 * that was set an hour back; and they come once a second at the most.
 */
@ApplicationScoped
public class Tick {

  /** From one tick to the next. */
  public static final long MILLIS = 250;

  private static final int TICKS_A_SECOND = 4;
  private static final Logger LOG = Logger.getLogger(Tick.class.getName());

  @Inject private Pace pace;
  @Inject private Authorizer authorizer;
  @Inject private Settings settings;
  @Inject private Channels channels;
  @Inject private Connections connections;
  @Inject private PendingBodies bodies;
  @Inject private Presence presence;
  @Inject private Clocks clocks;
  @Inject private TickClock ticks;
  private ScheduledExecutorService scheduler;
  private int count;

  /**
   * Begins, when the application does.
   *
   * @param closed how loud it is said that no client may do anything
   */
  public void start(Level closed) {
    LOG.info(() -> "Switchboard starts with " + settings);
    LOG.log(
        authorizer.isOpen() ? Level.WARNING : authorizer.isClosed() ? closed : Level.INFO,
        () -> "Switchboard is " + authorizer.summary());
    scheduler = Executors.newSingleThreadScheduledExecutor(ServerResources.threads());
    // With a delay, not at a rate: the ticks of a time in which the process stood still are not
    // made up for.
    scheduler.scheduleWithFixedDelay(this::tick, MILLIS, MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Ends, when the application does. */
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
      // One that is thrown ends the ticks.
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
