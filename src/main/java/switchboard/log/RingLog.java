package switchboard.log;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
 * messages are in a {@linkplain MessageRing ring} that grows and shrinks within what {@link
 * Retention} allows, so an idle channel costs a few hundred bytes.
 *
 * <p>It has two ends. Writers go on behind the last message that was {@linkplain #take taken};
 * readers are given no more than was {@linkplain #show shown}. In a log that is only in memory both
 * are the same; a store with a disk shows a message when it is there.
 *
 * <p>A {@linkplain #fork fork} starts with the same messages – the same objects, not copies – under
 * the same numbers, and is independent from there on. Its offsets up to the fork are the source's;
 * those behind it have the fork's own, greater epoch ({@link EpochHistory}):
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

  /** What a log, a message and an epoch cost beside the messages' bytes, roughly. */
  private static final int LOG_BYTES = 1_000;

  private static final int MESSAGE_BYTES = 32;
  private static final int EPOCH_BYTES = 40;

  private static final SoftReference<Batch> NO_BATCH = new SoftReference<>(null);

  private EpochHistory epochs;
  private final Retention retention;
  private final Page page;
  private final MessageRing ring;
  private final ProducerTable producers = new ProducerTable();

  private long shown; // the number behind the last message for readers
  private boolean isClosedShown;
  private boolean closed; // for writers
  private @Nullable UpToDate upToDate;
  // Two: while readers move from one batch to the next, some are at either place. Soft, because
  // the budget does not count what is encoded of them.
  private SoftReference<Batch> newer = NO_BATCH;
  private SoftReference<Batch> older = NO_BATCH;
  private Budget budget = Budget.UNBOUNDED;
  private long channelBytes;
  private boolean isMirror;

  /**
   * An empty log.
   *
   * @param epoch greater than that of any earlier log of the same name
   * @param retention how much to keep
   * @param page how much one read returns
   */
  public RingLog(long epoch, Retention retention, Page page) {
    this(EpochHistory.of(epoch), 0, retention, page);
  }

  private RingLog(EpochHistory epochs, long start, Retention retention, Page page) {
    this.epochs = epochs;
    this.retention = retention;
    this.page = page;
    this.ring = new MessageRing(start);
    this.shown = start;
  }

  /**
   * An empty copy of the newest part of a log that lives elsewhere; {@link #mirror} fills it.
   *
   * @param epochs those of that log
   * @param start the number of its first message
   * @param channelBytes what the channel costs beside its log
   */
  public static RingLog mirrorOf(
      EpochHistory epochs,
      long start,
      Retention retention,
      Page page,
      Budget budget,
      long channelBytes) {
    RingLog mirror = new RingLog(epochs, start, retention, page);
    mirror.budget = budget;
    mirror.channelBytes = channelBytes;
    mirror.isMirror = true;
    budget.acquireAnyway(mirror.heldBytes());
    return mirror;
  }

  /**
   * Adds messages that the log which this one mirrors has accepted; nothing is refused.
   *
   * @param atMillis when they were appended
   * @param closes whether that log was closed with them
   */
  public synchronized void mirror(List<byte[]> messages, long atMillis, boolean closes) {
    for (byte[] message : messages) {
      budget.acquireAnyway(message.length + MESSAGE_BYTES);
      ring.add(message, atMillis);
    }
    closed |= closes;
    trim(atMillis, messages.size());
    showAll();
  }

  /**
   * A log as it was, all of it shown.
   *
   * @param messages all from the first to the head
   * @param times when each of them was appended
   */
  public static RingLog restore(
      LogState state, List<byte[]> messages, long[] times, Retention retention, Page page) {
    RingLog log = new RingLog(state.epochs(), state.first(), retention, page);
    for (int i = 0; i < messages.size(); i++) {
      log.ring.add(messages.get(i), times[i]);
    }
    log.producers.restore(state);
    log.closed = state.closed();
    log.showAll();
    return log;
  }

  /** What it knows but its messages; as writers see it, also what is not shown. */
  public synchronized LogState state() {
    return producers.state(epochs, ring, closed);
  }

  /** Whether something was taken that is not shown. */
  public synchronized boolean isPending() {
    return shown != ring.head() || isClosedShown != closed;
  }

  /** The number of its oldest message. */
  public synchronized long firstNumber() {
    return ring.first();
  }

  /** The epoch of what is appended now. */
  public synchronized long epoch() {
    return epochs.last();
  }

  /**
   * What follows has another epoch: it is appended by another server than what is there. Offsets of
   * the former epoch stay good up to here.
   *
   * @param epoch greater than all before; nothing happens if the newest one is
   * @return whether there is memory for it
   */
  public synchronized boolean beginLife(long epoch) {
    if (epoch <= epochs.last()) {
      return true;
    }
    EpochHistory next = epochs.next(epoch, ring.first(), ring.head());
    long added = (long) EPOCH_BYTES * (next.size() - epochs.size());
    if (added > 0 && !budget.acquireFixed(added)) {
      return false;
    }
    if (added < 0) {
      budget.releaseFixed(-added);
    }
    epochs = next;
    return true;
  }

  /** From now on {@code budget} counts what this log keeps; whether it has room for it. */
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
    if (!budget.acquireFixed(fixedBytes())) {
      this.channelBytes = 0;
      return false;
    }
    if (!budget.acquire(messageBytes())) {
      budget.releaseFixed(fixedBytes());
      this.channelBytes = 0;
      return false;
    }
    this.budget = budget;
    return true;
  }

  @Override
  public synchronized void leaveBudget() {
    if (isMirror) {
      budget.release(heldBytes());
    } else {
      budget.release(messageBytes());
      budget.releaseFixed(fixedBytes());
    }
    budget = Budget.UNBOUNDED;
  }

  @Override
  public synchronized long heldBytes() {
    return fixedBytes() + messageBytes();
  }

  private long fixedBytes() {
    return LOG_BYTES + channelBytes + (long) EPOCH_BYTES * epochs.size() + producers.bytes();
  }

  private long messageBytes() {
    return ring.bytes() + ring.count() * MESSAGE_BYTES;
  }

  @Override
  public synchronized void shrinkTo(long maxHeldBytes) {
    while (ring.count() > 1 && heldBytes() > maxHeldBytes) {
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
   * @param prefixBytes how many bytes of the next message belong to the fork as well
   * @throws IllegalArgumentException if {@code at} is not in this log, or the next message is
   *     shorter than {@code prefixBytes}
   */
  public synchronized RingLog fork(long epoch, Offset at, int prefixBytes) {
    epochs.requireKept(at, first(), shown);
    long first = Math.min(ring.first(), at.number());
    RingLog fork = new RingLog(epochs.fork(epoch, at.number()), first, retention, page);
    for (long number = first; number < at.number(); number++) {
      fork.ring.add(ring.message(number), ring.timeMillis(number));
    }
    if (prefixBytes > 0) {
      fork.ring.add(prefix(at, prefixBytes), ring.timeMillis(at.number()));
    }
    fork.showAll();
    return fork;
  }

  /**
   * The offset {@code count} messages behind another one.
   *
   * @throws IllegalArgumentException if there are fewer messages
   */
  public synchronized Offset plus(Offset offset, int count) {
    return epochs.plus(offset, count, shown);
  }

  private byte[] prefix(Offset at, int prefixBytes) {
    int available =
        at.number() < shown && at.number() >= ring.first() ? ring.message(at.number()).length : 0;
    if (prefixBytes > available) {
      throw new IllegalArgumentException(
          "sub-offset %d: the message after %s has %d bytes".formatted(prefixBytes, at, available));
    }
    return Arrays.copyOf(ring.message(at.number()), prefixBytes);
  }

  @Override
  public void append(Append append, long nowMillis, Consumer<Appended> done) {
    done.accept(append(append, nowMillis));
  }

  /** Adds all messages, or none. */
  public synchronized Appended append(Append append, long nowMillis) {
    Appended appended = take(append, nowMillis);
    showAll();
    return appended;
  }

  /** The same, but readers are not given the messages before they are {@linkplain #show shown}. */
  public synchronized Appended take(Append append, long nowMillis) {
    Appended refusal = producers.refusalOf(append, this);
    if (refusal != null) {
      return refusal;
    }
    if (append.producer() != null) {
      budget.releaseFixed(producers.forgetSilent(nowMillis));
      if (!producers.hasRoomFor(append.producer(), retention.maxProducers())) {
        return new Appended.TooManyProducers(retention.maxProducers());
      }
    }
    if (!acquire(append)) {
      return new Appended.Full(budget.maxBytes());
    }
    for (byte[] message : append.messages()) {
      ring.add(message, nowMillis);
    }
    producers.remember(append, nowMillis);
    closed |= append.close();
    trim(nowMillis, append.messages().size());
    return new Appended.Accepted(nextEnd(), closed);
  }

  private void showAll() {
    shown = ring.head();
    isClosedShown = closed;
  }

  /**
   * From now on readers are given what was taken before message {@code number}.
   *
   * @param closes whether they are told that nothing will follow
   */
  public synchronized void show(long number, boolean closes) {
    shown = Math.max(shown, number);
    isClosedShown |= closes;
  }

  private boolean acquire(Append append) {
    long messages = append.sizeBytes() + (long) append.messages().size() * MESSAGE_BYTES;
    if (!budget.acquire(messages)) {
      return false;
    }
    long fixed = producers.addedBytes(append);
    if (fixed > 0 && !budget.acquireFixed(fixed)) {
      budget.release(messages);
      return false;
    }
    if (fixed < 0) {
      budget.releaseFixed(-fixed);
    }
    return true;
  }

  private void trim(long nowMillis, int justAppended) {
    long keepFrom = ring.head() - Math.max(1, justAppended);
    long maxAgeMillis = retention.maxAge().toMillis();
    // Never the newest append: its publisher is told that it was accepted.
    while (ring.first() < keepFrom
        && (ring.count() > retention.maxMessages()
            || ring.bytes() > retention.maxBytes()
            || isTooOld(nowMillis, maxAgeMillis))) {
      forgetFirst();
    }
  }

  private boolean isTooOld(long nowMillis, long maxAgeMillis) {
    return maxAgeMillis > 0 && nowMillis - ring.timeMillis(ring.first()) > maxAgeMillis;
  }

  private void forgetFirst() {
    budget.release(ring.removeFirst() + MESSAGE_BYTES);
  }

  @Override
  public synchronized void forgetOld(long nowMillis) {
    long maxAgeMillis = retention.maxAge().toMillis();
    while (ring.first() < ring.head() && isTooOld(nowMillis, maxAgeMillis)) {
      forgetFirst();
    }
    // A quiet channel needs no cached pages.
    forgetPages();
  }

  @Override
  public synchronized Reading readAfter(Offset offset, long limit) {
    if (!epochs.knows(offset, shown)) {
      return new Gap(Gap.Reason.EPOCH, placeOf(offset), 0);
    }
    long number = offset.number();
    if (number < first()) {
      return new Gap(Gap.Reason.TRIMMED, earliest(), first() - number);
    }
    long end = Math.min(shown, limit);
    if (number >= end) {
      return upToDate(offset, isClosedShown && number == shown);
    }
    return batch(offset, end);
  }

  private Offset placeOf(Offset unknown) {
    long place = epochs.placeOfFormer(unknown);
    return epochs.offset(Math.max(first(), Math.min(place, shown)));
  }

  private UpToDate upToDate(Offset offset, boolean isClosed) {
    // All readers at the end share one object.
    if (upToDate == null || !upToDate.next().equals(offset) || upToDate.closed() != isClosed) {
      upToDate = new UpToDate(offset, isClosed);
    }
    return upToDate;
  }

  private Batch batch(Offset offset, long end) {
    Batch last = newer.get();
    if (last != null && fits(last, offset, end)) {
      return last;
    }
    Batch other = older.get();
    if (other != null && fits(other, offset, end)) {
      return other;
    }
    Batch fresh = read(offset, end);
    older = newer;
    newer = new SoftReference<>(fresh);
    return fresh;
  }

  /** Whether {@code batch} is what a read from {@code offset} up to {@code end} would give. */
  private boolean fits(Batch batch, Offset offset, long end) {
    if (!batch.from().equals(offset)) {
      return false;
    }
    long next = batch.next().number();
    return next == end
        ? batch.closed() == (isClosedShown && end == shown)
        : batch.more() && next < end;
  }

  private Batch read(Offset offset, long end) {
    List<byte[]> messages = new ArrayList<>();
    long number = offset.number();
    long size = 0;
    while (number < end && messages.size() < page.maxMessages()) {
      byte[] message = ring.message(number);
      if (!messages.isEmpty() && size + message.length > page.maxBytes()) {
        break;
      }
      size += message.length;
      messages.add(message);
      number++;
    }
    boolean isClosing = isClosedShown && number == shown;
    return new Batch(
        offset,
        epochs.offset(number),
        Collections.unmodifiableList(messages),
        number < end,
        isClosing);
  }

  @Override
  public synchronized Offset earliest() {
    return epochs.offset(first());
  }

  // Messages may be forgotten before they are shown, when many are taken at once.
  private long first() {
    return Math.min(ring.first(), shown);
  }

  @Override
  public synchronized Offset end() {
    return epochs.offset(shown);
  }

  /** Where the next message goes, be those before it shown or not. */
  public synchronized Offset nextEnd() {
    return epochs.offset(ring.head());
  }

  @Override
  public synchronized boolean isClosed() {
    return isClosedShown;
  }

  /** Nothing may be appended any more, be it shown or not. */
  synchronized boolean willBeClosed() {
    return closed;
  }

  @Override
  public synchronized long retainedBytes() {
    return ring.bytes();
  }
}
