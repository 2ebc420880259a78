package switchboard.timer;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.inject.Inject;
import java.util.logging.Level;
import switchboard.connection.Drain;

/** Starts the {@link Tick} with the WAR. The embedded JAR does not use EJB. */
@Startup
@Singleton
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class Clock {

  @Inject private Tick tick;
  @Inject private Drain drain;

  @PostConstruct
  void start() {
    // A closed WAR has no use until its settings grant access.
    tick.start(Level.WARNING);
  }

  @PreDestroy
  void stop() {
    // Also here, because servers destroy beans before or after this event.
    drain.run();
    tick.stop();
  }
}
