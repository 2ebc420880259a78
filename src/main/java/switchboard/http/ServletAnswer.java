package switchboard.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
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
  private PendingAnswer.End end;
  private AsyncContext context;

  public ServletAnswer(
      HttpServletRequest request, HttpServletResponse response, PendingAnswer.Place place) {
    this.request = request;
    this.response = response;
    this.place = place;
  }

  /** From now on it may be written by another thread, after this one has gone. */
  public void hold() {
    end = new PendingAnswer.End();
    context = request.startAsync();
    context.setTimeout(0);
    context.addListener(end);
  }

  /** Writes it, and ends the request if it was held. That its client may be gone is no error. */
  public void write(HttpAnswer answer) {
    // Of a body that came late, the request is held by that already, and ended.
    boolean isOthers = context == null && request.isAsyncStarted();
    if (!isOthers && PendingAnswer.isFor(answer, request)) {
      writeAsItIsTaken(answer);
      return;
    }
    try {
      answer.write(response);
      if (answer.body() == null && (context != null || isOthers)) {
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
      if (context == null) {
        hold();
      }
      PendingAnswer.send(written, request, response, context, end, share, place);
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
    if (context == null && request.isAsyncStarted()) {
      context = request.getAsyncContext();
    }
    complete();
  }

  // Whatever happened: a request that is not completed is kept for ever.
  private void complete() {
    try {
      if (context != null) {
        context.complete();
      }
    } catch (IllegalStateException e) {
      LOG.log(Level.FINEST, "already completed by the container", e);
    }
  }
}
