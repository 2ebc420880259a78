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
 * where all that it needs of the server is there when the application starts, and is said to be in
 * use when its first frame was written. Otherwise all frames are written by the standard API.
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
  // Where the server is the one, and has all of the members; Tyrus' also if it must not be fast.
  private volatile TyrusAccess tyrus;
  private volatile UndertowAccess.WebSockets undertow;
  private volatile Way inUse;
  private boolean isUnsupported; // guarded by this

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
    try {
      if (container != null && TyrusAccess.has(container.getClass())) {
        TyrusAccess members =
            new TyrusAccess(container.getClass(), context.getClass().getClassLoader());
        if (!isEmbedded) {
          TyrusConnection.endTimeouts(members, container);
        }
        tyrus = members;
      } else if (container != null && UndertowAccess.has(container.getClass()) && mayBeFast) {
        undertow = new UndertowAccess.WebSockets(container.getClass().getClassLoader());
      }
    } catch (ReflectiveOperationException e) {
      fallBack(e);
    }
    if (!mayBeFast || tyrus == null && undertow == null) {
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
    TyrusAccess tyrusMembers = tyrus;
    UndertowAccess.WebSockets undertowMembers = undertow;
    try {
      if (tyrusMembers != null) {
        TyrusConnection connection = TyrusConnection.create(tyrusMembers, session);
        release = connection::release;
        if (mayBeFast) {
          return checked(TyrusFrameWriter.create(session, tyrusMembers, connection), Way.TYRUS);
        }
      } else if (undertowMembers != null) {
        return checked(UndertowFrameWriter.create(session, undertowMembers), Way.UNDERTOW);
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
    TyrusAccess members = tyrus;
    try {
      if (members != null) {
        TyrusConnection.watch(members, session, keeps);
      }
    } catch (ReflectiveOperationException e) {
      fallBack(e);
    } catch (RuntimeException e) {
      LOG.log(Level.FINE, e, () -> "a WebSocket was closed while it was opened");
    }
  }

  private synchronized void fallBack(ReflectiveOperationException e) {
    tyrus = null;
    undertow = null;
    inUse = Way.STANDARD;
    if (!isUnsupported) {
      isUnsupported = true;
      LOG.warning(
          () ->
              "this version of the server is not supported: "
                  + e.getMessage()
                  + ". WebSocket frames are written by the standard API, which is slower");
    }
  }
}
