package switchboard.container;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.WebConnection;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The connection under a WebSocket on Payara and GlassFish, ended in a way that does no harm.
 *
 * <p>Read in the classes of Payara 6.2024.8 and 6.2025.10: the server's own {@code
 * WebConnection.close()} marks the request as no longer upgraded and lets it finish, which gives
 * request, response and their buffers back to pools; the flags that should keep this apart from the
 * thread that is still on its way out of the upgrade are neither volatile nor set together. Seen on
 * a busy machine: {@code IllegalStateException: Internal … Response has not been set} in that
 * thread, a {@code NullPointerException} for an output buffer that was emptied during the close,
 * and in one run of five a close frame that was never answered. That such objects, given back
 * twice, also explain the send in several thousand that was never reported is an inference; it was
 * not caught in the act.
 *
 * <p>So Tyrus gets this connection instead. It ends the TCP connection after what was written; the
 * server sees that, tells Tyrus, and leaves the objects to the garbage collector.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class TyrusConnection implements WebConnection {

  private static final Logger LOG = Logger.getLogger(TyrusConnection.class.getName());

  /**
   * For the idle time-outs that Tyrus schedules for each session and at every frame that comes or
   * goes, also where there is none ({@code TyrusSession.restartIdleTimeoutExecutor}), each through
   * the class loaders of the managed executor and at once. Ours are the clock's. That was a quarter
   * of the time that Java code spent on a handshake; 5,000 WebSockets at rest, that is 500 such
   * frames a second and 250 answers, cost 6.4 % of a core with it and 3.8 % without, a minute and a
   * half after they were opened (Payara Micro 6.2025.10).
   */
  private static final ScheduledExecutorService NEVER =
      new ScheduledThreadPoolExecutor(0) {
        @Override
        public ScheduledFuture<?> schedule(Runnable timeout, long delay, TimeUnit unit) {
          return null; // Tyrus takes that for one it has not scheduled
        }
      };

  private final TyrusAccess members;
  private final WebConnection original;
  private final Closeable tcp;
  private final WriteQueue queue;
  private final AtomicBoolean closed = new AtomicBoolean();

  private TyrusConnection(TyrusAccess members, WebConnection original)
      throws ReflectiveOperationException {
    this.members = members;
    this.original = original;
    Object connection = members.tcp(original);
    this.tcp = TcpConnection.ofGrizzly(members.grizzly(), connection);
    this.queue = WriteQueue.bound(members.grizzly(), connection, WriteQueue.MAX_BYTES);
  }

  /** Sees to it that no session of this container has an idle time-out. */
  static void endTimeouts(TyrusAccess members, ServerContainer container)
      throws ReflectiveOperationException {
    members.executor(container, NEVER);
  }

  /** Puts one under a WebSocket that was just opened. */
  static TyrusConnection create(TyrusAccess members, Session session)
      throws ReflectiveOperationException {
    Object upgraded = members.upgraded(session);
    TyrusConnection connection = new TyrusConnection(members, members.original(upgraded));
    members.connection(upgraded, connection);
    return connection;
  }

  /**
   * Has it looked at how much Tyrus keeps of a frame that is not whole: it passes on none of it
   * before, and keeps the space that the largest frame took as long as the WebSocket lasts.
   */
  static void watch(TyrusAccess members, Session session, LongPredicate keeps)
      throws ReflectiveOperationException {
    Object upgraded = members.upgraded(session);
    if (members.input(upgraded) instanceof TyrusUpgrade.Input input) {
      input.watch(() -> keeps.test(kept(members, upgraded)));
    }
  }

  private static long kept(TyrusAccess members, Object upgraded) {
    try {
      return members.keptBytes(upgraded);
    } catch (ReflectiveOperationException | RuntimeException e) {
      TcpConnection.unexpectedServer(e);
      return 0;
    }
  }

  /**
   * Lets the server release what it keeps for this connection, if it did not do so itself.
   *
   * <p>If clients disconnect within milliseconds of the handshake, the server does not notice a
   * quarter of them, nor that their TCP connection is closed. Seen on Payara Micro 6.2025.10: its
   * list of managed beans and Tyrus' list of sessions kept 769 of 3,000 requests permanently, 35 kB
   * each. This is called a while after the end of the WebSocket, because closing it in this way
   * during the upgrade is harmful.
   */
  void release() {
    try {
      if (!members.isClosed(original)) {
        original.close();
      }
    } catch (Exception e) {
      LOG.log(Level.FINE, "a connection was already released", e);
    }
  }

  @Override
  public ServletInputStream getInputStream() throws IOException {
    return original.getInputStream();
  }

  @Override
  public ServletOutputStream getOutputStream() throws IOException {
    return new Output(original.getOutputStream(), queue);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      TcpConnection.disconnect(tcp);
    }
  }

  /** The server's output, which takes frames of any size. */
  private static final class Output extends ServletOutputStream {

    private final ServletOutputStream original;
    private final WriteQueue queue;

    private Output(ServletOutputStream original, WriteQueue queue) {
      this.original = original;
      this.queue = queue;
    }

    @Override
    public boolean isReady() {
      return original.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      original.setWriteListener(listener);
    }

    @Override
    public void write(int b) throws IOException {
      original.write(b);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      queue.write(original, bytes, from, length);
    }

    @Override
    public void flush() throws IOException {
      original.flush();
    }

    @Override
    public void close() throws IOException {
      original.close();
    }
  }
}
