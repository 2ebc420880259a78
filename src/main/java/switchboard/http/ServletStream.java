package switchboard.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.container.TcpConnection;
import switchboard.container.WriteQueue;

/**
 * An answer that goes on, with the Servlet API's non-blocking output.
 *
 * <p><b>Threads.</b> As {@link ResponseStream}.
 */
public final class ServletStream implements ResponseStream, WriteListener, AsyncListener {

  private static final Logger LOG = Logger.getLogger(ServletStream.class.getName());

  private final HttpServletRequest request;
  private final AsyncContext context;
  private final ServletOutputStream out;
  private final WriteQueue queue;
  private volatile @Nullable Listener listener;

  /** Of a request, by its own thread, before anything is written. */
  public ServletStream(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    this.request = request;
    this.out = TcpConnection.unbuffered(response);
    this.context = request.startAsync();
    context.setTimeout(0);
    context.addListener(this);
    this.queue = TcpConnection.boundWriteQueue(request);
  }

  @Override
  public void start(Listener told) {
    listener = told;
    out.setWriteListener(this);
  }

  @Override
  public boolean isReady() {
    return out.isReady();
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    queue.write(out, bytes, 0, bytes.length);
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void complete() {
    try {
      queue.restore();
      context.complete();
    } catch (IllegalStateException e) {
      LOG.log(Level.FINEST, "already completed by the container", e);
    }
  }

  // Otherwise the server keeps unread bytes until its own timeout, and reuses the connection of a
  // client that does not read.
  @Override
  public void disconnect() {
    Closeable connection = TcpConnection.of(request); // before the request can be reused
    complete();
    TcpConnection.disconnect(connection);
  }

  @Override
  public void onWritePossible() {
    Listener told = listener;
    if (told != null) {
      told.writable();
    }
  }

  @Override
  public void onError(Throwable e) {
    Listener told = listener;
    if (told != null) {
      told.broke(e);
    }
  }

  // A request that ended before it was started has nobody to tell.
  @Override
  public void onComplete(AsyncEvent event) {
    if (listener != null) {
      listener.ended();
    }
  }

  @Override
  public void onError(AsyncEvent event) {
    if (listener != null) {
      listener.broke(event.getThrowable());
    }
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    onError(event);
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    // this request is never dispatched again
  }
}
