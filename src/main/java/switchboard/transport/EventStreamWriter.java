package switchboard.transport;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Supplier;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.http.Problem;
import switchboard.http.ResponseStream;
import switchboard.time.Clocks;

/**
 * The events that wait for the client of one event stream, written in order and without blocking:
 * each after the server has accepted the one before.
 *
 * <p><b>Threads.</b> Safe. Events are created and written under this object's lock; callbacks for
 * written events run outside it.
 *
 * <p><b>Cost.</b> About 150 bytes, and the bytes of the event that is being written, which are
 * counted in {@link PendingBodies}.
 */
final class EventStreamWriter implements ResponseStream.Listener {

  /** Is notified when nothing more can be written. */
  interface Listener {

    /** The client disconnected. */
    void broke(Throwable cause);

    /** The request has ended, by whomever. */
    void ended();

    /** The event could not be created, or there is no memory for it. */
    void end(Ending ending);
  }

  /** Creates the next write; only when it is due, because the combined id may change before. */
  private record Outgoing(Supplier<byte[]> bytes, Runnable done) {}

  private final ResponseStream out;
  private final PendingBodies.Share share;
  private final Clocks clocks;
  private final Listener listener;
  private volatile boolean isOver;
  private volatile long lastWriteMillis;
  private volatile long writingSinceMillis;

  // Guarded by this: what runs after the current write, and the waiting writes, at most one
  // batch per channel. A client that does not read costs the bytes of the write, not also the
  // batch.
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private Runnable current;
  private byte[] pending;
  private boolean unflushed;

  EventStreamWriter(
      ResponseStream out, PendingBodies.Share share, Clocks clocks, Listener listener) {
    this.out = out;
    this.share = share;
    this.clocks = clocks;
    this.listener = listener;
    this.lastWriteMillis = clocks.elapsed().millis();
    this.writingSinceMillis = clocks.ticks().millis();
  }

  /** Begins with these bytes, as soon as the server takes them. */
  void start(Supplier<byte[]> bytes, Runnable done) {
    add(bytes, done);
    out.start(this);
  }

  /**
   * Writes an event after those that wait.
   *
   * @param done runs when it is written, on any thread
   */
  void enqueue(Supplier<byte[]> bytes, Runnable done) {
    add(bytes, done);
    push();
  }

  private synchronized void add(Supplier<byte[]> bytes, Runnable done) {
    waiting.add(new Outgoing(bytes, done));
  }

  /** The request is over: nothing more is written. */
  void stop() {
    isOver = true;
    share.close();
  }

  /** Whether an event is being written. */
  synchronized boolean isBusy() {
    return current != null;
  }

  /** When the last event was begun. */
  long lastWriteMillis() {
    return lastWriteMillis;
  }

  /** The same by the clock of ticks. */
  long writingSinceMillis() {
    return writingSinceMillis;
  }

  @Override
  public void writable() {
    push();
  }

  @Override
  public void broke(Throwable cause) {
    listener.broke(cause);
  }

  @Override
  public void ended() {
    listener.ended();
  }

  private void push() {
    Runnable done = takeOver();
    while (done != null) {
      try {
        done.run();
      } catch (RuntimeException | Error e) {
        listener.end(Problem.of(e).ending());
      }
      done = takeOver();
    }
  }

  /** Writes until the server accepts no more; returns what to run after a completed write. */
  private synchronized Runnable takeOver() {
    try {
      while (!isOver && (current != null || !waiting.isEmpty()) && out.isReady()) {
        if (current == null) {
          Outgoing next = waiting.remove();
          current = next.done();
          pending = made(next);
          if (pending == null) {
            return null;
          }
          if (!share.hold(pending.length)) {
            pending = null;
            return () -> listener.end(Ending.REQUEST_BUFFER_FULL); // it comes again with its offset
          }
          lastWriteMillis = clocks.elapsed().millis();
          writingSinceMillis = clocks.ticks().millis();
        } else if (pending != null) {
          byte[] bytes = pending;
          pending = null;
          unflushed = true;
          out.write(bytes);
        } else if (unflushed) {
          unflushed = false;
          out.flush();
        } else {
          Runnable done = current;
          current = null;
          share.hold(0);
          return done;
        }
      }
    } catch (IOException | RuntimeException e) {
      listener.broke(e);
    }
    return null; // the server calls writable
  }

  // Exceptions here are our own errors; an exception from the server means that the client
  // disconnected.
  private byte[] made(Outgoing next) {
    try {
      return next.bytes().get();
    } catch (RuntimeException | Error e) {
      listener.end(Problem.of(e).ending());
      return null;
    }
  }
}
