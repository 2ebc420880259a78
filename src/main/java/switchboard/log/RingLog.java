package switchboard.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A channel's log in memory: the newest messages, numbered without holes.
 *
 * <pre>
 *   forgotten      first                              head
 *  ···│ 40 │ 41 ║  42  │  43  │  44  │  45  │  46  ║  47 …
 *               ╰ the earliest offset               ╰ the end: where the next message goes
 * </pre>
 *
 * <p>An offset is a boundary: reading after 44 gives messages 44, 45 and 46 and the offset 47. The
 * slots are a ring that grows by doubling up to what {@link Retention} allows, so an idle channel
 * costs a few hundred bytes.
 *
 * <p><b>Threads.</b> Safe; one lock, held for a few array accesses, never during encoding or I/O.
 *
 * <p><b>Cost.</b> 16 bytes a message beside its own array; append and read are O(messages
 * concerned). Readers at the same offset share one {@link Batch}.
 */
public final class RingLog {

  private static final int SMALLEST = 8;

  private final long epoch;
  private final Retention retention;
  private final Page page;

  private byte[][] slots = new byte[SMALLEST][];
  private long[] times = new long[SMALLEST];
  private long first;
  private long head;
  private long bytes;
  private boolean closed;
  private Producer closedBy;
  private String lastSeq;
  private Map<String, Producer> producers = Map.of();
  private Batch latest;

  /**
   * An empty log.
   *
   * @param epoch this life's number, greater than that of any earlier log of the same name
   * @param retention how much to keep
   * @param page how much one read returns
   */
  public RingLog(long epoch, Retention retention, Page page) {
    this.epoch = epoch;
    this.retention = retention;
    this.page = page;
  }

  /**
   * Adds all messages, or none.
   *
   * @param nowMillis when, for the bound on age
   */
  public synchronized Appended append(Append append, long nowMillis) {
    Appended refusal = refusalOf(append);
    if (refusal != null) {
      return refusal;
    }
    for (byte[] message : append.messages()) {
      put(message, nowMillis);
    }
    if (append.producer() != null) {
      remember(append.producer());
    }
    if (append.seq() != null) {
      lastSeq = append.seq();
    }
    if (append.close()) {
      closed = true;
      closedBy = append.producer();
    }
    trim(nowMillis, append.messages().size());
    return new Appended.Accepted(end(), closed);
  }

  // The order is the protocol's (PROTOCOL.md §5.2 "Error Precedence"): a fenced producer learns
  // that it is fenced even from a closed log, and a retry of the closing append succeeds.
  private Appended refusalOf(Append append) {
    Producer producer = append.producer();
    if (closed) {
      return refusalWhenClosed(append);
    }
    if (producer != null) {
      Appended refusal = refusalOf(producer, producers.get(producer.id()));
      if (refusal != null) {
        return refusal;
      }
    }
    if (append.seq() != null && lastSeq != null && compareBytes(append.seq(), lastSeq) <= 0) {
      return new Appended.SeqRegression(lastSeq);
    }
    return null;
  }

  private Appended refusalWhenClosed(Append append) {
    Producer producer = append.producer();
    if (producer == null) {
      return append.messages().isEmpty()
          ? new Appended.Duplicate(end(), true, -1)
          : new Appended.LogClosed(end());
    }
    if (producer.equals(closedBy)) {
      return new Appended.Duplicate(end(), true, producer.seq());
    }
    Producer known = producers.get(producer.id());
    return known != null && producer.epoch() < known.epoch()
        ? new Appended.StaleEpoch(known.epoch())
        : new Appended.LogClosed(end());
  }

  private Appended refusalOf(Producer producer, Producer known) {
    if (known == null || producer.epoch() > known.epoch()) {
      if (producer.seq() == 0) {
        return null;
      }
      return known == null
          ? new Appended.ProducerGap(0, producer.seq())
          : new Appended.EpochNotAtZero(producer.seq());
    }
    if (producer.epoch() < known.epoch()) {
      return new Appended.StaleEpoch(known.epoch());
    }
    if (producer.seq() <= known.seq()) {
      return new Appended.Duplicate(end(), false, known.seq());
    }
    return producer.seq() == known.seq() + 1
        ? null
        : new Appended.ProducerGap(known.seq() + 1, producer.seq());
  }

  // PROTOCOL.md §5.2: "simple byte-wise lexicographic ordering".
  private static int compareBytes(String a, String b) {
    return Arrays.compareUnsigned(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }

  private void remember(Producer producer) {
    if (producers.isEmpty()) {
      producers = new HashMap<>();
    }
    producers.put(producer.id(), producer);
  }

  private void put(byte[] message, long nowMillis) {
    if (head - first == slots.length) {
      grow();
    }
    int index = index(head++);
    slots[index] = message;
    times[index] = nowMillis;
    bytes += message.length;
  }

  private void grow() {
    byte[][] oldSlots = slots;
    long[] oldTimes = times;
    slots = new byte[oldSlots.length * 2][];
    times = new long[slots.length];
    for (long number = first; number < head; number++) {
      int from = (int) (number & (oldSlots.length - 1));
      slots[index(number)] = oldSlots[from];
      times[index(number)] = oldTimes[from];
    }
  }

  private int index(long number) {
    return (int) (number & (slots.length - 1));
  }

  private void trim(long nowMillis, int justAppended) {
    long keepFrom = head - Math.max(1, justAppended);
    long maxAgeMillis = retention.maxAge().toMillis();
    // The newest append stays, or its publisher would be answered "accepted" for nothing.
    while (first < keepFrom
        && (head - first > retention.maxMessages()
            || bytes > retention.maxBytes()
            || isTooOld(nowMillis, maxAgeMillis))) {
      forgetFirst();
    }
  }

  private boolean isTooOld(long nowMillis, long maxAgeMillis) {
    return maxAgeMillis > 0 && nowMillis - times[index(first)] > maxAgeMillis;
  }

  private void forgetFirst() {
    int index = index(first++);
    bytes -= slots[index].length;
    slots[index] = null;
  }

  /** Forgets what has become too old; the clock calls it, since nobody may append for long. */
  public synchronized void forgetOld(long nowMillis) {
    long maxAgeMillis = retention.maxAge().toMillis();
    while (first < head && isTooOld(nowMillis, maxAgeMillis)) {
      forgetFirst();
      latest = null;
    }
  }

  /** What comes after {@code offset}: at most one page of it. */
  public synchronized Reading readAfter(Offset offset) {
    if (offset.epoch() != epoch || offset.number() > head) {
      // A number beyond the end was issued by a life of the log that knew more than this one.
      return new Gap(Gap.Reason.EPOCH, earliest(), 0);
    }
    long number = offset.number();
    if (number < first) {
      return new Gap(Gap.Reason.TRIMMED, earliest(), first - number);
    }
    if (number == head) {
      return new UpToDate(offset, closed);
    }
    if (latest == null || latest.from().number() != number || isOutdated(latest)) {
      latest = batch(offset);
    }
    return latest;
  }

  private boolean isOutdated(Batch batch) {
    return !batch.more() && (batch.next().number() != head || batch.closed() != closed);
  }

  private Batch batch(Offset offset) {
    List<byte[]> messages = new ArrayList<>();
    long number = offset.number();
    long size = 0;
    while (number < head && messages.size() < page.maxMessages()) {
      byte[] message = slots[index(number)];
      if (!messages.isEmpty() && size + message.length > page.maxBytes()) {
        break;
      }
      size += message.length;
      messages.add(message);
      number++;
    }
    boolean more = number < head;
    return new Batch(
        offset,
        new Offset(epoch, number),
        Collections.unmodifiableList(messages),
        more,
        closed && !more);
  }

  /** The first place that can still be read. */
  public synchronized Offset earliest() {
    return new Offset(epoch, first);
  }

  /** The place of the next message. */
  public synchronized Offset end() {
    return new Offset(epoch, head);
  }

  /** Nothing may be appended any more. */
  public synchronized boolean isClosed() {
    return closed;
  }

  /** Bytes of all messages kept. */
  public synchronized long retainedBytes() {
    return bytes;
  }
}
