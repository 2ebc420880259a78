package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import switchboard.channel.Counters;
import switchboard.config.Settings;
import switchboard.connection.PendingBodies;
import switchboard.container.BlockingExecutor;
import switchboard.http.Exchange;
import switchboard.http.HttpAnswer;
import switchboard.http.PendingAnswer;
import switchboard.http.Problem;
import switchboard.http.RequestBody;
import switchboard.http.ResponseStream;
import switchboard.http.ServletAnswer;
import switchboard.http.ServletRequestView;
import switchboard.http.ServletStream;
import switchboard.http.UnreadBody;
import switchboard.time.Clocks;

/** The Servlet adapter: a request in a filter, with Servlet's non-blocking input and output. */
final class ServletExchange extends Exchange {

  /**
   * What all of them share.
   *
   * @param base what the paths of Switchboard begin with, below the context path
   */
  record Server(
      String base, PendingBodies bodies, PendingAnswer.Place answers, RequestBody.Place arrivals) {

    static Server of(
        String base,
        Counters counters,
        PendingBodies bodies,
        Settings settings,
        Clocks clocks,
        BlockingExecutor threads) {
      return new Server(
          base,
          bodies,
          new PendingAnswer.Place(bodies, settings, clocks.ticks(), counters),
          new RequestBody.Place(
              bodies,
              settings,
              clocks.ticks(),
              counters,
              threads.executor(),
              threads.forLargeBodies()));
    }
  }

  private final Server server;
  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final ServletAnswer answer;
  private boolean isBodyRead; // by the request's own thread

  ServletExchange(HttpServletRequest request, HttpServletResponse response, Server server) {
    super(new ServletRequestView(request, server.base()), server.answers().counters());
    this.server = server;
    this.request = request;
    this.response = response;
    this.answer = new ServletAnswer(request, response, server.answers());
  }

  @Override
  public void setHeader(String name, String value) {
    response.setHeader(name, value);
  }

  @Override
  public void addHeader(String name, String value) {
    response.addHeader(name, value);
  }

  // Also by a body that came late.
  @Override
  public boolean isHeld() {
    return super.isHeld() || request.isAsyncStarted();
  }

  @Override
  protected void suspend() {
    answer.hold();
  }

  @Override
  protected void read(Use use) {
    try {
      RequestBody.receive(
          request,
          response,
          server.arrivals(),
          (body, used) -> {
            isBodyRead = true;
            use(use, body, used);
          });
    } catch (IOException e) {
      throw RequestBody.brokeOff(e);
    }
  }

  @Override
  protected void resume(Runnable answering) {
    try {
      server.arrivals().executor().execute(answering);
    } catch (RejectedExecutionException e) {
      answering.run(); // the application stops
    }
  }

  @Override
  protected void write(HttpAnswer written) {
    boolean isBodyOurs = isBodyRead || request.isAsyncStarted();
    if (!isBodyOurs && UnreadBody.isLeft(request)) {
      UnreadBody.answer(written, request, response, server.bodies());
    } else {
      answer.write(written);
    }
  }

  @Override
  protected ResponseStream open(Map<String, String> headers) throws IOException {
    headers.forEach(response::setHeader);
    return new ServletStream(request, response);
  }

  @Override
  protected void abort(HttpAnswer failure) {
    answer.abort(failure);
  }

  /** Refuses the request after a failure, which may have come when an answer had begun. */
  void fail(Problem problem) {
    if (request.isAsyncStarted() || response.isCommitted()) {
      server.answers().counters().ended(problem.ending());
      abort(problem.toAnswer());
    } else {
      response.resetBuffer();
      refuse(problem);
    }
  }
}
