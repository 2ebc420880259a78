package switchboard.channel;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A write ends on another thread while a message is appended: the one that comes second must write
 * it, whichever it is. See {@link SlowSink}.
 */
@JCStressTest
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "both, once, one write at a time")
@Outcome(expect = Expect.FORBIDDEN, desc = "a message was lost or repeated, or writes overlapped")
@State
public class AdvanceStress {

  private final SlowSink sink = new SlowSink();

  public AdvanceStress() {
    sink.append(); // its write has begun and does not end
  }

  @Actor
  public void append() {
    sink.append();
  }

  @Actor
  public void written() {
    sink.endWrite();
  }

  @Arbiter
  public void all(II_Result result) {
    result.r1 = sink.written;
    result.r2 = sink.faults;
  }
}
