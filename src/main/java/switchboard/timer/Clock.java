package switchboard.timer;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.inject.Inject;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.Drain;
import switchboard.channel.Pace;
import switchboard.channel.PendingBodies;
import switchboard.channel.Presence;
import switchboard.channel.Transport;
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
@Startup
@Singleton
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class Clock {

  /** From one tick to the next. */
  public static final long TICK_MILLIS = 250;

  private static final int TICKS_A_SECOND = 4;
  private static final Logger LOG = Logger.getLogger(Clock.class.getName());

  @Resource private ManagedThreadFactory threads;
  @Inject private Pace pace;
  @Inject private Authorizer authorizer;
  @Inject private Drain drain;
  @Inject private Settings settings;
  @Inject private Channels channels;
  @Inject private Connections connections;
  @Inject private PendingBodies bodies;
  @Inject private Presence presence;
  @Inject private Clocks clocks;
  @Inject private TickClock ticks;
  private ScheduledExecutorService scheduler;
  private int count;

  @PostConstruct
  void start() {
    LOG.info(() -> "Switchboard starts with " + settings);
    LOG.log(
        authorizer.isOpen() || authorizer.isClosed() ? Level.WARNING : Level.INFO,
        () -> "Switchboard is " + authorizer.summary());
    scheduler = Executors.newSingleThreadScheduledExecutor(threads);
    // With a delay, not at a rate: the ticks of a time in which the process stood still are not
    // made up for.
    scheduler.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  @PreDestroy
  void stop() {
    // Here, since on some servers it comes before the beans go, and on some after.
    drain.run();
    scheduler.shutdown();
  }

  private void tick() {
    try {
      ticks.tick();
      if (++count % TICKS_A_SECOND == 0) {
        tickAll();
      } else {
        connections.look(Transport.LONG_POLL, clocks.elapsed().millis());
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
