package switchboard.testing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Collects what a class logs with a stack, instead of its output, until it is closed. */
public final class LoggedErrors extends Handler implements AutoCloseable {

  private final Logger log;
  private final List<Throwable> thrown = new CopyOnWriteArrayList<>();
  private final List<String> lines = new CopyOnWriteArrayList<>();

  public LoggedErrors(Class<?> type) {
    log = Logger.getLogger(type.getName());
    log.addHandler(this);
    log.setUseParentHandlers(false);
  }

  /** What was thrown, for each line; {@code null} for a line without it. */
  public List<Throwable> all() {
    return thrown;
  }

  /** The lines themselves. */
  public List<String> lines() {
    return lines;
  }

  @Override
  public void publish(LogRecord line) {
    thrown.add(line.getThrown());
    lines.add(line.getMessage());
  }

  @Override
  public void flush() {
    // nothing waits
  }

  @Override
  public void close() {
    log.removeHandler(this);
    log.setUseParentHandlers(true);
  }
}
