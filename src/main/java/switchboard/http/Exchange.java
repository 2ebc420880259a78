package switchboard.http;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Counters;
import switchboard.channel.Ending;

/**
 * One HTTP {@link Request} and its answer. An adapter makes one from a request of its API: of a
 * filter, of a JAX-RS resource, or of a test. {@link RequestGate} checks the request and {@code
 * ChannelEndpoint} decides what it means, never an adapter.
 *
 * <p>It is answered once, now or later. Answers after the first one are dropped, as is an answer to
 * a client that has disconnected. Neither is an error, because several threads may end a request at
 * the same time. A body is received once.
 *
 * <p><b>Threads.</b> The request is read by the thread that brought it. Any thread may answer.
 */
public abstract class Exchange {

  /** Makes an answer of a body: at once, or later on another thread. */
  public interface Use {
    CompletionStage<HttpAnswer> answer(byte[] body);
  }

  private static final Logger LOG = Logger.getLogger(Exchange.class.getName());

  private final Request request;
  private final Counters counters;
  private final AtomicBoolean isAnswered = new AtomicBoolean();
  private boolean isReceived;
  private volatile boolean isHeld;

  protected Exchange(Request request, Counters counters) {
    this.request = request;
    this.counters = counters;
  }

  /** What the client asks for. */
  public final Request request() {
    return request;
  }

  /** Sets a header of the answer, whichever it will be. */
  public abstract void setHeader(String name, String value);

  /** Adds a line of such a header. */
  public abstract void addHeader(String name, String value);

  /** From now on the request is answered by another thread, after this one has left. */
  public final void hold() {
    if (isAnswered.get() || isHeld) {
      throw new IllegalStateException("the request is answered or held already");
    }
    isHeld = true;
    suspend();
  }

  /** Whether the request's own thread may have left. */
  public boolean isHeld() {
    return isHeld;
  }

  /**
   * Receives the body, of at most {@code switchboard.message.max-bytes}, without waiting for it,
   * and answers with what is made of it: now or, on another thread, when it has come.
   */
  public final void receive(Use use) {
    if (isAnswered.get() || isReceived) {
      throw new IllegalStateException("the request is answered, or its body was received already");
    }
    isReceived = true;
    read(use);
  }

  /**
   * Answers with a stream, which goes on until one side ends it.
   *
   * @param start begins it, unless the request is answered already
   */
  public final void stream(Map<String, String> headers, Consumer<ResponseStream> start) {
    if (isAnswered.compareAndSet(false, true)) {
      try {
        start.accept(open(headers));
      } catch (IOException | RuntimeException | Error e) {
        fail(e);
      }
    }
  }

  /** Answers. Whether this was the first answer; others are dropped. */
  public final boolean answer(HttpAnswer answer) {
    return write(answer, false);
  }

  /**
   * Answers with what becomes of something: now or, on another thread, when it is known. No thread
   * waits for it.
   */
  public final void answer(CompletionStage<HttpAnswer> outcome) {
    answer(outcome, () -> {});
  }

  private void answer(CompletionStage<HttpAnswer> outcome, Runnable answered) {
    CompletableFuture<HttpAnswer> answer = outcome.toCompletableFuture();
    if (answer.isDone()) {
      end(answer, answered);
      return;
    }
    if (!isHeld()) {
      hold();
    }
    var unused = answer.whenComplete((made, e) -> resume(() -> end(answer, answered)));
  }

  private void end(CompletableFuture<HttpAnswer> answer, Runnable answered) {
    try {
      answer(answer.join());
    } catch (RuntimeException | Error e) {
      refuse(Problem.of(e));
    } finally {
      answered.run();
    }
  }

  /** Answers that it cannot be done, and counts that. Whether this was the first answer. */
  public final boolean refuse(Problem problem) {
    if (isAnswered.get()) {
      return false;
    }
    // An EventSource takes any status but 200 for the end (WHATWG HTML §9.2.3).
    boolean isToComeAgain =
        !isHeld
            && problem.isPassing()
            && request.method().equals("GET")
            && Headers.isEventSource(request::header);
    if (WebSocketHandshake.isAskedFor(request) && request.protocol().startsWith("HTTP/1")) {
      // The client may have sent frames after it, which must not be parsed as requests.
      setHeader("Connection", "close");
    }
    HttpAnswer answer = isToComeAgain ? problem.toEventStream() : problem.toAnswer();
    boolean isFirst = write(answer, problem.ending() == Ending.SERVER_STOPPING);
    if (isFirst) {
      counters.ended(problem.ending());
    }
    return isFirst;
  }

  private boolean write(HttpAnswer answer, boolean isAtTheEnd) {
    if (!isAnswered.compareAndSet(false, true)) {
      LOG.log(Level.FINE, "a request was answered already");
      return false;
    }
    try {
      if (isAtTheEnd) {
        writeAtTheEnd(answer);
      } else {
        write(answer);
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
    return true;
  }

  private void fail(Throwable e) {
    Problem problem = Problem.of(e);
    counters.ended(problem.ending());
    abort(problem.toAnswer());
  }

  /**
   * For adapters: makes an answer of the body and answers.
   *
   * @param answered runs afterwards
   */
  protected final void use(Use use, byte[] body, Runnable answered) {
    CompletionStage<HttpAnswer> answer;
    try {
      answer = use.answer(body);
    } catch (RuntimeException | Error e) {
      answer = CompletableFuture.failedFuture(e);
    }
    answer(answer, answered);
  }

  /** Runs it on a thread that may write to a client; the caller serves many. */
  protected void resume(Runnable answering) {
    answering.run();
  }

  /** Has the server keep the request when this thread leaves. */
  protected abstract void suspend();

  /** Receives the body, and then has it {@link #use used}. */
  protected abstract void read(Use use);

  /** Writes the answer, without waiting for the client. That it may have gone is no error. */
  protected abstract void write(HttpAnswer answer);

  /** The same while the server stops. */
  protected void writeAtTheEnd(HttpAnswer answer) {
    write(answer);
  }

  /** Begins an answer that goes on; an adapter that cannot is never asked to. */
  protected abstract ResponseStream open(Map<String, String> headers) throws IOException;

  /** Ends the request after a failure to write; with this answer, where none has begun. */
  protected abstract void abort(HttpAnswer failure);
}
