package switchboard.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Ending;
import switchboard.config.StoreSync;
import switchboard.time.MonotonicClock;

/**
 * Writes records into segments, in groups. While a group is on its way to the disk the next one is
 * collected, so groups grow with the load, and a single record is written at once.
 *
 * <pre>
 *   add ─▶ │ collected │ ─step─▶ │ write │ force │ ─▶ shown, each in order ─▶ done
 * </pre>
 *
 * <p>After a failure to write or to force nothing is written any more: the disk may have dropped
 * what it said it could not write, and a second try would succeed without it.
 *
 * <p><b>Threads.</b> Safe. {@link #step} is for one thread, which never holds the lock while it
 * writes.
 */
final class Journal {

  /** What follows a record once it is on the disk. */
  interface Ticket {

    /** For records that nobody waits for. */
    Ticket NONE = new Ticket() {};

    /** Readers may see it. Called by the thread that writes; must not wait. */
    default void shown() {}

    /** It can be answered. */
    default void done() {}

    /** It is not known whether it is on the disk; {@link #shown} may still follow. */
    default void failed() {}
  }

  enum Status {
    OPEN,
    /** There is no space for messages; deletions go on. */
    FULL,
    /** Nothing is written any more. */
    FAILED
  }

  /**
   * How large things are.
   *
   * @param segmentBytes of a file
   * @param pendingBytes that may wait for the disk
   * @param syncEveryMillis for {@link StoreSync#INTERVAL}
   */
  record Limits(int segmentBytes, long pendingBytes, StoreSync sync, long syncEveryMillis) {

    /** Of one group, if it is not a single record. */
    int groupBytes() {
      return Math.min(8 << 20, segmentBytes / 8);
    }

    /** Of one record. */
    int recordBytes() {
      return segmentBytes - SegmentHeader.BYTES - 2 * Group.BYTES - END_BYTES;
    }
  }

  /** Where a journal goes on. */
  record Position(UUID directory, long segment, long group, long nextChannel, long lastEpoch) {}

  /**
   * A segment that is complete.
   *
   * @param endGroup its first group that is void, or would be the first of the next one
   */
  record Sealed(long number, long bytes, long endGroup, long sealedMillis) {}

  private record Waiting(Ticket ticket, int end, long sinceMillis, boolean isForced) {}

  /** What is collected, and then written together. */
  private static final class Batch {
    private final Output records = new Output(1_024).skip(Group.BYTES);
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private int written = Group.BYTES;

    private boolean isEmpty() {
      return written == records.size() && waiting.isEmpty();
    }
  }

  private record Spare(long number, Disk.DiskFile file) {}

  /** What the end of a segment takes. */
  static final int END_BYTES = Group.BYTES + Records.HEAD_BYTES + 16;

  static final long STALLED_MILLIS = 30_000;

  private static final Logger LOG = Logger.getLogger(Journal.class.getName());
  private static final int ZEROS = 1 << 20;

  private final Disk disk;
  private final Limits limits;
  private final MonotonicClock clock;
  private final Executor acknowledging;
  private final Executor workers;
  private final Object lock = new Object();
  private final UUID directory;

  // Guarded by the lock.
  private Batch collected = new Batch();
  private final Deque<Spare> spares = new ArrayDeque<>();
  private final Deque<Sealed> sealed = new ArrayDeque<>();
  private Status status = Status.OPEN;
  private String failure;
  private long nextSegment;
  private boolean isMakingSpare;
  private boolean isUrgent;
  private boolean isStalled;
  private boolean isClosed;
  private volatile boolean wantsSeal;
  private long pendingBytes;
  private long lastEpoch;
  private long nextChannel;

  private Batch writing;

  // Of the thread that writes.
  private volatile long segment;
  private Disk.DiskFile file;
  private Checksum checksum;
  private volatile int position;
  private int limit;
  private volatile long lastGroup;
  private volatile long durable;
  private long attested; // the durable group in the last header
  private boolean isLastMark;
  private volatile long forcedMillis;

  Journal(
      Disk disk,
      Limits limits,
      Position from,
      List<Sealed> sealed,
      MonotonicClock clock,
      Executor acknowledging,
      Executor workers) {
    this.disk = disk;
    this.limits = limits;
    this.clock = clock;
    this.acknowledging = acknowledging;
    this.workers = workers;
    this.directory = from.directory();
    this.nextSegment = from.segment();
    this.lastGroup = from.group();
    this.durable = from.group();
    this.lastEpoch = from.lastEpoch();
    this.nextChannel = from.nextChannel();
    this.sealed.addAll(sealed);
  }

  /**
   * Begins the first segment of this run, and returns when all of it is on the disk.
   *
   * @param again groups that nothing attests, each the bytes of its records
   * @param before what must be there before the start counts
   */
  void begin(List<byte[]> again, List<Records.Entry> before, Records.Start start)
      throws IOException {
    Output states = new Output(1_024).skip(Group.BYTES);
    int size = limits.segmentBytes;
    for (byte[] group : again) {
      size += group.length + Group.BYTES;
    }
    List<Integer> ends = new ArrayList<>();
    for (Records.Entry entry : before) {
      Records.write(entry, states);
      ends.add(states.size());
    }
    size += states.size() + before.size() * Group.BYTES;
    Spare first = create(size, lastGroup + 1);
    open(first, size);
    for (byte[] group : again) {
      byte[] bytes = new byte[Group.BYTES + group.length];
      System.arraycopy(group, 0, bytes, Group.BYTES, group.length);
      write(bytes, Group.BYTES, bytes.length, Group.AGAIN);
    }
    int from = Group.BYTES;
    for (int i = 0; i < ends.size(); i++) {
      boolean isLast = i == ends.size() - 1;
      if (isLast || ends.get(i + 1) - from > limits.groupBytes()) {
        write(states.bytes(), from, ends.get(i), 0);
        from = ends.get(i);
      }
    }
    // What is written again must be there before the start is: the start makes the old place void.
    force();
    Output out = new Output(256).skip(Group.BYTES);
    Records.write(start, out);
    write(out.bytes(), Group.BYTES, out.size(), 0);
    force();
    wantSpare();
  }

  /**
   * Requires that as many bytes can be taken.
   *
   * @param isVital for deletions and what makes space
   * @throws Refused if they cannot; nothing has changed then
   */
  void require(long bytes, boolean isVital) {
    synchronized (lock) {
      if (status == Status.FAILED || isClosed) {
        throw new Refused(
            Ending.STORE_UNAVAILABLE,
            isClosed ? "the store is closed" : "the store's disk has failed: " + failure);
      }
      if (bytes > limits.recordBytes()) {
        throw new Refused(
            Ending.TOO_LARGE,
            "%d bytes at once: a segment of the store holds %d"
                .formatted(bytes, limits.recordBytes()));
      }
      if (status == Status.FULL && !(isVital && hasRoom(bytes))) {
        throw new Refused(Ending.STORE_FULL, "the disk of the store is full");
      }
      if (!isVital && pendingBytes > 0 && pendingBytes + bytes > limits.pendingBytes) {
        throw new Refused(
            Ending.STORE_UNAVAILABLE,
            "%d bytes wait for the disk, %d may".formatted(pendingBytes, limits.pendingBytes));
      }
    }
  }

  private boolean hasRoom(long bytes) {
    return !spares.isEmpty()
        || position + pendingBytes + bytes + 2 * Group.BYTES + END_BYTES < limit;
  }

  /** Takes a record; the order is that of the calls. */
  void add(Records.Entry entry, Ticket ticket) {
    add(entry, ticket, false, true);
  }

  /** Takes one that is written with the next, or within a second. */
  void addSoon(Records.Entry entry) {
    add(entry, Ticket.NONE, false, false);
  }

  /** Takes one that must be on the disk whatever an answer means. */
  void addForced(Records.Entry entry, Ticket ticket) {
    add(entry, ticket, true, true);
  }

  /** Follows when all that was taken is on the disk. */
  void after(Ticket ticket) {
    add(null, ticket, false, true);
  }

  private void add(Records.Entry entry, Ticket ticket, boolean isForced, boolean isWaited) {
    synchronized (lock) {
      if (status == Status.FAILED || isClosed) {
        acknowledge(ticket::failed);
        return;
      }
      if (entry != null) {
        pendingBytes += Records.write(entry, collected.records);
      }
      int end = collected.records.size();
      if (ticket != Ticket.NONE || isForced) {
        collected.waiting.add(new Waiting(ticket, end, clock.millis(), isForced));
      }
      if (isWaited && !isUrgent) {
        isUrgent = true;
        lock.notifyAll();
      }
    }
  }

  /** The thread that writes: until the journal is closed. */
  void run() {
    while (awaitWork()) {
      while (step()) {
        // the next group
      }
    }
  }

  private boolean awaitWork() {
    synchronized (lock) {
      while (!isClosed && (isStalled || !isUrgent)) {
        try {
          if (limits.sync == StoreSync.INTERVAL) {
            if (isForceDue()) {
              return true;
            }
            lock.wait(limits.syncEveryMillis);
          } else {
            lock.wait();
          }
        } catch (InterruptedException e) {
          // A file channel would be closed by it: this thread is nobody's to interrupt.
          LOG.log(Level.FINE, "the journal's thread was interrupted", e);
        }
      }
      return !isClosed;
    }
  }

  private boolean isForceDue() {
    return status != Status.FAILED
        && durable < lastGroup
        && clock.millis() - forcedMillis >= limits.syncEveryMillis;
  }

  /** Writes the next group; whether there was one, and space for it. */
  boolean step() {
    if (limits.sync == StoreSync.INTERVAL && isForceDue() && !forceNow()) {
      return false;
    }
    if (writing == null) {
      synchronized (lock) {
        isUrgent = false;
        if (collected.isEmpty() || status == Status.FAILED) {
          return false;
        }
        writing = collected;
        collected = new Batch();
      }
    }
    List<Waiting> told = new ArrayList<>();
    try {
      if (!writeNext(told)) {
        return false;
      }
    } catch (IOException | RuntimeException | Error e) {
      fail("a group was not written", e, told);
      return false;
    }
    // All readers first, then the answers: whoever is answered can read it.
    told.forEach(waiting -> quietly(waiting.ticket::shown));
    acknowledge(() -> told.forEach(waiting -> quietly(waiting.ticket::done)));
    return true;
  }

  // What goes wrong for one must not leave the others waiting.
  private static void quietly(Runnable telling) {
    try {
      telling.run();
    } catch (RuntimeException | Error e) {
      LOG.log(Level.SEVERE, "the outcome of a write could not be told", e);
    }
  }

  private boolean forceNow() {
    try {
      force();
      return true;
    } catch (IOException | RuntimeException e) {
      fail("the disk did not write what it was given", e);
      return false;
    }
  }

  private boolean writeNext(List<Waiting> told) throws IOException {
    Batch batch = writing;
    int from = batch.written;
    int end = groupEnd(batch.records, from);
    boolean isForced = limits.sync == StoreSync.GROUP;
    if (end > from) {
      if ((wantsSeal || !fits(end - from)) && !nextSegment(end - from)) {
        return false;
      }
      write(batch.records.bytes(), from, end, 0);
    }
    for (Waiting waiting : batch.waiting) {
      isForced |= waiting.isForced && waiting.end <= end;
    }
    batch.written = end;
    if (isForced && durable < lastGroup) {
      force();
    }
    synchronized (lock) {
      while (!batch.waiting.isEmpty() && batch.waiting.peek().end <= end) {
        told.add(batch.waiting.remove());
      }
      pendingBytes -= end - from;
      if (batch.isEmpty()) {
        writing = null;
      } else {
        isUrgent = true;
      }
    }
    return true;
  }

  // As many whole records as a group may have, but at least one.
  private int groupEnd(Output records, int from) {
    int end = from;
    ByteBuffer bytes = ByteBuffer.wrap(records.bytes(), 0, records.size());
    while (end < records.size()) {
      int next = end + Records.HEAD_BYTES + bytes.getInt(end);
      if (end > from && next - from > limits.groupBytes()) {
        break;
      }
      end = next;
    }
    return end;
  }

  private boolean fits(int length) {
    return position + Group.BYTES + length + END_BYTES <= limit;
  }

  // The bytes in front of the records are overwritten by the header.
  private void write(byte[] bytes, int from, int to, int flags) throws IOException {
    ByteBuffer all = ByteBuffer.wrap(bytes);
    int count = 0;
    int type = 0;
    for (int at = from; at < to; count++) {
      int length = all.getInt(at);
      type = bytes[at + Records.HEAD_BYTES];
      all.putInt(at + 4, checksum.of(bytes, at + Records.HEAD_BYTES, length));
      at += Records.HEAD_BYTES + length;
    }
    byte[] head = new byte[Group.BYTES];
    new Group(to - from, count, segment, lastGroup + 1, durable, flags).write(head, 0, checksum);
    System.arraycopy(head, 0, bytes, from - Group.BYTES, Group.BYTES);
    file.write(ByteBuffer.wrap(bytes, from - Group.BYTES, to - from + Group.BYTES), position);
    int end = position + to - from + Group.BYTES;
    position = end;
    attested = durable;
    isLastMark = count == 1 && type == Records.MARK;
    long group = lastGroup + 1;
    lastGroup = group;
  }

  private void force() throws IOException {
    long group = lastGroup;
    file.force(false);
    durable = group;
    forcedMillis = clock.millis();
  }

  private boolean nextSegment(int length) throws IOException {
    Spare spare;
    synchronized (lock) {
      spare = spares.poll();
      isStalled = spare == null && !fits(length);
      wantsSeal &= spare == null;
    }
    if (spare == null) {
      wantSpare();
      return fits(length);
    }
    Output out = new Output(256).skip(Group.BYTES);
    Records.write(new Records.End(spare.number), out);
    write(out.bytes(), Group.BYTES, out.size(), 0);
    force(); // in every mode: what follows in another file must not be there without it
    file.close();
    synchronized (lock) {
      sealed.add(new Sealed(segment, limit, lastGroup + 1, clock.millis()));
    }
    open(spare, limits.segmentBytes);
    wantSpare();
    return true;
  }

  private void open(Spare spare, int size) {
    segment = spare.number;
    file = spare.file;
    checksum = new Checksum(directory, segment);
    position = SegmentHeader.BYTES;
    limit = size;
  }

  private void acknowledge(Runnable work) {
    try {
      acknowledging.execute(work);
    } catch (RejectedExecutionException e) {
      LOG.log(Level.FINE, "nobody waits for an answer any more", e);
    }
  }

  private void fail(String what, Throwable e, List<Waiting> told) {
    List<Waiting> all = new ArrayList<>(told);
    synchronized (lock) {
      if (status != Status.FAILED) {
        LOG.log(
            Level.SEVERE,
            e,
            () ->
                "store – failed: "
                    + what
                    + "; nothing is written until the next start, readers are served");
      }
      status = Status.FAILED;
      failure = what + ": " + e.getMessage();
      if (writing != null) {
        all.addAll(writing.waiting);
      }
      all.addAll(collected.waiting);
      collected = new Batch();
      writing = null;
      pendingBytes = 0;
    }
    acknowledge(() -> all.forEach(waiting -> waiting.ticket.failed()));
  }

  /** The same, for what else must not fail. */
  void fail(String what, Throwable e) {
    fail(what, e, List.of());
  }

  // One that is there before it is needed: so a full disk is noticed while there is still space.
  private void wantSpare() {
    synchronized (lock) {
      int wanted = position > limit / 2 ? 2 : 1;
      if (isMakingSpare || isClosed || status == Status.FAILED || spares.size() >= wanted) {
        return;
      }
      isMakingSpare = true;
    }
    try {
      workers.execute(this::makeSpare);
    } catch (RejectedExecutionException e) {
      synchronized (lock) {
        isMakingSpare = false;
      }
    }
  }

  private void makeSpare() {
    Spare spare = null;
    Throwable why = null;
    try {
      if (disk.freeBytes() >= 2L * limits.segmentBytes) {
        spare = create(limits.segmentBytes, 0);
      }
    } catch (FileAlreadyExistsException e) {
      fail("another program writes into the directory", e);
    } catch (IOException | RuntimeException | Error e) {
      why = e;
    }
    boolean isLate;
    synchronized (lock) {
      isMakingSpare = false;
      isLate = isClosed || status == Status.FAILED;
      if (!isLate) {
        Status before = status;
        status = spare == null ? Status.FULL : Status.OPEN;
        if (before != status) {
          LOG.log(
              spare == null ? Level.SEVERE : Level.INFO,
              why,
              () ->
                  status == Status.FULL
                      ? "store – the disk is full: only deletions are accepted"
                      : "store – the disk has space again");
        }
        if (spare != null) {
          spares.add(spare);
          isStalled = false;
          isUrgent = true; // what waited for it
          lock.notifyAll();
        }
      }
    }
    if (isLate && spare != null) {
      close(spare.file);
    }
  }

  private Spare create(int size, long continuesAt) throws IOException {
    long number;
    long epoch;
    long channel;
    synchronized (lock) {
      number = nextSegment;
      epoch = lastEpoch;
      channel = nextChannel;
    }
    String name = SegmentHeader.fileName(number);
    Disk.DiskFile made = disk.create(name);
    try {
      byte[] zeros = new byte[Math.min(size, ZEROS)];
      for (int at = 0; at < size; at += zeros.length) {
        made.write(ByteBuffer.wrap(zeros, 0, Math.min(zeros.length, size - at)), at);
      }
      SegmentHeader header =
          new SegmentHeader(directory, number, disk.identity(name), channel, epoch, continuesAt);
      made.write(ByteBuffer.wrap(header.toBytes()), 0);
      made.force(true);
      disk.syncDirectory();
    } catch (IOException | RuntimeException e) {
      close(made);
      disk.delete(name);
      disk.syncDirectory();
      throw e;
    }
    synchronized (lock) {
      nextSegment++;
    }
    return new Spare(number, made);
  }

  private static void close(Disk.DiskFile file) {
    try {
      file.close();
    } catch (IOException e) {
      LOG.log(Level.FINE, "a file was not closed", e);
    }
  }

  /** Once a second. */
  void tick(long nowMillis) {
    wantSpare();
    List<Waiting> late = new ArrayList<>();
    synchronized (lock) {
      if (status == Status.FAILED || isClosed) {
        return;
      }
      for (Batch batch : writing == null ? List.of(collected) : List.of(writing, collected)) {
        for (Waiting waiting : batch.waiting) {
          if (nowMillis - waiting.sinceMillis > STALLED_MILLIS) {
            late.add(waiting);
          }
        }
      }
      boolean isQuiet = collected.isEmpty() && writing == null;
      boolean isProved = isLastMark || attested >= lastGroup;
      if (isQuiet && !isProved && durable >= lastGroup) {
        pendingBytes += Records.write(new Records.Mark(), collected.records);
      }
      if (!collected.isEmpty()) {
        isUrgent = true;
        lock.notifyAll();
      }
    }
    if (!late.isEmpty()) {
      acknowledge(() -> late.forEach(waiting -> quietly(waiting.ticket::failed)));
    }
  }

  /** A new segment is begun with the next record. */
  void seal() {
    synchronized (lock) {
      wantsSeal = true;
    }
  }

  /** The oldest segment that is complete; {@code null} if there is none. */
  Sealed oldest() {
    synchronized (lock) {
      return sealed.peek();
    }
  }

  /** Deletes the oldest segment: all that lives of it was written again. */
  void deleteOldest() {
    String name;
    synchronized (lock) {
      if (status == Status.FAILED) {
        return;
      }
      name = SegmentHeader.fileName(sealed.peek().number);
    }
    try {
      disk.delete(name);
      disk.syncDirectory();
    } catch (IOException | RuntimeException e) {
      fail("file " + name + " was not deleted", e);
      return;
    }
    synchronized (lock) {
      sealed.remove();
    }
    wantSpare();
  }

  /** How many bytes all segments have. */
  long diskBytes() {
    synchronized (lock) {
      return sealed.stream().mapToLong(Sealed::bytes).sum()
          + limit
          + (long) spares.size() * limits.segmentBytes;
    }
  }

  int segments() {
    synchronized (lock) {
      return sealed.size() + 1 + spares.size();
    }
  }

  /** Whether there is space for what the cleaner writes again. */
  boolean mayClean() {
    synchronized (lock) {
      return status != Status.FAILED && !isClosed && !spares.isEmpty();
    }
  }

  /** Whether so much waits for the disk that nothing should be added that can be left out. */
  boolean isBehind() {
    synchronized (lock) {
      return pendingBytes > limits.pendingBytes / 2;
    }
  }

  /** How much a cleaner may add at once. */
  long chunkBytes() {
    return limits.groupBytes() / 2;
  }

  long segment() {
    return segment;
  }

  Status status() {
    return status;
  }

  /** An id that no other channel of this directory has. */
  long nextChannel() {
    synchronized (lock) {
      return nextChannel++;
    }
  }

  /** An epoch that is greater than all before. */
  long nextEpoch(long nowMillis) {
    synchronized (lock) {
      lastEpoch = Math.max(lastEpoch + 1, nowMillis);
      return lastEpoch;
    }
  }

  /** The thread that writes ends; whoever calls this may write the rest. */
  void stop() {
    synchronized (lock) {
      isClosed = true;
      lock.notifyAll();
    }
  }

  /** Writes what is left and that it is all; after the thread that writes has ended. */
  void close() {
    try {
      if (status != Status.FAILED) {
        synchronized (lock) {
          pendingBytes += Records.write(new Records.Stop(), collected.records);
        }
        while (step()) {
          // the next group
        }
        force();
      }
      if (writing != null) { // there was no space for it
        List<Waiting> rest = new ArrayList<>(writing.waiting);
        rest.addAll(collected.waiting);
        acknowledge(() -> rest.forEach(waiting -> quietly(waiting.ticket::failed)));
      }
    } catch (IOException | RuntimeException e) {
      fail("the end was not written", e);
    }
    close(file);
    spares.forEach(spare -> close(spare.file));
  }
}
