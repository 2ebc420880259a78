package switchboard.container;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.annotation.WebListener;
import java.util.List;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Keeps tokens out of a line of the server's log. Payara and GlassFish fail on a {@code Host} with
 * an invalid port before they call any application, and log all of it, including the user part of
 * {@code http://user:token@host/}.
 *
 * <p><b>Threads.</b> Safe.
 */
@WebListener
public class HostLog implements ServletContextListener {

  /**
   * The loggers that write it, by version. Referenced here, or they and their filters would be
   * collected.
   */
  private final List<Logger> logs =
      Stream.of(
              "jakarta.enterprise.web.core",
              "javax.enterprise.system.core",
              "jakarta.enterprise.system.core")
          .map(Logger::getLogger)
          .toList();

  /** A logger's previous filter stays in use. */
  private record Redaction(Filter before) implements Filter {

    @Override
    public boolean isLoggable(LogRecord entry) {
      Throwable thrown = entry.getThrown();
      if (thrown instanceof IllegalStateException
          && String.valueOf(thrown.getMessage()).startsWith("Host header ")) {
        IllegalStateException said =
            new IllegalStateException(
                "the Host header of a request is malformed; it is not logged");
        said.setStackTrace(thrown.getStackTrace());
        entry.setThrown(said);
      }
      return before == null || before.isLoggable(entry);
    }
  }

  @Override
  public void contextInitialized(ServletContextEvent event) {
    logs.forEach(log -> log.setFilter(new Redaction(log.getFilter())));
  }

  @Override
  public void contextDestroyed(ServletContextEvent event) {
    for (Logger log : logs) {
      if (log.getFilter() instanceof Redaction own) {
        log.setFilter(own.before());
      }
    }
  }
}
