package host;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.Resource;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.Timeout;
import jakarta.ejb.TimerConfig;
import jakarta.ejb.TimerService;
import jakarta.enterprise.inject.Produces;
import java.time.Instant;
import java.time.InstantSource;

/** An EJB with a timer, and a bean of a type of the JDK. */
@Startup
@Singleton
public class Clock {

  @Resource private TimerService timers;

  @PostConstruct
  void start() {
    timers.createIntervalTimer(60_000, 60_000, new TimerConfig("host", false));
  }

  @Timeout
  void tick() {}

  @Produces
  public static InstantSource source() {
    return InstantSource.fixed(Instant.EPOCH);
  }
}
