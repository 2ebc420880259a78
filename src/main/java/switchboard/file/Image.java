package switchboard.file;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import switchboard.file.Records.Origin;
import switchboard.log.EpochHistory;
import switchboard.log.LogState;
import switchboard.log.LogState.ProducerState;
import switchboard.log.Producer;

/**
 * A channel as the journal tells it: first all but its messages, then these.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class Image {

  private final Records.State written;
  private final long segment;
  private final long group;
  private final Map<String, ProducerState> producers = new LinkedHashMap<>();
  private EpochHistory epochs;
  private long first;
  private long head;
  private boolean isClosed;
  private String lastSeq;
  private Producer closedBy;
  private long usedMillis;
  private long missing;
  private byte[][] messages;
  private long[] times;

  /**
   * A channel from its state on.
   *
   * @param segment where that is written
   */
  Image(Records.State state, long segment, long group) {
    this.written = state;
    this.segment = segment;
    this.group = group;
    this.epochs = state.log().epochs();
    this.first = state.log().first();
    this.head = state.log().head();
    this.isClosed = state.log().closed();
    this.lastSeq = state.log().lastSeq();
    this.closedBy = state.log().closedBy();
    this.usedMillis = state.usedMillis();
    state.log().producers().forEach(producer -> producers.put(producer.last().id(), producer));
  }

  /**
   * An append follows.
   *
   * @throws IllegalArgumentException if it cannot be the next one
   */
  void apply(Records.Appending append) {
    if (append.first() != head || append.epoch() < epochs.last() || isClosed) {
      throw new IllegalArgumentException(
          "channel \"%s\": message %d of epoch %d does not follow %d of epoch %d"
              .formatted(name(), append.first(), append.epoch(), head, epochs.last()));
    }
    if (append.epoch() > epochs.last()) {
      epochs = epochs.next(append.epoch(), first, head);
    }
    head += append.messages().size();
    first = Math.max(first, append.earliest());
    Producer producer = append.producer();
    if (producer != null) {
      producers.remove(producer.id());
      producers.put(producer.id(), new ProducerState(producer, append.millis()));
    }
    if (append.seq() != null) {
      lastSeq = append.seq();
    }
    if (append.close()) {
      isClosed = true;
      closedBy = producer;
    }
    usedMillis = Math.max(usedMillis, append.millis());
  }

  void apply(Records.Touch touch) {
    usedMillis = Math.max(usedMillis, touch.usedMillis());
    first = Math.max(first, Math.min(touch.earliest(), head));
  }

  /** Its epochs get other names: messages may be missing. */
  void rename(java.util.function.LongUnaryOperator names) {
    epochs = epochs.renamed(names, head);
  }

  /** The state is complete: from now on it takes messages. */
  void open() {
    missing = head - first;
    messages = new byte[Math.toIntExact(missing)][];
    times = new long[messages.length];
  }

  /** Takes a message, if it is one of its own. */
  void take(long origin, long number, byte[] message, long millis) {
    if (number < first || number >= head || originOf(number) != origin) {
      return;
    }
    int index = (int) (number - first);
    if (messages[index] == null) {
      missing--;
    }
    messages[index] = message;
    times[index] = millis;
  }

  private long originOf(long number) {
    return originOf(written.origins(), number);
  }

  static long originOf(List<Origin> origins, long number) {
    int i = origins.size() - 1;
    while (i > 0 && origins.get(i).number() > number) {
      i--;
    }
    return origins.get(i).channel();
  }

  /**
   * Requires that it has all its messages.
   *
   * @throws IllegalArgumentException if it does not
   */
  void requireWhole() {
    if (missing > 0) {
      throw new IllegalArgumentException(
          "channel \"%s\": %d of the messages %d to %d are missing"
              .formatted(name(), missing, first, head - 1));
    }
  }

  long id() {
    return written.id();
  }

  String name() {
    return written.name();
  }

  /** From which channels' records its messages are. */
  List<Origin> origins() {
    return written.origins();
  }

  /** What never changes: the name, the type, where it comes from. */
  Records.State base() {
    return state(null);
  }

  /** All but its messages. */
  Records.State state() {
    return state(log());
  }

  private Records.State state(LogState log) {
    return new Records.State(
        written.id(),
        written.millis(),
        usedMillis,
        written.name(),
        written.type(),
        written.lifetime(),
        written.isTtl(),
        written.fork(),
        written.origins(),
        log,
        List.of());
  }

  long segment() {
    return segment;
  }

  long group() {
    return group;
  }

  long usedMillis() {
    return usedMillis;
  }

  List<byte[]> messages() {
    return List.of(messages);
  }

  long[] times() {
    return times;
  }

  LogState log() {
    List<ProducerState> all = new ArrayList<>(producers.values());
    return new LogState(epochs, first, head, isClosed, all, lastSeq, closedBy);
  }

  EpochHistory epochs() {
    return epochs;
  }
}
