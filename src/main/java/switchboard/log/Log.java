package switchboard.log;

import java.util.function.Consumer;

/**
 * The messages of one channel. Implementations keep them in the memory of this server ({@link
 * RingLog}) or elsewhere.
 *
 * <p><b>Threads.</b> Safe.
 */
public interface Log {

  /**
   * Adds all messages, or none.
   *
   * @param nowMillis elapsed time, for the bound on age
   * @param done is told the outcome once nothing can change it any more: before this returns, or
   *     later by another thread. In that case the log has told its channel that it moved
   */
  void append(Append append, long nowMillis, Consumer<Appended> done);

  /** What comes after {@code offset}: at most one page of it. */
  default Reading readAfter(Offset offset) {
    return readAfter(offset, Long.MAX_VALUE);
  }

  /**
   * What comes after {@code offset} and before number {@code limit}: at most one page of it. With
   * the same limit, all readers get the same batch while messages are appended.
   */
  Reading readAfter(Offset offset, long limit);

  /**
   * Whether it is known to have all messages. A log that is kept elsewhere, and cannot be read
   * there now, has only what was known before.
   */
  default boolean isCurrent() {
    return true;
  }

  /** The first offset that can still be read. */
  Offset earliest();

  /** The offset behind the newest message. */
  Offset end();

  /** Nothing may be appended any more. */
  boolean isClosed();

  /** Bytes of all messages kept here. */
  long retainedBytes();

  /** What it keeps here, including what that costs beside the messages' own bytes. */
  long heldBytes();

  /** Keeps no more than that here, but always its newest message. */
  void shrinkTo(long maxHeldBytes);

  /** Removes what has become too old. Called once a second, also if nothing is appended. */
  void forgetOld(long nowMillis);

  /** It is no longer in use: what it keeps is no longer counted. */
  void leaveBudget();

  /** It has a reader, and must report what is appended elsewhere. */
  default void listen() {}

  /** It was used; a sliding lifetime counts from here. */
  default void touch() {}
}
