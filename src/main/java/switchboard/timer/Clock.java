package switchboard.timer;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.Timeout;
import jakarta.ejb.TimerConfig;
import jakarta.ejb.TimerService;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.Drain;
import switchboard.channel.Pace;
import switchboard.channel.PendingBodies;
import switchboard.channel.Presence;
import switchboard.config.Settings;
import switchboard.time.Clocks;
import switchboard.time.TickClock;

/**
 * The one tick a second that drives what the clock says: heartbeats, pings, peers given up, long
 * polls whose time is up, channels and messages that expire. Never a timer per connection.
 */
@Startup
@Singleton
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class Clock {

  private static final Logger LOG = Logger.getLogger(Clock.class.getName());
  // The shortest interval that Payara keeps (ejb-timer-service.minimum-delivery-interval).
  public static final long TICK_MILLIS = 1_000;

  @Resource private TimerService timers;
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
  private final AtomicBoolean ticking = new AtomicBoolean();

  @PostConstruct
  void start() {
    LOG.info(() -> "Switchboard starts with " + settings);
    LOG.log(
        authorizer.isOpen() ? Level.WARNING : Level.INFO,
        () -> "Switchboard is " + authorizer.summary());
    timers.createIntervalTimer(TICK_MILLIS, TICK_MILLIS, new TimerConfig("tick", false));
  }

  @PreDestroy
  void stop() {
    // Here, since on some servers it comes before the beans go, and on some after.
    drain.run();
  }

  @Timeout
  void tick() {
    if (!ticking.compareAndSet(false, true)) {
      return; // the last one is still at work
    }
    try {
      ticks.tick();
      connections.tick(clocks.elapsed().millis());
      bodies.tick(ticks.millis());
      channels.tick();
      presence.tick();
      pace.tick(clocks.elapsed().millis());
      authorizer.tick();
    } catch (RuntimeException e) {
      // An exception out of a timer's method ends the timer on some servers.
      LOG.log(Level.SEVERE, "a tick failed", e);
    } finally {
      ticking.set(false);
    }
  }
}
