package switchboard.file;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import switchboard.channel.Channel;
import switchboard.file.Records.Origin;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Log;
import switchboard.log.LogState;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.RingLog;
import switchboard.time.Clocks;

/**
 * A channel's log in memory whose appends are on the disk before they are shown or answered.
 *
 * <p>An append is validated, numbered and given to the journal under one lock, so the journal has
 * the order of the numbers. Every answer that follows from what is not on the disk yet waits for
 * it: a retry must not be told "known" by a server that then forgets it.
 *
 * <p><b>Threads.</b> Safe. Lock order: the store's, this, the ring's or the journal's.
 */
final class DurableLog implements Log {

  /** What a record of an append takes beside its messages, and each of these. */
  private static final int APPEND_BYTES = 120;

  private static final int MESSAGE_BYTES = 5;

  /**
   * What all logs of one run share.
   *
   * @param epoch of the start; greater than all before
   * @param wallMillis what the wall clock showed when the elapsed time was 0
   * @param maxBytes that all logs may have in memory
   */
  record Run(Journal journal, long epoch, Clocks clocks, long wallMillis, long maxBytes) {

    long wall(long elapsedMillis) {
      return wallMillis + elapsedMillis;
    }

    long elapsed(long atWallMillis) {
      return atWallMillis - wallMillis;
    }

    long now() {
      return wall(clocks.elapsed().millis());
    }
  }

  private final Records.State base;
  private final RingLog ring;
  private final Run run;
  private final Journal journal;
  private volatile Channel channel;

  // Guarded by this.
  private boolean isDeleted;
  private boolean isFromBefore; // its newest epoch is an earlier server's
  private long recordedFirst;
  private long touchedMillis = Long.MIN_VALUE / 2;
  private long usedMillis;
  private long stateSegment;

  /**
   * A log whose state is in the journal, or is about to be added.
   *
   * @param base what never changes; the rest of it does not count
   * @param isFromBefore whether an earlier server has created it
   */
  DurableLog(Records.State base, RingLog ring, Run run, boolean isFromBefore) {
    this.base = base;
    this.isFromBefore = isFromBefore;
    this.ring = ring;
    this.run = run;
    this.journal = run.journal();
    this.usedMillis = base.usedMillis();
    this.recordedFirst = ring.firstNumber();
  }

  /** What the disk says is the earliest message; less may be kept here. */
  synchronized void recordedFrom(long first) {
    recordedFirst = first;
  }

  void belongsTo(Channel owner) {
    channel = owner;
  }

  Channel channel() {
    return channel;
  }

  long id() {
    return base.id();
  }

  RingLog ring() {
    return ring;
  }

  /** From which channels' records its messages are. */
  List<Origin> origins() {
    return base.origins();
  }

  /** Those of a fork that leaves it at a number. */
  List<Origin> originsOfFork(long number, long fork) {
    List<Origin> all = new ArrayList<>();
    for (Origin origin : base.origins()) {
      if (origin.number() < number) {
        all.add(origin);
      }
    }
    all.add(new Origin(number, fork));
    return all;
  }

  /** How large the record of an append is, at most. */
  static long recordBytes(Append append) {
    int texts = append.seq() == null ? 0 : 3 * append.seq().length();
    texts += append.producer() == null ? 0 : 3 * append.producer().id().length() + 20;
    return APPEND_BYTES
        + texts
        + append.sizeBytes()
        + (long) MESSAGE_BYTES * append.messages().size();
  }

  @Override
  public void append(Append append, long nowMillis, Consumer<Appended> done) {
    journal.require(recordBytes(append), false);
    Appended known;
    synchronized (this) {
      known = take(append, nowMillis, done);
    }
    if (known != null) {
      done.accept(known);
    }
  }

  // The outcome if it is known now.
  private Appended take(Append append, long nowMillis, Consumer<Appended> done) {
    if (isDeleted) {
      journal.after(new Answer(new Appended.Gone(), done));
      return null;
    }
    if (isFromBefore) {
      // Of its own, not the run's: a channel may be deleted and come again as a fork of another
      // one, and must not take an offset of its former self for one of its source.
      if (!ring.beginLife(journal.nextEpoch(run.clocks().wall().millis()))) {
        return new Appended.Full(run.maxBytes());
      }
      isFromBefore = false;
    }
    boolean wasPending = ring.isPending();
    Appended taken = ring.take(append, nowMillis);
    if (taken instanceof Appended.Accepted accepted) {
      record(append, accepted.next().number(), run.wall(nowMillis), done, taken);
      return null;
    }
    if (wasPending) {
      journal.after(new Answer(taken, done));
      return null;
    }
    return taken;
  }

  private void record(
      Append append, long end, long millis, Consumer<Appended> done, Appended outcome) {
    recordedFirst = ring.firstNumber();
    usedMillis = millis;
    journal.add(
        new Records.Appending(
            base.id(),
            ring.epoch(),
            end - append.messages().size(),
            millis,
            Math.min(recordedFirst, end),
            append.producer(),
            append.seq(),
            append.close(),
            append.messages()),
        new Answer(outcome, done) {
          @Override
          public void shown() {
            ring.show(end, append.close());
            channel.moved();
          }
        });
  }

  /** Answers once, when it can. */
  private static class Answer implements Journal.Ticket {
    private final Appended outcome;
    private Consumer<Appended> done;

    Answer(Appended outcome, Consumer<Appended> done) {
      this.outcome = outcome;
      this.done = done;
    }

    @Override
    public void done() {
      answer(outcome);
    }

    @Override
    public void failed() {
      answer(new Appended.Unknown());
    }

    private void answer(Appended appended) {
      Consumer<Appended> asked = done;
      done = null;
      if (asked != null) {
        asked.accept(appended);
      }
    }
  }

  /** Nothing is appended any more; whether this was the first time. */
  synchronized boolean delete(Records.Deletion deletion, Journal.Ticket ticket) {
    if (isDeleted) {
      return false;
    }
    isDeleted = true;
    journal.add(deletion, ticket);
    return true;
  }

  /** Writes all that it knows but its messages; nobody waits for it. */
  synchronized void writeState() {
    if (!isDeleted) {
      writeState(List.of(), Journal.Ticket.NONE);
    }
  }

  /**
   * Writes all that it knows.
   *
   * @param messages the last ones, which are written nowhere else
   */
  synchronized void writeState(List<byte[]> messages, Journal.Ticket ticket) {
    journal.add(
        state(messages),
        new Journal.Ticket() {
          @Override
          public void shown() {
            stateIsIn(journal.segment());
            ticket.shown();
          }

          @Override
          public void done() {
            ticket.done();
          }

          @Override
          public void failed() {
            ticket.failed();
          }
        });
  }

  private Records.State state(List<byte[]> messages) {
    LogState log = ring.state();
    recordedFirst = log.first();
    return new Records.State(
        base.id(),
        base.millis(),
        usedMillis,
        base.name(),
        base.type(),
        base.lifetime(),
        base.isTtl(),
        base.fork(),
        base.origins(),
        log.withTimes(run::wall),
        messages);
  }

  /** Whether it has a message that was appended to {@code origin}. */
  boolean holds(long origin, long number) {
    return number >= ring.firstNumber() && Image.originOf(base.origins(), number) == origin;
  }

  /**
   * Writes down what it has forgotten, if it does not say so yet: the message is about to be
   * deleted from the disk.
   */
  synchronized void tellForgotten(long number) {
    if (!isDeleted && recordedFirst <= number) {
      writeTouch();
    }
  }

  private void writeTouch() {
    recordedFirst = Math.min(ring.firstNumber(), ring.nextEnd().number());
    journal.addSoon(new Records.Touch(base.id(), usedMillis, recordedFirst));
  }

  /** The server stops: what was forgotten without an append is not to come back. */
  synchronized void stop() {
    if (!isDeleted && recordedFirst < ring.firstNumber()) {
      writeTouch();
    }
  }

  synchronized long stateSegment() {
    return stateSegment;
  }

  /** Its newest state is in the segment that is being written. */
  synchronized void stateIsIn(long segment) {
    stateSegment = Math.max(stateSegment, segment);
  }

  /** A sliding lifetime is written down now and then, with what is written anyway. */
  @Override
  public void touch() {
    Channel owner = channel;
    if (owner == null || owner.lifetime().ttl() == null) {
      return;
    }
    long now = run.now();
    long every = Math.min(owner.lifetime().ttl().toMillis() / 8, 60_000);
    synchronized (this) {
      usedMillis = Math.max(usedMillis, now);
      if (now - touchedMillis >= every && !isDeleted && !journal.isBehind()) {
        touchedMillis = now;
        writeTouch();
      }
    }
  }

  @Override
  public Reading readAfter(Offset offset, long limit) {
    return ring.readAfter(offset, limit);
  }

  @Override
  public Offset earliest() {
    return ring.earliest();
  }

  @Override
  public Offset end() {
    return ring.end();
  }

  @Override
  public boolean isClosed() {
    return ring.isClosed();
  }

  @Override
  public long retainedBytes() {
    return ring.retainedBytes();
  }

  @Override
  public long heldBytes() {
    return ring.heldBytes();
  }

  @Override
  public void shrinkTo(long maxHeldBytes) {
    ring.shrinkTo(maxHeldBytes);
  }

  @Override
  public void forgetOld(long nowMillis) {
    ring.forgetOld(nowMillis);
  }

  @Override
  public void leaveBudget() {
    ring.leaveBudget();
  }
}
