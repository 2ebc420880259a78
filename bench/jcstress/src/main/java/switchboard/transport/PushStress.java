package switchboard.transport;

import jakarta.websocket.SendHandler;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.container.FrameWriter;
import switchboard.container.WebSocketFrame;
import switchboard.time.Clocks;

/**
 * A thread sends a frame while the write of the one before ends on another: a push that is lost
 * leaves it unsent.
 */
@JCStressTest
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "both, one at a time")
@Outcome(expect = Expect.FORBIDDEN, desc = "a frame was not sent, or two at once")
@State
public class PushStress implements SendQueue.Listener {

  private final SendQueue queue =
      new SendQueue(this::write, new PendingBodies(1 << 20).share(), Clocks.system(), this);
  private volatile SendHandler first;
  private volatile boolean isWriting;
  private volatile int written;
  private volatile int faults;

  public PushStress() {
    queue.send(WebSocketFrame.of("0"), () -> {}); // its write does not end yet
  }

  private void write(WebSocketFrame frame, SendHandler handler) {
    if (isWriting) {
      faults = 1;
    }
    isWriting = true;
    written++;
    if (first == null) {
      first = handler;
    } else {
      isWriting = false;
      handler.onResult(FrameWriter.WRITTEN);
    }
  }

  @Actor
  public void send() {
    queue.send(WebSocketFrame.of("1"), () -> {});
  }

  @Actor
  public void writeEnds() {
    isWriting = false;
    first.onResult(FrameWriter.WRITTEN);
  }

  @Arbiter
  public void all(II_Result result) {
    result.r1 = written;
    result.r2 = faults;
  }

  @Override
  public void drained() {}

  @Override
  public void failed(Throwable failure) {
    faults = 2;
  }

  @Override
  public void broke(Throwable cause) {
    faults = 3;
  }

  @Override
  public void closeNow(Ending ending) {
    faults = 4;
  }
}
