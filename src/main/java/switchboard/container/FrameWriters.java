package switchboard.container;

import jakarta.servlet.ServletContext;
import jakarta.websocket.SendHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import java.io.IOException;
import java.util.Locale;
import java.util.function.LongPredicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Chooses how frames are written on this server. A faster way than the standard API is taken only
 * where all that it needs of the server is there when the first WebSocket is opened, and is said to
 * be in use when its first frame was written. Otherwise all frames are written by the standard API.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class FrameWriters {

  private static final Logger LOG = Logger.getLogger(FrameWriters.class.getName());

  /** A way to write frames. */
  public enum Way {
    TYRUS,
    UNDERTOW,
    STANDARD;

    /** Its name in metrics and in the log. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** One of a way that has not written a frame yet. */
  private final class Unproven implements FrameWriter {

    private final FrameWriter writer;
    private final Way writersWay;

    private Unproven(FrameWriter writer, Way writersWay) {
      this.writer = writer;
      this.writersWay = writersWay;
    }

    @Override
    public void write(WebSocketFrame frame, SendHandler written) throws IOException {
      if (inUse == writersWay) {
        writer.write(frame, written);
      } else {
        writer.write(
            frame,
            result -> {
              if (result.isOK()) {
                prove(writersWay);
              }
              written.onResult(result);
            });
      }
    }

    @Override
    public void release() {
      writer.release();
    }
  }

  private final boolean mayBeFast;
  private volatile Way way = Way.STANDARD; // the server's, whether or not it may be fast
  private volatile boolean isComplete;
  private volatile Way inUse;

  /**
   * For one application.
   *
   * @param mayBeFast whether a faster way than the standard API may be used
   */
  public FrameWriters(boolean mayBeFast) {
    this.mayBeFast = mayBeFast;
  }

  /** The way in use; {@code null} while that is not known, before the first frame. */
  public Way inUse() {
    return inUse;
  }

  /**
   * Looks which server this is.
   *
   * @param isEmbedded in an application that may have WebSockets of its own, whose time-outs stay
   */
  public void choose(ServletContext context, boolean isEmbedded) {
    var container = (ServerContainer) context.getAttribute(ServerContainer.class.getName());
    if (container != null) {
      way =
          TyrusAccess.has(container.getClass())
              ? Way.TYRUS
              : UndertowAccess.has(container) ? Way.UNDERTOW : Way.STANDARD;
    }
    if (way == Way.TYRUS && !isEmbedded) {
      try {
        TyrusConnection.endTimeouts(container);
      } catch (ReflectiveOperationException e) {
        fallBack(e);
      }
    }
    if (inUse == null && (!mayBeFast || way == Way.STANDARD)) {
      prove(Way.STANDARD);
    }
  }

  private synchronized void prove(Way proven) {
    if (inUse == null) {
      inUse = proven;
      LOG.info(
          () ->
              "WebSocket frames are written by the "
                  + (proven == Way.STANDARD ? "standard API" : "fast path for " + proven.key()));
    }
  }

  /** Writes the frames of a WebSocket that was just opened. */
  public FrameWriter create(Session session) {
    Runnable release = () -> {};
    try {
      if (way == Way.TYRUS) {
        if (!isComplete) {
          TyrusAccess.require(session);
          isComplete = true;
        }
        TyrusConnection connection = TyrusConnection.create(session);
        release = connection::release;
        if (mayBeFast) {
          return checked(TyrusFrameWriter.create(session, connection), Way.TYRUS);
        }
      } else if (way == Way.UNDERTOW && mayBeFast) {
        return checked(UndertowFrameWriter.create(session), Way.UNDERTOW);
      }
    } catch (ReflectiveOperationException e) {
      fallBack(e);
    } catch (IOException | RuntimeException e) {
      // The client left while its WebSocket was opened, and the server has taken some of it apart.
      LOG.log(Level.FINE, e, () -> "a WebSocket was closed while it was opened");
    }
    return new StandardFrameWriter(session, release);
  }

  private FrameWriter checked(FrameWriter writer, Way writersWay) {
    return inUse == writersWay ? writer : new Unproven(writer, writersWay);
  }

  /**
   * Has what the server keeps of a frame that is not whole looked at, where it keeps it before it
   * gives any of it to the application.
   *
   * @param keeps is asked with how many bytes that is; false where no more must be read
   */
  public void watch(Session session, LongPredicate keeps) {
    try {
      if (way == Way.TYRUS) {
        TyrusConnection.watch(session, keeps);
      }
    } catch (ReflectiveOperationException e) {
      fallBack(e);
    } catch (RuntimeException e) {
      LOG.log(Level.FINE, e, () -> "a WebSocket was closed while it was opened");
    }
  }

  private synchronized void fallBack(Exception e) {
    if (way != Way.STANDARD) {
      way = Way.STANDARD;
      inUse = Way.STANDARD;
      LOG.log(
          Level.WARNING,
          e,
          () ->
              "WebSocket frames are written by the standard API, which is slower: this version"
                  + " of the server is not supported");
    }
  }
}
