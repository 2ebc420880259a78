package switchboard.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.container.TcpConnection;

/**
 * The answer to a request that came to a filter or a servlet, now or later. What its client does
 * not take at once is sent without blocking ({@link PendingAnswer}).
 *
 * <p><b>Threads.</b> One at a time.
 */
public final class ServletAnswer {

  private static final Logger LOG = Logger.getLogger(ServletAnswer.class.getName());

  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final PendingAnswer.Place place;
  private @Nullable Held held;

  private record Held(AsyncContext context, PendingAnswer.End end) {}

  public ServletAnswer(
      HttpServletRequest request, HttpServletResponse response, PendingAnswer.Place place) {
    this.request = request;
    this.response = response;
    this.place = place;
  }

  /** From now on it may be written by another thread, after this one has gone. */
  public void hold() {
    startAsync();
  }

  private Held startAsync() {
    Held fresh = new Held(request.startAsync(), new PendingAnswer.End());
    held = fresh; // before what may fail: it is to be completed then
    fresh.context().setTimeout(0);
    fresh.context().addListener(fresh.end());
    return fresh;
  }

  /** Writes it, and ends the request if it was held. That its client may be gone is no error. */
  public void write(HttpAnswer answer) {
    // Of a body that came late, the request is held by that already, and ended.
    boolean isOthers = held == null && request.isAsyncStarted();
    if (!isOthers && PendingAnswer.isFor(answer, request)) {
      writeAsItIsTaken(answer);
      return;
    }
    try {
      answer.write(response);
      if (answer.body() == null && (held != null || isOthers)) {
        response.flushBuffer(); // GlassFish forgets the status of an answer without a body
      }
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "the client disconnected before its response", e);
    }
    complete();
  }

  private void writeAsItIsTaken(HttpAnswer answer) {
    PendingBodies.Share share = place.bodies().share();
    HttpAnswer written = answer;
    if (!share.holdAnswer(answer.sent(request).length)) {
      place.counters().ended(Ending.REQUEST_BUFFER_FULL);
      written =
          new Problem(Ending.REQUEST_BUFFER_FULL, Ending.REQUEST_BUFFER_FULL.title()).toAnswer();
    }
    try {
      Held now = held == null ? startAsync() : held;
      PendingAnswer.send(written, request, response, now.context(), now.end(), share, place);
    } catch (IOException | IllegalStateException e) {
      LOG.log(Level.FINEST, "the client disconnected before its response", e);
      share.close();
      complete();
    }
  }

  /** Ends the request after a failure; with this answer, where none has begun. */
  public void abort(HttpAnswer failure) {
    try {
      if (response.isCommitted()) {
        // A part of an answer must not look like a whole one.
        TcpConnection.disconnect(TcpConnection.of(request));
      } else {
        response.resetBuffer();
        failure.write(response);
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINEST, "nothing could be answered after a failure", e);
    }
    complete(held == null && request.isAsyncStarted() ? request.getAsyncContext() : null);
  }

  private void complete() {
    complete(null);
  }

  // Whatever happened: a request that is not completed is kept for ever.
  private void complete(@Nullable AsyncContext others) {
    try {
      if (held != null) {
        held.context().complete();
      } else if (others != null) {
        others.complete();
      }
    } catch (IllegalStateException e) {
      LOG.log(Level.FINEST, "already completed by the container", e);
    }
  }
}
