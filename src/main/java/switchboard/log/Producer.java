package switchboard.log;

/**
 * Identifies an append by its producer and sequence number, so that a retry can be told from a new
 * append (Durable Streams PROTOCOL.md §5.2.1).
 *
 * @param id stable name of the producer, not empty
 * @param epoch one run of the producer; a greater one invalidates the older ones
 * @param seq counts the appends of one epoch from 0
 */
public record Producer(String id, long epoch, long seq) {

  /** The greatest epoch and sequence number: 2^53 - 1, exact in JavaScript. */
  public static final long MAX = (1L << 53) - 1;
}
