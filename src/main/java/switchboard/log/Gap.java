package switchboard.log;

/**
 * Messages after the offset are no longer available, and the reader must be told before it reads on
 * at {@code earliest}.
 *
 * @param reason why
 * @param earliest the first offset that can still be read
 * @param missed how many messages are missing; 0 if that is not known (another epoch)
 */
public record Gap(Reason reason, Offset earliest, long missed) implements Reading {

  /** Why a reader's place is gone. */
  public enum Reason {
    /** The log removed the messages: its limit on messages, bytes or age was reached. */
    TRIMMED,
    /** The offset is from another epoch: the log was started again since. */
    EPOCH;

    /** As it appears on the wire: {@code trimmed} or {@code epoch}. */
    public String token() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }
}
