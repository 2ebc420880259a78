package switchboard.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several writers and readers at once: in order, nothing twice, holes only where told. */
@Timeout(60)
class RingLogStressTest {

  private static final int WRITERS = 4;
  private static final int READERS = 4;
  private static final int APPENDS = 20_000;

  @Test
  void everyReaderSeesEveryWritersMessagesInOrderWithNothingTwice() throws Exception {
    // All of it fits: a hole would be an error.
    List<Seen> seen = run(new Retention(WRITERS * APPENDS * 2, Long.MAX_VALUE, Duration.ZERO));
    for (Seen reader : seen) {
      assertEquals(0, reader.missed);
      assertEquals(WRITERS * APPENDS, reader.messages);
    }
  }

  @Test
  void messagesAreMissingExactlyWhereAGapSaidSo() throws Exception {
    List<Seen> seen = run(new Retention(100, Long.MAX_VALUE, Duration.ZERO));
    for (Seen reader : seen) {
      assertEquals(WRITERS * APPENDS, reader.messages + reader.missed);
    }
  }

  private static final class Seen {
    private final int[] last = new int[WRITERS];
    private int messages;
    private long missed;
  }

  private static List<Seen> run(Retention retention) throws Exception {
    RingLog log = new RingLog(1, retention, new Page(64, 1 << 20));
    AtomicInteger writing = new AtomicInteger(WRITERS);
    ExecutorService threads = Executors.newFixedThreadPool(WRITERS + READERS);
    try {
      List<Future<Seen>> readers = new ArrayList<>();
      for (int r = 0; r < READERS; r++) {
        readers.add(threads.submit(() -> read(log, writing)));
      }
      List<Callable<Void>> writers = new ArrayList<>();
      for (int w = 0; w < WRITERS; w++) {
        int writer = w;
        writers.add(() -> write(log, writer, writing));
      }
      for (Future<Void> writer : threads.invokeAll(writers)) {
        writer.get();
      }
      List<Seen> seen = new ArrayList<>();
      for (Future<Seen> reader : readers) {
        seen.add(reader.get(30, TimeUnit.SECONDS));
      }
      return seen;
    } finally {
      threads.shutdownNow();
    }
  }

  private static Void write(RingLog log, int writer, AtomicInteger writing) {
    for (int i = 1; i <= APPENDS; i++) {
      byte[] message = ByteBuffer.allocate(8).putInt(writer).putInt(i).array();
      log.append(Append.of(List.of(message)), 0);
    }
    writing.decrementAndGet();
    return null;
  }

  private static Seen read(RingLog log, AtomicInteger writing) {
    Seen seen = new Seen();
    Offset place = new Offset(1, 0);
    while (true) {
      boolean last = writing.get() == 0;
      Reading reading = log.readAfter(place);
      if (reading instanceof Batch batch) {
        assertEquals(place, batch.from());
        assertEquals(place.plus(batch.messages().size()), batch.next());
        batch.messages().forEach(message -> check(message, seen));
        place = batch.next();
      } else if (reading instanceof Gap gap) {
        assertEquals(place.plus(gap.missed()), gap.earliest());
        seen.missed += gap.missed();
        place = gap.earliest();
      } else if (last) {
        return seen;
      }
    }
  }

  private static void check(byte[] message, Seen seen) {
    ByteBuffer read = ByteBuffer.wrap(message);
    int writer = read.getInt();
    int number = read.getInt();
    assertTrue(number > seen.last[writer], "repeated or out of order");
    assertTrue(number == seen.last[writer] + 1 || seen.missed > 0, "a hole that nobody announced");
    seen.last[writer] = number;
    seen.messages++;
  }
}
