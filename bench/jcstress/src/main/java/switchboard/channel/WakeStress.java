package switchboard.channel;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two threads append to one channel. A wake that is lost leaves the last message unwritten, for
 * nothing else comes.
 */
@JCStressTest
@Outcome(id = "3, 0", expect = Expect.ACCEPTABLE, desc = "all, once, one write at a time")
@Outcome(expect = Expect.FORBIDDEN, desc = "a message was lost or repeated, or writes overlapped")
@State
public class WakeStress {

  private final SlowSink sink = new SlowSink();

  public WakeStress() {
    sink.append();
    sink.endWrite();
  }

  @Actor
  public void one() {
    sink.append();
  }

  @Actor
  public void other() {
    sink.append();
  }

  @Arbiter
  public void all(II_Result result) {
    result.r1 = sink.written;
    result.r2 = sink.faults;
  }
}
