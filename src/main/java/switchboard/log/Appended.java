package switchboard.log;

/** What became of an {@link Append}. Refusals changed nothing. */
public sealed interface Appended {

  /**
   * It is in the log.
   *
   * @param next the end of the log after it
   * @param closed the log is closed now
   */
  record Accepted(Offset next, boolean closed) implements Appended {}

  /**
   * It was in the log already: a retry, or the closing of a closed log.
   *
   * @param next the end of the log
   * @param closed the log is closed
   * @param highestSeq the producer's last accepted sequence number, -1 without a producer
   */
  record Duplicate(Offset next, boolean closed, long highestSeq) implements Appended {}

  /** The log is closed since {@code end}. */
  record LogClosed(Offset end) implements Appended {}

  /** The producer was replaced by a newer run of itself: {@code currentEpoch}. */
  record StaleEpoch(long currentEpoch) implements Appended {}

  /** A new producer epoch must start at sequence number 0. */
  record EpochNotAtZero(long receivedSeq) implements Appended {}

  /** One or more of the producer's appends are missing. */
  record ProducerGap(long expectedSeq, long receivedSeq) implements Appended {}

  /** All logs together keep as much as they may. */
  record Full(long maxBytes) implements Appended {}

  /** The log remembers as many producers as it may, and this is another one. */
  record TooManyProducers(int max) implements Appended {}

  /** {@code seq} is not greater than {@code lastSeq}. */
  record SeqRegression(String lastSeq) implements Appended {}
}
