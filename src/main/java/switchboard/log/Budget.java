package switchboard.log;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes all logs of a server keep together at the most. What a log keeps is taken from it
 * and given back.
 *
 * <p>Above nine tenths somebody is asked, once, to make room; what does not fit is refused. Half of
 * it may be taken for what cannot be forgotten.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Budget {

  /** For logs that nobody counts. */
  public static final Budget UNBOUNDED = new Budget(Long.MAX_VALUE, () -> {});

  private final long maxBytes;
  private final Runnable makeRoom;
  private final AtomicLong takenBytes = new AtomicLong();
  private final AtomicLong fixedBytes = new AtomicLong();
  private final AtomicBoolean asked = new AtomicBoolean();

  /**
   * Nothing taken yet.
   *
   * @param makeRoom starts the making of room and returns at once; it may be called with a log's
   *     lock held. {@link #madeRoom} says that it is done
   */
  public Budget(long maxBytes, Runnable makeRoom) {
    this.maxBytes = maxBytes;
    this.makeRoom = makeRoom;
  }

  /** Takes all of it, or nothing; whether it did. */
  public boolean take(long bytes) {
    long taken = takenBytes.addAndGet(bytes);
    if (isTight() && asked.compareAndSet(false, true)) {
      makeRoom.run();
    }
    if (taken > maxBytes) {
      give(bytes);
      return false;
    }
    return true;
  }

  /**
   * Takes all of it, or nothing, for what cannot be forgotten to make room: channels, producers. It
   * may be half of everything, so that there is always room for messages.
   */
  public boolean takeFixed(long bytes) {
    if (fixedBytes.addAndGet(bytes) <= maxBytes / 2 && take(bytes)) {
      return true;
    }
    fixedBytes.addAndGet(-bytes);
    return false;
  }

  /** Gives back what was {@linkplain #takeFixed taken}. */
  public void giveFixed(long bytes) {
    fixedBytes.addAndGet(-bytes);
    give(bytes);
  }

  /** Takes it though it may not fit: for what can be forgotten again without loss. */
  public void takeAnyway(long bytes) {
    takenBytes.addAndGet(bytes);
    if (isTight() && asked.compareAndSet(false, true)) {
      makeRoom.run();
    }
  }

  /** Gives back what was taken. */
  public void give(long bytes) {
    takenBytes.addAndGet(-bytes);
  }

  /** Whether room should be made. */
  public boolean isTight() {
    return takenBytes.get() > maxBytes / 10 * 9;
  }

  /** The room that could be made was made; the next time it gets tight, it is asked for again. */
  public void madeRoom() {
    asked.set(false);
  }

  /** What all logs keep now. */
  public long takenBytes() {
    return takenBytes.get();
  }

  /** What they may keep. */
  public long maxBytes() {
    return maxBytes;
  }
}
