package switchboard.file;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Frees space: what lives in the oldest segment is written again at the end of the journal, and the
 * segment is deleted. Always the oldest, so what a deletion speaks of is gone before the deletion
 * itself.
 *
 * <p><b>Threads.</b> Safe; one segment at a time.
 *
 * <p><b>Cost.</b> Reads a segment, and writes at most as much; a few megabytes at once.
 */
final class Cleaner {

  private static final Logger LOG = Logger.getLogger(Cleaner.class.getName());
  private static final int FEWEST_SEGMENTS = 4;
  private static final long HOUR_MILLIS = 3_600_000;

  private final Disk disk;
  private final UUID directory;
  private final DirectoryStore store;
  private final Journal journal;
  private final Executor workers;
  private boolean isBusy; // guarded by this

  Cleaner(Disk disk, UUID directory, DirectoryStore store, Journal journal, Executor workers) {
    this.disk = disk;
    this.directory = directory;
    this.store = store;
    this.journal = journal;
    this.workers = workers;
  }

  /** Once a second. */
  void tick(long nowMillis) {
    Journal.Sealed oldest = journal.oldest();
    synchronized (this) {
      if (isBusy || oldest == null || !journal.mayClean() || !isDue(oldest, nowMillis)) {
        return;
      }
      isBusy = true;
    }
    go(() -> begin(oldest));
  }

  private boolean isDue(Journal.Sealed oldest, long nowMillis) {
    boolean isLarge =
        journal.segments() > FEWEST_SEGMENTS && journal.diskBytes() > 2 * store.liveBytes();
    long maxAge = store.maxAgeMillis();
    boolean isOld = maxAge > 0 && nowMillis - oldest.sealedMillis() > maxAge + HOUR_MILLIS;
    return isLarge || isOld || journal.status() == Journal.Status.FULL;
  }

  private void go(Runnable work) {
    try {
      workers.execute(work);
    } catch (RejectedExecutionException e) {
      rest();
    }
  }

  private synchronized void rest() {
    isBusy = false;
  }

  private void begin(Journal.Sealed oldest) {
    try {
      SegmentReader reader =
          new SegmentReader(disk, directory, oldest.number(), 0, oldest.endGroup());
      goOn(oldest, reader);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "store – the oldest segment was not cleaned", e);
      rest();
    }
  }

  private void goOn(Journal.Sealed oldest, SegmentReader reader) {
    try {
      long bytes = 0;
      boolean isMore = true;
      while (isMore && bytes < journal.chunkBytes()) {
        isMore = reader.next();
        if (isMore) {
          bytes += reader.body().length;
          reader.records(entry -> keep(entry, oldest.number()));
        }
      }
      if (isMore) {
        journal.after(next(() -> go(() -> goOn(oldest, reader))));
        return;
      }
      reader.close();
      if (reader.stop() == SegmentReader.Stop.BAD && reader.expected() != oldest.endGroup()) {
        throw new IOException(
            "group %d is damaged".formatted(reader.expected())); // the next start says more
      }
      journal.addForced(
          new Records.Cleaned(oldest.number()),
          next(
              () ->
                  go(
                      () -> {
                        journal.deleteOldest();
                        rest();
                      })));
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.SEVERE, e, () -> "store – segment " + oldest.number() + " was not cleaned");
      // It stays busy: the segment is kept until the next start.
    }
  }

  private static Journal.Ticket next(Runnable work) {
    return new Journal.Ticket() {
      @Override
      public void done() {
        work.run();
      }
    };
  }

  private void keep(Records.Entry entry, long segment) {
    if (entry instanceof Records.State state) {
      DurableLog log = store.log(state.id());
      if (log != null && log.stateSegment() <= segment) {
        log.writeState();
      }
    } else if (entry instanceof Records.Deletion deletion) {
      if (deletion.keptName() != null && store.isKept(deletion.keptName())) {
        journal.add(deletion, Journal.Ticket.NONE);
      }
    } else if (entry instanceof Records.Start start && start.epoch() == store.run().epoch()) {
      journal.add(start, Journal.Ticket.NONE);
    }
    keepMessages(entry);
  }

  // What follows each other in one record stays together.
  private void keepMessages(Records.Entry entry) {
    List<Recovery.Message> living = new ArrayList<>();
    Recovery.messages(
        entry,
        message -> {
          if (store.isAlive(message.origin(), message.number())) {
            living.add(message);
          } else {
            writeCopy(living);
          }
        });
    writeCopy(living);
  }

  private void writeCopy(List<Recovery.Message> living) {
    if (!living.isEmpty()) {
      Recovery.Message first = living.get(0);
      journal.add(
          new Records.Copy(
              first.origin(),
              first.number(),
              living.stream().mapToLong(Recovery.Message::millis).toArray(),
              living.stream().map(Recovery.Message::bytes).toList()),
          Journal.Ticket.NONE);
      living.clear();
    }
  }
}
