package switchboard.log;

/** The outcome of an {@link Append}. A refused one changed nothing. */
public sealed interface Appended {

  /**
   * It was appended.
   *
   * @param next the end of the log after it
   * @param closed the log is closed now
   */
  record Accepted(Offset next, boolean closed) implements Appended {}

  /**
   * It had been appended before: a retry, or the closing of a closed log.
   *
   * @param next the end of the log
   * @param closed the log is closed
   * @param highestSeq the producer's last accepted sequence number, -1 without a producer
   */
  record Duplicate(Offset next, boolean closed, long highestSeq) implements Appended {}

  /** The log is closed and ends at {@code end}. */
  record LogClosed(Offset end) implements Appended {}

  /** A newer epoch of the producer is active: {@code currentEpoch}. */
  record StaleEpoch(long currentEpoch) implements Appended {}

  /** A new producer epoch must start at sequence number 0. */
  record EpochNotAtZero(long receivedSeq) implements Appended {}

  /** Appends of the producer are missing. */
  record ProducerGap(long expectedSeq, long receivedSeq) implements Appended {}

  /** The memory limit for all logs is reached. */
  record Full(long maxBytes) implements Appended {}

  /** The log has reached its producer limit, and this is another producer. */
  record TooManyProducers(int max) implements Appended {}

  /** The log's channel was deleted. */
  record Gone() implements Appended {}

  /** The store failed: it is not known whether it was appended. */
  record Unknown() implements Appended {}

  /** {@code seq} is not greater than {@code lastSeq}. */
  record SeqRegression(String lastSeq) implements Appended {}
}
