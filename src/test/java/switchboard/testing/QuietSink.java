package switchboard.testing;

import switchboard.channel.Ending;
import switchboard.channel.Sink;
import switchboard.channel.Transport;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;

/** A client that takes what comes at once and does nothing with it. */
public class QuietSink implements Sink {

  private final Transport transport;
  private final String member;

  /**
   * Listens.
   *
   * @param member what it calls itself, or {@code null}
   */
  public QuietSink(Transport transport, String member) {
    this.transport = transport;
    this.member = member;
  }

  @Override
  public Transport transport() {
    return transport;
  }

  @Override
  public String member() {
    return member;
  }

  @Override
  public void write(Batch batch, Runnable done) {
    done.run();
  }

  @Override
  public void gap(Gap gap, Runnable done) {
    done.run();
  }

  @Override
  public void closed(Offset end) {
    // nobody is told
  }

  @Override
  public void end(Ending ending) {
    // it does not come again
  }
}
