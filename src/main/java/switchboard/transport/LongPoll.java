package switchboard.transport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import switchboard.channel.Ending;
import switchboard.channel.Jitter;
import switchboard.channel.Sink;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.connection.Connection;
import switchboard.connection.ConnectionObserver;
import switchboard.connection.Connections;
import switchboard.http.Exchange;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.UpToDate;

/**
 * A waiting request. It is answered when one of its channels has a message, or when its wait is
 * over. Delivery is not confirmed; the client asks again with its last offset.
 *
 * <p><b>Threads.</b> Safe; only the first answer is sent.
 *
 * <p><b>Cost.</b> About 300 bytes in addition to the server's own for a suspended request. No
 * timer: the clock's tick ends requests whose wait is over, at most one tick late and never early.
 */
final class LongPoll implements Sink, Connection {

  private static final long RETRY_MILLIS = 2_000;

  private final PollAnswer answer;
  private final Exchange exchange;
  private final String address;
  private final Connections connections;
  private final Executor executor;
  private final long deadlineMillis;
  private final AtomicBoolean answered = new AtomicBoolean();
  private final List<Subscription> subscriptions = new ArrayList<>();

  LongPoll(
      PollAnswer answer,
      PollAnswer.Found before,
      Duration wait,
      Exchange exchange,
      String address,
      Connections connections,
      Executor executor) {
    this.answer = answer;
    this.exchange = exchange;
    this.address = address;
    this.connections = connections;
    this.executor = executor;
    this.deadlineMillis = answer.clocks().elapsed().millis() + wait.toMillis() + 1; // rounded up
    List<ReadPosition> places = answer.request().places();
    for (int i = 0; i < places.size(); i++) {
      // The client already knows which channels are closed; it waits for the others.
      if (!(before.readings().get(i) instanceof UpToDate at && at.closed())) {
        ReadPosition place = places.get(i);
        subscriptions.add(place.channel().subscription(place.from(), this));
      }
    }
  }

  void start() {
    try {
      Ending refusal = connections.add(this);
      connections.tell(this, ConnectionObserver.Sight.OPENED, "");
      if (refusal == null) {
        subscribeSoon();
      } else {
        end(refusal);
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void subscribeSoon() {
    // Not on the request's own thread: if a message arrives now, the response would be sent
    // before that thread returns, which causes errors in the log of Payara.
    executor.execute(this::subscribe);
  }

  private void subscribe() {
    try {
      subscriptions.forEach(Subscription::start);
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void fail(Throwable e) {
    Problem problem = Problem.of(e);
    answer(
        () -> {
          throw problem;
        });
  }

  @Override
  public void write(Batch batch, Runnable done) {
    answer(() -> whatIsThere(true));
  }

  @Override
  public void gap(Gap gap, Runnable done) {
    answer(() -> whatIsThere(true));
  }

  @Override
  public void closed(Offset end) {
    answer(() -> whatIsThere(true));
  }

  @Override
  public void end(Ending ending) {
    if (ending == Ending.SERVER_STOPPING) {
      if (leave()) {
        exchange.refuse(
            new Problem(ending, "retry with the same offset")
                .retryAfter(Jitter.around(RETRY_MILLIS)));
      }
    } else {
      answer(
          () -> {
            throw new Problem(ending, ending.title());
          });
    }
  }

  @Override
  public boolean hasHeardAll() {
    return true; // what it waits for answers it
  }

  @Override
  public void tick(long nowMillis) {
    boolean isRevoked = answer.request().guard().revocation() != null;
    if (isRevoked || nowMillis >= deadlineMillis) {
      answer(() -> whatIsThere(false));
    }
  }

  private void requireStanding() {
    Problem problem = answer.request().guard().revocation();
    if (problem != null) {
      answer.request().guard().logRevocation(toString());
      throw problem;
    }
  }

  private HttpAnswer whatIsThere(boolean isWoken) {
    requireStanding();
    PollAnswer.Found found = answer.afterWait();
    if (!found.isNews()) {
      connections.countEmpty(Transport.LONG_POLL);
    }
    return answer.to(found, isWoken || found.isNews(), null);
  }

  private void answer(Supplier<HttpAnswer> what) {
    if (!leave()) {
      return;
    }
    // Writing to a client that does not read blocks the thread, so it must not be the thread
    // that serves the others. Also, on Payara a resume on another request's thread confuses its
    // contexts.
    try {
      executor.execute(() -> resume(what));
    } catch (RuntimeException | Error e) { // it takes no work, or has no thread for it
      exchange.refuse(Problem.of(e));
    }
  }

  private boolean leave() {
    if (!answered.compareAndSet(false, true)) {
      return false;
    }
    connections.remove(this);
    connections.tell(this, ConnectionObserver.Sight.ENDED, "answered");
    subscriptions.forEach(Subscription::cancel);
    return true;
  }

  private void resume(Supplier<HttpAnswer> what) {
    try {
      exchange.answer(what.get());
    } catch (RuntimeException | Error e) {
      exchange.refuse(Problem.of(e));
    }
  }

  @Override
  public String label() {
    return answer.request().label();
  }

  @Override
  public String address() {
    return address;
  }

  @Override
  public String toString() {
    return "channel \"" + answer.request().place().channel().name() + "\" – long poll";
  }

  @Override
  public Transport transport() {
    return Transport.LONG_POLL;
  }
}
