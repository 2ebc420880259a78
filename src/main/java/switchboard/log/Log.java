package switchboard.log;

/**
 * What was said in one channel. The seam to where logs live: in this server's memory ({@link
 * RingLog}) or elsewhere.
 *
 * <p><b>Threads.</b> Safe.
 */
public interface Log {

  /**
   * Adds all messages, or none.
   *
   * @param nowMillis elapsed time, for the bound on age
   */
  Appended append(Append append, long nowMillis);

  /** What comes after {@code offset}: at most one page of it. */
  default Reading readAfter(Offset offset) {
    return readAfter(offset, Long.MAX_VALUE);
  }

  /**
   * What comes after {@code offset} and before number {@code limit}, so that all who read while the
   * log moves on get the same batch: at most one page of it.
   */
  Reading readAfter(Offset offset, long limit);

  /**
   * Whether what it has is all there is. A log that lives elsewhere, and cannot be asked there now,
   * has what it knew, and does not know whether there is more.
   */
  default boolean isCurrent() {
    return true;
  }

  /** The first place that can still be read. */
  Offset earliest();

  /** The place of the next message. */
  Offset end();

  /** Nothing may be appended any more. */
  boolean isClosed();

  /** Bytes of all messages kept here. */
  long retainedBytes();

  /** What it keeps here, with what that costs beside the messages' own bytes. */
  long heldBytes();

  /** Keeps no more than that here, but always its newest message. */
  void shrinkTo(long maxHeldBytes);

  /** Forgets what has become too old; the clock calls it, since nobody may append for long. */
  void forgetOld(long nowMillis);

  /** Nobody will find it any more: what it keeps counts no longer. */
  void leaveBudget();

  /** Somebody waits to be told that it moved. A log that moves only by {@link #append} need not. */
  default void listen() {}

  /** Somebody used it, which is what a sliding lifetime counts from. */
  default void touch() {}
}
