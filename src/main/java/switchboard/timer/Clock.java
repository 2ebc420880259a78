package switchboard.timer;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.inject.Inject;
import java.util.logging.Level;
import switchboard.channel.Drain;

/** Starts the {@link Tick} with the WAR. In an application of somebody else there is no EJB. */
@Startup
@Singleton
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class Clock {

  @Inject private Tick tick;
  @Inject private Drain drain;

  @PostConstruct
  void start() {
    // Whoever deploys a closed one alone can do nothing with it.
    tick.start(Level.WARNING);
  }

  @PreDestroy
  void stop() {
    // Here, since on some servers it comes before the beans go, and on some after.
    drain.run();
    tick.stop();
  }
}
