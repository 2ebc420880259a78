package switchboard.transport;

import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.container.FrameWriter;
import switchboard.container.WebSocketFrame;
import switchboard.time.Clocks;

/**
 * The frames that wait for one WebSocket's client. They are sent in order and one at a time, the
 * next one when the {@link FrameWriter} reports that the last is written: Open Liberty refuses a
 * second send, Tyrus and Undertow would queue it without limit.
 *
 * <p><b>Threads.</b> Safe. Writes are started, and the listener is called, under no lock.
 *
 * <p><b>Cost.</b> About 150 bytes, and the bytes of the waiting frames, which are counted in {@link
 * PendingBodies}.
 */
final class SendQueue {

  /** Is notified of events of the queue. */
  interface Listener {

    /**
     * The connection accepted no more for a while and does again: the client has read something.
     */
    void drained();

    /** The callback of a written frame has failed. */
    void failed(Throwable failure);

    /** The client disconnected. */
    void broke(Throwable cause);

    /** Everything before {@link SendQueue#close} is written, or too much waits. */
    void closeNow(Ending ending);
  }

  /** Maximum bytes that wait for a client that sends commands and does not read the responses. */
  private static final int MAX_WAITING_BYTES = 256 << 10;

  /** Approximate overhead of a waiting frame. */
  private static final int FRAME_BYTES = 64;

  /** The bytes that count: responses to the client's commands. */
  private record Outgoing(WebSocketFrame frame, Runnable done, int countedBytes) {}

  private final FrameWriter writer;
  private final PendingBodies.Share share;
  private final Clocks clocks;
  private final Listener listener;
  private final SendHandler written = this::written;
  private final AtomicInteger pushes = new AtomicInteger();
  private volatile long lastSentMillis;
  private volatile long sendingSinceMillis;

  // Guarded by waiting.
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private Runnable sending; // what runs when the frame is written; the frame is the writer's
  private long heldBytes; // of the frames that wait and the one that is written
  private int sendingBytes;
  private Ending closing;
  private boolean isOver;

  SendQueue(FrameWriter writer, PendingBodies.Share share, Clocks clocks, Listener listener) {
    this.writer = writer;
    this.share = share;
    this.clocks = clocks;
    this.listener = listener;
    this.lastSentMillis = clocks.elapsed().millis();
    this.sendingSinceMillis = clocks.ticks().millis();
  }

  /**
   * Sends a frame after those that wait.
   *
   * @param done runs when it is written, on any thread
   */
  void send(WebSocketFrame frame, Runnable done) {
    send(new Outgoing(frame, done, FRAME_BYTES + frame.bytes().length));
  }

  /**
   * The same for messages, of which a conversation sends one batch at a time. They do not count for
   * the limit: a client that reads gets all of them.
   */
  void sendBatch(WebSocketFrame frame, Runnable done) {
    send(new Outgoing(frame, done, 0));
  }

  private void send(Outgoing outgoing) {
    boolean tooMany;
    boolean isFull;
    synchronized (waiting) {
      if (closing != null || isOver) {
        return;
      }
      waitingBytes += outgoing.countedBytes();
      tooMany = waitingBytes > MAX_WAITING_BYTES;
      heldBytes += outgoing.frame().bytes().length;
      isFull = !share.hold(heldBytes);
      if (!tooMany && !isFull) {
        waiting.add(outgoing);
      }
    }
    if (tooMany || isFull) {
      listener.closeNow(tooMany ? Ending.TOO_SLOW : Ending.REQUEST_BUFFER_FULL);
    } else {
      push();
    }
  }

  /** Accepts nothing more, and reports the end when the waiting frames are written. */
  void close(Ending ending) {
    synchronized (waiting) {
      if (closing == null) {
        closing = ending;
      }
    }
    push();
  }

  /** The connection has ended: nothing more is written. */
  void stop() {
    synchronized (waiting) {
      isOver = true;
      waiting.clear();
    }
    share.close();
  }

  /** Whether it accepts nothing more. */
  boolean isClosing() {
    synchronized (waiting) {
      return closing != null || isOver;
    }
  }

  /** Whether a frame is being written. */
  boolean isBusy() {
    synchronized (waiting) {
      return sending != null;
    }
  }

  /** When the last frame was started. */
  long lastSentMillis() {
    return lastSentMillis;
  }

  /** The same by the tick clock. */
  long sendingSinceMillis() {
    return sendingSinceMillis;
  }

  // A thread that arrives while another one is writing only lets that one loop once more. So an
  // immediately completed write does not start the next one recursively; a long queue would be
  // a deep stack.
  private void push() {
    if (pushes.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      sendNext();
      seen = pushes.addAndGet(-seen);
    } while (seen != 0);
  }

  private void sendNext() {
    Outgoing next;
    Ending end;
    synchronized (waiting) {
      if (sending != null) {
        return;
      }
      next = waiting.poll();
      end = next == null && !isOver ? closing : null;
      if (next != null) {
        sending = next.done();
        sendingBytes = next.frame().bytes().length;
        waitingBytes -= next.countedBytes();
        lastSentMillis = clocks.elapsed().millis();
        sendingSinceMillis = clocks.ticks().millis();
      }
    }
    if (next != null) {
      start(next);
    } else if (end != null) {
      listener.closeNow(end);
    }
  }

  private void start(Outgoing next) {
    try {
      writer.write(next.frame(), written);
    } catch (IOException | RuntimeException e) {
      listener.broke(e);
    }
  }

  private void written(SendResult result) {
    if (!result.isOK()) {
      listener.broke(result.getException());
      return;
    }
    if (result == FrameWriter.DRAINED) {
      listener.drained();
    }
    Runnable done;
    synchronized (waiting) {
      done = sending;
      sending = null;
      heldBytes -= sendingBytes;
      share.hold(heldBytes);
    }
    try {
      done.run();
    } catch (RuntimeException | Error e) {
      listener.failed(e);
    }
    push();
  }
}
