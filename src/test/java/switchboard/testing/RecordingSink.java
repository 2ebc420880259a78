package switchboard.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import switchboard.channel.Ending;
import switchboard.channel.Sink;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;

/** A client that writes down what it gets, and takes the next write when the test says so. */
public final class RecordingSink implements Sink {

  public final List<String> events;
  private final boolean isSlow;
  private final List<Runnable> unfinished = new ArrayList<>();
  private Runnable onWrite = () -> {};
  private volatile int batches;
  private boolean isFree = true;

  private RecordingSink(boolean isSlow, List<String> events) {
    this.events = events;
    this.isSlow = isSlow;
  }

  public static RecordingSink fast() {
    return new RecordingSink(false, new CopyOnWriteArrayList<>());
  }

  /** Writes down in a list of the test's. */
  public static RecordingSink into(List<String> events) {
    return new RecordingSink(false, events);
  }

  /** Takes one write and no more until {@link #finishWrite}. */
  public static RecordingSink slow() {
    return new RecordingSink(true, new CopyOnWriteArrayList<>());
  }

  /** Does something once, in the midst of the next write. */
  public void onWrite(Runnable action) {
    onWrite = action;
  }

  /** How many writes it took. */
  public int batches() {
    return batches;
  }

  /** Whether it takes a batch. */
  public void isFree(boolean free) {
    isFree = free;
  }

  @Override
  public boolean isFree(Subscription subscription) {
    return isFree;
  }

  public void finishWrite() {
    unfinished.remove(0).run();
  }

  @Override
  public Transport transport() {
    return Transport.WEBSOCKET;
  }

  @Override
  public void write(Batch batch, Runnable done) {
    batches = batches + 1; // one writer at a time
    Runnable once = onWrite;
    onWrite = () -> {};
    once.run();
    batch.messages().forEach(message -> events.add(new String(message, UTF_8)));
    finished(done);
  }

  @Override
  public void gap(Gap gap, Runnable done) {
    events.add("gap of " + gap.missed());
    finished(done);
  }

  private void finished(Runnable done) {
    if (isSlow) {
      unfinished.add(done);
    } else {
      done.run();
    }
  }

  @Override
  public void closed(Offset end) {
    events.add("closed");
  }

  @Override
  public void end(Ending ending) {
    events.add(ending.slug());
  }
}
