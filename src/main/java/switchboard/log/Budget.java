package switchboard.log;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes all logs of a server may use together. A log acquires what it keeps and releases
 * what it forgets.
 *
 * <p>Above nine tenths, {@code makeRoom} is called once; what does not fit is refused. At most half
 * of the budget can be acquired for what is never forgotten to make room.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Budget {

  /** For logs that are not counted. */
  public static final Budget UNBOUNDED = new Budget(Long.MAX_VALUE, () -> {});

  private final long maxBytes;
  private final Runnable makeRoom;
  private final AtomicLong usedBytes = new AtomicLong();
  private final AtomicLong fixedBytes = new AtomicLong();
  private final AtomicBoolean asked = new AtomicBoolean();

  /**
   * A budget of which nothing is used.
   *
   * @param makeRoom starts to make room and returns at once; it may be called with a log's lock
   *     held. {@link #madeRoom} says that it is done
   */
  public Budget(long maxBytes, Runnable makeRoom) {
    this.maxBytes = maxBytes;
    this.makeRoom = makeRoom;
  }

  /** Acquires all of it, or nothing; whether it did. */
  public boolean acquire(long bytes) {
    long used = usedBytes.addAndGet(bytes);
    askForRoom();
    if (used > maxBytes) {
      release(bytes);
      return false;
    }
    return true;
  }

  /**
   * Acquires all of it, or nothing, for what is never forgotten to make room: channels, producers.
   * That may be half of the budget, so that there is always room for messages.
   */
  public boolean acquireFixed(long bytes) {
    if (fixedBytes.addAndGet(bytes) <= maxBytes / 2 && acquire(bytes)) {
      return true;
    }
    fixedBytes.addAndGet(-bytes);
    return false;
  }

  /** Acquires it even if it does not fit: for what can be forgotten again without loss. */
  public void acquireAnyway(long bytes) {
    usedBytes.addAndGet(bytes);
    askForRoom();
  }

  private void askForRoom() {
    if (isTight() && asked.compareAndSet(false, true)) {
      makeRoom.run();
    }
  }

  /** Releases what was acquired. */
  public void release(long bytes) {
    usedBytes.addAndGet(-bytes);
  }

  /** Releases what {@link #acquireFixed} acquired. */
  public void releaseFixed(long bytes) {
    fixedBytes.addAndGet(-bytes);
    release(bytes);
  }

  /** Whether room should be made. */
  public boolean isTight() {
    return usedBytes.get() > maxBytes / 10 * 9;
  }

  /** Room was made where possible; the next time that it gets tight, it is asked for again. */
  public void madeRoom() {
    asked.set(false);
  }

  /** What all logs use now. */
  public long usedBytes() {
    return usedBytes.get();
  }

  /** What they may use. */
  public long maxBytes() {
    return maxBytes;
  }
}
