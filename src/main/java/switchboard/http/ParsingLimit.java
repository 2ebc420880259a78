package switchboard.http;

import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * How many bytes of JSON are parsed at the same time, or of text written as such. As objects they
 * use up to fifty times as much memory, so bodies that fit into the heap one after the other may
 * not fit together.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class ParsingLimit {

  /**
   * Texts up to this length are not counted, because they are parsed in less than a millisecond.
   */
  public static final int FREE_BYTES = 8 << 10;

  /** Fifty times a 256th of the heap is a fifth of it. */
  public static final ParsingLimit OF_HEAP =
      new ParsingLimit(Runtime.getRuntime().maxMemory() / 256);

  /**
   * The same for texts that become JSON or lines of an event. A page's size says little of what
   * they become: each character may be six, and as long as they are made there are several copies.
   */
  public static final ParsingLimit OF_TEXTS =
      new ParsingLimit(Runtime.getRuntime().maxMemory() / 256);

  private final int max;
  private final Semaphore rest;

  ParsingLimit(long maxBytes) {
    max = (int) Math.min(Integer.MAX_VALUE, maxBytes);
    rest = new Semaphore(max, true);
  }

  /**
   * Waits until this number of bytes may be parsed. A text that is larger than the limit is parsed
   * alone.
   *
   * @return what to {@link #release} afterwards
   */
  public int acquire(int bytes) {
    int counted = counted(bytes);
    // A fair semaphore lets even 0 wait behind others.
    if (counted > 0) {
      rest.acquireUninterruptibly(counted);
    }
    return counted;
  }

  /** The same for a thread that must not wait; negative if there is no room now. */
  public int tryAcquire(int bytes) {
    int counted = counted(bytes);
    return rest.tryAcquire(counted) ? counted : -1;
  }

  /** Does something with this number of bytes, when there is room. */
  public <T> T run(int bytes, Supplier<T> work) {
    int acquired = acquire(bytes);
    try {
      return work.get();
    } finally {
      release(acquired);
    }
  }

  private int counted(int bytes) {
    return bytes <= FREE_BYTES ? 0 : Math.min(bytes, max);
  }

  /** The bytes are parsed; their objects are no longer used. */
  public void release(int counted) {
    rest.release(counted);
  }
}
