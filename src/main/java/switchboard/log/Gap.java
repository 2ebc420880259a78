package switchboard.log;

/**
 * Messages after the offset are no longer available, and the reader must be told before it reads on
 * at {@code earliest}.
 *
 * @param reason why
 * @param earliest the first place that can still be read
 * @param missed how many messages are gone; 0 where that cannot be known (another epoch)
 */
public record Gap(Reason reason, Offset earliest, long missed) implements Reading {

  /** Why a reader's place is gone. */
  public enum Reason {
    /** The log forgot the messages: its bound on messages, bytes or age was reached. */
    TRIMMED,
    /** The offset is not of this life of the log: the log started anew since. */
    EPOCH;

    /** As it appears on the wire: {@code trimmed} or {@code epoch}. */
    public String token() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }
}
