package switchboard.transport;

import jakarta.servlet.ServletContext;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import java.io.IOException;
import java.util.function.LongPredicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.config.Settings;

/**
 * Chooses at the start how frames go out on this server, and says so in one line of the log. Where
 * the server turns out to be another than it seemed, all goes on by the standard API.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class FrameWriters {

  private static final Logger LOG = Logger.getLogger(FrameWriters.class.getName());

  /** Whose WebSockets they are. */
  private enum Server {
    TYRUS,
    UNDERTOW,
    ANOTHER
  }

  private final Settings settings;
  private volatile Server server = Server.ANOTHER;
  private volatile boolean isFast;

  public FrameWriters(Settings settings) {
    this.settings = settings;
  }

  /**
   * Looks which server this is.
   *
   * @param isEmbedded in an application that may have WebSockets of its own, whose time-outs stay
   */
  void choose(ServletContext context, boolean isEmbedded) {
    var container = (ServerContainer) context.getAttribute(ServerContainer.class.getName());
    String name = container == null ? "" : container.getClass().getName();
    server =
        name.startsWith("org.glassfish.tyrus.")
            ? Server.TYRUS
            : name.startsWith("io.undertow.") ? Server.UNDERTOW : Server.ANOTHER;
    if (server == Server.TYRUS && !isEmbedded) {
      try {
        TyrusConnection.endTimeouts(container);
      } catch (ReflectiveOperationException e) {
        fallBack(e);
      }
    }
    isFast = settings.get(Settings.FAST_PATH) && server != Server.ANOTHER;
    LOG.info(
        () ->
            "WebSocket frames are written "
                + (isFast
                    ? "by the fast path for " + server
                    : "by the standard API (" + name + ")"));
  }

  /** The way out for a WebSocket that was just opened. */
  FrameWriter of(Session session) {
    Runnable release = () -> {};
    try {
      return switch (server) {
        case TYRUS -> {
          TyrusConnection connection = TyrusConnection.under(session);
          release = connection::release;
          yield isFast
              ? TyrusFrameWriter.over(session, connection)
              : new StandardFrameWriter(session, release);
        }
        case UNDERTOW ->
            isFast ? UndertowFrameWriter.over(session) : new StandardFrameWriter(session);
        case ANOTHER -> new StandardFrameWriter(session);
      };
    } catch (ReflectiveOperationException e) {
      fallBack(e);
    } catch (IOException | RuntimeException e) {
      // The client left while its WebSocket was opened, and the server has taken some of it apart.
      LOG.log(Level.FINE, e, () -> "a WebSocket was closed while it was opened");
    }
    return new StandardFrameWriter(session, release);
  }

  /**
   * Has what the server keeps of a frame that is not whole looked at, where it keeps it before it
   * gives any of it to the application.
   *
   * @param keeps is asked with how many bytes that is; false where no more must be read
   */
  void watch(Session session, LongPredicate keeps) {
    try {
      if (server == Server.TYRUS) {
        TyrusConnection.watch(session, keeps);
      }
    } catch (ReflectiveOperationException e) {
      fallBack(e);
    } catch (RuntimeException e) {
      LOG.log(Level.FINE, e, () -> "a WebSocket was closed while it was opened");
    }
  }

  private void fallBack(Exception e) {
    if (server != Server.ANOTHER) {
      server = Server.ANOTHER;
      LOG.log(
          Level.WARNING,
          e,
          () ->
              "WebSocket frames are written by the standard API, which is slower: this version"
                  + " of the server is not supported");
    }
  }
}
