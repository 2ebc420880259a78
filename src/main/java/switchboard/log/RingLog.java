package switchboard.log;

import java.lang.ref.SoftReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
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
 * slots are a ring that doubles and halves within what {@link Retention} allows, so an idle channel
 * costs a few hundred bytes.
 *
 * <p>A {@linkplain #fork fork} starts with the same messages – the same objects, not copies – under
 * the same numbers, and goes its own way from there. Its offsets up to the fork are the source's;
 * those behind it have the fork's own, greater epoch:
 *
 * <pre>
 *   source   e1_0 ─ e1_1 ─ e1_2 ─ e1_3
 *                            ╰─ fork ─ e2_3 ─ e2_4
 * </pre>
 *
 * <p><b>Threads.</b> Safe; one lock, held for a few array accesses, never during encoding or I/O.
 *
 * <p><b>Cost.</b> 16 bytes a message beside its own array; append and read are O(messages
 * concerned). Readers at the same offset share one {@link Batch}, which is dropped at the next
 * tick.
 */
public final class RingLog implements Log {

  private static final int SMALLEST = 8;

  /** How long a producer that is silent is known: what the protocol recommends (§5.2.1). */
  private static final long PRODUCER_MILLIS = Duration.ofDays(7).toMillis();

  /** What a log, a message and a producer cost beside what was written, roughly. */
  private static final int LOG_BYTES = 1_000;

  private static final int MESSAGE_BYTES = 32;
  private static final int PRODUCER_BYTES = 200;
  private static final int LIFE_BYTES = 40;

  /** A producer's last append. */
  private record Known(Producer producer, long atMillis) {}

  /** From {@code start} on, exclusively, offsets have this epoch. */
  private record Life(long epoch, long start) {}

  private static final SoftReference<Batch> NO_BATCH = new SoftReference<>(null);

  private final List<Life> lives;
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
  private Map<String, Known> producers = Map.of();
  private UpToDate upToDate;
  // Two: while readers go on from one batch to the next, some stand at either place.
  // What is encoded of them is not counted, so that it goes before the memory does.
  private SoftReference<Batch> newer = NO_BATCH;
  private SoftReference<Batch> older = NO_BATCH;
  private Budget budget = Budget.UNBOUNDED;
  private long producerBytes;
  private long channelBytes;
  private boolean isMirror;

  /**
   * An empty log.
   *
   * @param epoch this life's number, greater than that of any earlier log of the same name
   * @param retention how much to keep
   * @param page how much one read returns
   */
  public RingLog(long epoch, Retention retention, Page page) {
    this(List.of(new Life(epoch, 0)), retention, page);
  }

  private RingLog(List<Life> lives, Retention retention, Page page) {
    this.lives = lives;
    this.retention = retention;
    this.page = page;
  }

  /**
   * A copy, empty as yet, of the newest part of a log that lives elsewhere; {@link #take} fills it.
   *
   * @param lives which epochs that log's offsets have, each from its number on
   * @param start the number from which on it has messages
   * @param channelBytes what the channel costs beside its log
   */
  public static RingLog mirror(
      List<Offset> lives,
      long start,
      Retention retention,
      Page page,
      Budget budget,
      long channelBytes) {
    List<Life> copied = lives.stream().map(life -> new Life(life.epoch(), life.number())).toList();
    RingLog mirror = new RingLog(copied, retention, page);
    mirror.first = start;
    mirror.head = start;
    mirror.budget = budget;
    mirror.channelBytes = channelBytes;
    mirror.isMirror = true;
    budget.takeAnyway(mirror.heldBytes());
    return mirror;
  }

  /**
   * Takes messages that the log which it mirrors has accepted; there is nothing to refuse any more.
   *
   * @param atMillis when they were appended
   * @param closes that log was closed with them
   */
  public synchronized void take(List<byte[]> messages, long atMillis, boolean closes) {
    for (byte[] message : messages) {
      budget.takeAnyway(message.length + MESSAGE_BYTES);
      put(message, atMillis);
    }
    closed |= closes;
    trim(atMillis, messages.size());
  }

  /** What it keeps is taken from {@code budget} from now on; whether there was so much left. */
  public boolean join(Budget budget) {
    return join(budget, 0);
  }

  /**
   * The same for the log of a channel.
   *
   * @param channelBytes what the channel costs beside its log: its name, its content type
   */
  public synchronized boolean join(Budget budget, long channelBytes) {
    this.channelBytes = channelBytes;
    if (!budget.takeFixed(fixedBytes())) {
      this.channelBytes = 0;
      return false;
    }
    if (!budget.take(messageBytes())) {
      budget.giveFixed(fixedBytes());
      this.channelBytes = 0;
      return false;
    }
    this.budget = budget;
    return true;
  }

  @Override
  public synchronized void leaveBudget() {
    if (isMirror) {
      budget.give(heldBytes());
    } else {
      budget.give(messageBytes());
      budget.giveFixed(fixedBytes());
    }
    budget = Budget.UNBOUNDED;
  }

  @Override
  public synchronized long heldBytes() {
    return fixedBytes() + messageBytes();
  }

  private long fixedBytes() {
    long channel = LOG_BYTES + channelBytes + (long) LIFE_BYTES * lives.size();
    return channel + producerBytes + cost(lastSeq);
  }

  private long messageBytes() {
    return bytes + (head - first) * MESSAGE_BYTES;
  }

  @Override
  public synchronized void shrinkTo(long maxHeldBytes) {
    while (head - first > 1 && heldBytes() > maxHeldBytes) {
      forgetFirst();
    }
    forgetPages();
  }

  private void forgetPages() {
    newer = NO_BATCH;
    older = NO_BATCH;
  }

  /**
   * A new, open log that begins with this one's messages up to {@code at} and knows nothing of its
   * producers.
   *
   * <p><b>Cost.</b> 16 bytes an inherited message; the messages themselves are shared.
   *
   * @param epoch the fork's own, greater than this log's
   * @param at where it leaves this log
   * @param prefixBytes so many bytes of the next message belong to the fork as well
   * @throws IllegalArgumentException if {@code at} is not in this log, or the next message is
   *     shorter than that; says so
   */
  public synchronized RingLog fork(long epoch, Offset at, int prefixBytes) {
    if (!knows(at) || at.number() < first) {
      throw new IllegalArgumentException(
          "offset \"%s\": the source has offsets from %s to %s".formatted(at, earliest(), end()));
    }
    List<Life> forkLives = new ArrayList<>();
    for (Life life : lives) {
      // Forked exactly where the source was forked itself: the source's own life left no trace.
      if (life.start() < at.number() || life.start() == 0) {
        forkLives.add(life);
      }
    }
    forkLives.add(new Life(epoch, at.number()));
    RingLog fork = new RingLog(List.copyOf(forkLives), retention, page);
    fork.first = first;
    fork.head = first;
    for (long number = first; number < at.number(); number++) {
      fork.put(slots[index(number)], times[index(number)]);
    }
    if (prefixBytes > 0) {
      fork.put(prefix(at, prefixBytes), times[index(at.number())]);
    }
    return fork;
  }

  /**
   * The place {@code count} messages behind {@code offset}.
   *
   * @throws IllegalArgumentException if the log does not reach so far; says so
   */
  public synchronized Offset plus(Offset offset, int count) {
    if (count == 0) {
      return offset;
    }
    if (!knows(offset) || offset.number() + count > head) {
      throw new IllegalArgumentException(
          "sub-offset %d: there are not so many messages between %s and %s"
              .formatted(count, offset, end()));
    }
    return offset(offset.number() + count);
  }

  private byte[] prefix(Offset at, int prefixBytes) {
    int available = at.number() < head ? slots[index(at.number())].length : 0;
    if (prefixBytes > available) {
      throw new IllegalArgumentException(
          "sub-offset %d: the message after %s has %d bytes".formatted(prefixBytes, at, available));
    }
    return Arrays.copyOf(slots[index(at.number())], prefixBytes);
  }

  @Override
  public synchronized Appended append(Append append, long nowMillis) {
    Appended refusal = refusalOf(append);
    if (refusal != null) {
      return refusal;
    }
    if (append.producer() != null) {
      forgetProducers(nowMillis);
      if (isUnknown(append.producer()) && producers.size() >= retention.maxProducers()) {
        return new Appended.TooManyProducers(retention.maxProducers());
      }
    }
    if (!take(append)) {
      return new Appended.Full(budget.maxBytes());
    }
    for (byte[] message : append.messages()) {
      put(message, nowMillis);
    }
    if (append.producer() != null) {
      remember(append.producer(), nowMillis);
    }
    if (append.seq() != null) {
      budget.giveFixed(Math.max(0, cost(lastSeq) - cost(append.seq())));
      lastSeq = append.seq();
    }
    if (append.close()) {
      closed = true;
      closedBy = append.producer();
    }
    trim(nowMillis, append.messages().size());
    return new Appended.Accepted(end(), closed);
  }

  private boolean take(Append append) {
    long messages = append.sizeBytes() + (long) append.messages().size() * MESSAGE_BYTES;
    long fixed = append.seq() == null ? 0 : Math.max(0, cost(append.seq()) - cost(lastSeq));
    if (append.producer() != null && isUnknown(append.producer())) {
      fixed += cost(append.producer());
    }
    if (!budget.take(messages)) {
      return false;
    }
    if (fixed > 0 && !budget.takeFixed(fixed)) {
      budget.give(messages);
      return false;
    }
    return true;
  }

  private static long cost(String seq) {
    return seq == null ? 0 : 2L * seq.length();
  }

  private static long cost(Producer producer) {
    return PRODUCER_BYTES + 2L * producer.id().length();
  }

  private boolean isUnknown(Producer producer) {
    return !producers.containsKey(producer.id());
  }

  // The order is the protocol's (PROTOCOL.md §5.2 "Error Precedence"): a fenced producer learns
  // that it is fenced even from a closed log, and a retry of the closing append succeeds.
  private Appended refusalOf(Append append) {
    Producer producer = append.producer();
    if (closed) {
      return refusalWhenClosed(append);
    }
    if (producer != null) {
      Appended refusal = refusalOf(producer, lastOf(producer.id()));
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
    Producer known = lastOf(producer.id());
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

  private Producer lastOf(String producerId) {
    Known known = producers.get(producerId);
    return known == null ? null : known.producer();
  }

  private void remember(Producer producer, long nowMillis) {
    if (producers.isEmpty()) {
      producers = new LinkedHashMap<>();
    }
    // Out and in again, so that those longest silent come first and forgetting them costs little.
    if (producers.remove(producer.id()) == null) {
      producerBytes += cost(producer);
    }
    producers.put(producer.id(), new Known(producer, nowMillis));
  }

  private void forgetProducers(long nowMillis) {
    var eldest = producers.values().iterator();
    while (eldest.hasNext()) {
      Known known = eldest.next();
      if (nowMillis - known.atMillis() <= PRODUCER_MILLIS) {
        return;
      }
      eldest.remove();
      producerBytes -= cost(known.producer());
      budget.giveFixed(cost(known.producer()));
    }
  }

  private void put(byte[] message, long nowMillis) {
    if (head - first == slots.length) {
      resize(slots.length * 2);
    }
    int index = index(head++);
    slots[index] = message;
    times[index] = nowMillis;
    bytes += message.length;
  }

  private void resize(int length) {
    byte[][] oldSlots = slots;
    long[] oldTimes = times;
    slots = new byte[length][];
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
    budget.give(slots[index].length + MESSAGE_BYTES);
    slots[index] = null;
    // Or a log that had many messages once would keep their places for ever.
    if (slots.length > SMALLEST && head - first < slots.length / 4) {
      resize(slots.length / 2);
    }
  }

  @Override
  public synchronized void forgetOld(long nowMillis) {
    long maxAgeMillis = retention.maxAge().toMillis();
    while (first < head && isTooOld(nowMillis, maxAgeMillis)) {
      forgetFirst();
    }
    // Encoded pages of a channel that is quiet now are not worth their memory.
    forgetPages();
  }

  @Override
  public synchronized Reading readAfter(Offset offset, long limit) {
    if (!knows(offset)) {
      return new Gap(Gap.Reason.EPOCH, earliest(), 0);
    }
    long number = offset.number();
    if (number < first) {
      return new Gap(Gap.Reason.TRIMMED, earliest(), first - number);
    }
    long end = Math.min(head, limit);
    if (number >= end) {
      return upToDate(offset, closed && number == head);
    }
    return batch(offset, end);
  }

  private UpToDate upToDate(Offset offset, boolean isClosed) {
    // A thousand readers that reach the end are told by one object.
    if (upToDate == null || !upToDate.next().equals(offset) || upToDate.closed() != isClosed) {
      upToDate = new UpToDate(offset, isClosed);
    }
    return upToDate;
  }

  private Batch batch(Offset offset, long end) {
    Batch last = newer.get();
    if (fits(last, offset, end)) {
      return last;
    }
    Batch other = older.get();
    if (fits(other, offset, end)) {
      return other;
    }
    Batch fresh = read(offset, end);
    older = newer;
    newer = new SoftReference<>(fresh);
    return fresh;
  }

  // A number beyond the end was issued by a life of the log that knew more than this one.
  private boolean knows(Offset offset) {
    long number = offset.number();
    if (number > head) {
      return false;
    }
    for (int i = lives.size() - 1; i >= 0; i--) {
      Life life = lives.get(i);
      long lifeEnd = i == lives.size() - 1 ? head : lives.get(i + 1).start();
      if (offset.epoch() == life.epoch()) {
        return number >= life.start() && number <= lifeEnd;
      }
    }
    return false;
  }

  // The place where a fork leaves its source keeps the source's name.
  private Offset offset(long number) {
    int i = lives.size() - 1;
    while (i > 0 && number <= lives.get(i).start()) {
      i--;
    }
    return new Offset(lives.get(i).epoch(), number);
  }

  /** Whether {@code batch} is what a read from {@code offset} up to {@code end} would give. */
  private boolean fits(Batch batch, Offset offset, long end) {
    if (batch == null || !batch.from().equals(offset)) {
      return false;
    }
    long next = batch.next().number();
    return next == end ? batch.closed() == (closed && end == head) : batch.more() && next < end;
  }

  private Batch read(Offset offset, long end) {
    List<byte[]> messages = new ArrayList<>();
    long number = offset.number();
    long size = 0;
    while (number < end && messages.size() < page.maxMessages()) {
      byte[] message = slots[index(number)];
      if (!messages.isEmpty() && size + message.length > page.maxBytes()) {
        break;
      }
      size += message.length;
      messages.add(message);
      number++;
    }
    boolean isClosing = closed && number == head;
    return new Batch(
        offset, offset(number), Collections.unmodifiableList(messages), number < end, isClosing);
  }

  @Override
  public synchronized Offset earliest() {
    return offset(first);
  }

  @Override
  public synchronized Offset end() {
    return offset(head);
  }

  @Override
  public synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized long retainedBytes() {
    return bytes;
  }
}
