package switchboard.transport;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Ending;
import switchboard.channel.PendingBodies;

/**
 * A request that is answered once, now or later: as JAX-RS has it, or with the Servlet API alone,
 * which goes the same way in fewer steps (what it saves is in {@code docs/benchmarks.md}).
 *
 * <p><b>Threads.</b> One at a time.
 */
interface Held {

  /** From now on it may be answered by another thread, after this one has gone. */
  void hold();

  void answer(HttpAnswer answer);

  void refuse(Problem problem);

  /** Refuses it when the application goes, of which JAX-RS may be gone already. */
  void refuseAtShutdown(Problem problem);

  /** A request that came to a JAX-RS resource. It is held by that. */
  record ByJaxRs(AsyncResponse response, AsyncContext context) implements Held {

    @Override
    public void hold() {
      // it is
    }

    @Override
    public void answer(HttpAnswer answer) {
      response.resume(response(answer));
    }

    static Response response(HttpAnswer answer) {
      Response.ResponseBuilder response = Response.status(answer.status()).entity(answer.body());
      answer.headers().forEach(response::header);
      return response.build();
    }

    @Override
    public void refuse(Problem problem) {
      response.resume(problem); // the overload for exceptions: an object would be written as JSON
    }

    // When an application is undeployed, Jersey is gone before anybody is told, and Payara would
    // leave the client waiting for ever.
    @Override
    public void refuseAtShutdown(Problem problem) {
      try {
        ChannelsFilter.write(problem, (HttpServletResponse) context.getResponse());
        context.complete();
      } catch (IOException | IllegalStateException e) {
        ByServlet.LOG.log(Level.FINEST, "a long poll had already ended", e);
      }
    }
  }

  /** A request that came to a filter or a servlet. */
  final class ByServlet implements Held {

    private static final Logger LOG = Logger.getLogger(Held.class.getName());

    private final HttpServletRequest request;
    private final HttpServletResponse response;
    private final PendingAnswer.Place place;
    private final PendingAnswer.End end = new PendingAnswer.End();
    private AsyncContext context;

    ByServlet(HttpServletRequest request, HttpServletResponse response, PendingAnswer.Place place) {
      this.request = request;
      this.response = response;
      this.place = place;
    }

    @Override
    public void hold() {
      context = request.startAsync();
      context.setTimeout(0);
      context.addListener(end);
    }

    @Override
    public void answer(HttpAnswer answer) {
      if (PendingAnswer.isFor(answer, request)) {
        answerAsItIsTaken(answer);
      } else {
        end(
            () -> {
              answer.write(response);
              if (answer.body() == null) {
                response.flushBuffer(); // GlassFish forgets the status of an answer without a body
              }
            });
      }
    }

    private void answerAsItIsTaken(HttpAnswer answer) {
      PendingBodies.Share share = place.bodies().share();
      if (!share.hold(answer.sent(request).length)) {
        refuse(new Problem(Ending.REQUEST_BUFFER_FULL, Ending.REQUEST_BUFFER_FULL.title()));
        return;
      }
      try {
        if (context == null) {
          hold();
        }
        PendingAnswer.send(answer, request, response, context, end, share, place);
      } catch (IOException | IllegalStateException e) {
        LOG.log(Level.FINEST, "the client disconnected before its response", e);
        share.close();
        complete();
      }
    }

    @Override
    public void refuse(Problem problem) {
      place.tally().ended(problem.ending());
      refuseAtShutdown(problem);
    }

    @Override
    public void refuseAtShutdown(Problem problem) {
      try {
        answer(problem.toAnswer());
      } catch (RuntimeException | Error e) {
        complete();
        throw e;
      }
    }

    /** Writes an answer. */
    private interface Writing {
      void run() throws IOException;
    }

    private void end(Writing writing) {
      try {
        writing.run();
      } catch (IOException | IllegalStateException e) {
        LOG.log(Level.FINEST, "the client disconnected before its response", e);
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
}
