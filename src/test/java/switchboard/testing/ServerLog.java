package switchboard.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.Stream;

/**
 * What the server under test wrote down since somebody began to listen, wherever it writes: into
 * this very process, to its standard output, or into a file.
 */
public final class ServerLog extends Handler {

  private final StringBuilder said = new StringBuilder();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = System.out;
  private final Path file;
  private final long fileStart;

  private ServerLog() throws IOException {
    String home = System.getProperty("server.home", "");
    file =
        Stream.of(
                "standalone/log/server.log",
                "glassfish/domains/switchboard-" + System.getProperty("ports") + "/logs/server.log",
                "usr/servers/switchboard/logs/messages.log")
            .map(log -> Path.of(home, log))
            .filter(Files::exists)
            .findFirst()
            .orElse(Path.of(home, "none"));
    fileStart = Files.exists(file) ? Files.size(file) : 0;
    setFormatter(new SimpleFormatter());
  }

  public static ServerLog listen() throws IOException {
    ServerLog log = new ServerLog();
    Logger.getLogger("").addHandler(log);
    System.setOut(new PrintStream(new Both(log), true, StandardCharsets.UTF_8));
    return log;
  }

  /** To where it went before, and here. */
  private static final class Both extends java.io.OutputStream {
    private final ServerLog log;

    Both(ServerLog log) {
      this.log = log;
    }

    @Override
    public void write(int b) {
      synchronized (log.printed) {
        log.printed.write(b);
      }
      log.out.write(b);
    }

    @Override
    public void flush() {
      log.out.flush();
    }
  }

  /** All of it, up to now. */
  public String text() throws IOException {
    String fromFile = "";
    if (Files.exists(file)) {
      String all = Files.readString(file);
      fromFile = all.substring((int) Math.min(fileStart, all.length()));
    }
    synchronized (printed) {
      synchronized (said) {
        return said + printed.toString(StandardCharsets.UTF_8) + fromFile;
      }
    }
  }

  @Override
  public void publish(LogRecord entry) {
    synchronized (said) {
      said.append(getFormatter().format(entry));
    }
  }

  @Override
  public void flush() {
    // nothing is held back
  }

  @Override
  public void close() {
    Logger.getLogger("").removeHandler(this);
    System.setOut(out);
  }
}
