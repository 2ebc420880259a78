package switchboard.log;

import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * All that a log knows but its messages: what a store writes down, and what it starts from.
 *
 * @param first the number of the oldest message
 * @param head the number that the next message will have
 * @param producers the one that has been silent for longest first
 * @param lastSeq the last ordering token; {@code null} for none
 * @param closedBy the producer that closed it; {@code null} for none
 */
public record LogState(
    EpochHistory epochs,
    long first,
    long head,
    boolean closed,
    List<ProducerState> producers,
    @Nullable String lastSeq,
    @Nullable Producer closedBy) {

  /** A producer's last append, and when it was. */
  public record ProducerState(Producer last, long atMillis) {}

  /** The same with the producers' times by another clock. */
  public LogState withTimes(LongUnaryOperator toOther) {
    List<ProducerState> moved =
        producers.stream()
            .map(each -> new ProducerState(each.last(), toOther.applyAsLong(each.atMillis())))
            .toList();
    return new LogState(epochs, first, head, closed, moved, lastSeq, closedBy);
  }
}
