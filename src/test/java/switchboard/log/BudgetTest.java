package switchboard.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class BudgetTest {

  private int asked;
  private final Budget budget = new Budget(10_000, () -> asked++);

  private RingLog log(int maxMessages) {
    Retention retention = new Retention(maxMessages, 1_000_000, Duration.ZERO, 3);
    RingLog log = new RingLog(1, retention, new Page(100, 100_000));
    assertTrue(log.join(budget));
    return log;
  }

  private static Appended append(RingLog log, int bytes) {
    return log.append(Append.of(List.of(new byte[bytes])), 0);
  }

  private static Appended append(RingLog log, String producer, long atMillis) {
    Append append = new Append(List.of(new byte[1]), new Producer(producer, 0, 0), null, false);
    return log.append(append, atMillis);
  }

  @Test
  void whatALogKeepsIsAcquiredAndWhatItForgetsIsReleased() {
    RingLog log = log(2);
    long empty = budget.usedBytes();
    append(log, 100);
    append(log, 100);
    long full = budget.usedBytes();
    assertTrue(full >= empty + 200, full + " bytes");
    append(log, 100);
    assertEquals(full, budget.usedBytes(), "the oldest went");
    assertEquals(log.heldBytes(), budget.usedBytes());
    log.leaveBudget();
    assertEquals(0, budget.usedBytes());
  }

  @Test
  void whatDoesNotFitIsRefusedAndChangesNothing() {
    RingLog log = log(100);
    Offset end = log.end();
    long before = budget.usedBytes();
    assertInstanceOf(Appended.Full.class, append(log, 10_000));
    assertEquals(end, log.end());
    assertEquals(before, budget.usedBytes());
    assertInstanceOf(Appended.Accepted.class, append(log, 100));
  }

  @Test
  void roomIsAskedForOnceWhenItGetsTight() {
    RingLog log = log(100);
    append(log, 7_800);
    assertEquals(0, asked);
    append(log, 300);
    append(log, 10);
    assertEquals(1, asked);
    assertTrue(budget.isTight());
    budget.madeRoom();
    append(log, 10);
    assertEquals(2, asked);
  }

  @Test
  void aLogShrinksButKeepsItsNewestMessageAndTellsTheGap() {
    RingLog log = log(100);
    Offset start = log.end();
    append(log, 3_000);
    append(log, 3_000);
    log.shrinkTo(0);
    assertEquals(1, assertInstanceOf(Gap.class, log.readAfter(start)).missed());
    assertInstanceOf(Batch.class, log.readAfter(log.earliest()));
    assertEquals(log.heldBytes(), budget.usedBytes());
  }

  @Test
  void whatCannotBeForgottenLeavesRoomForMessages() {
    RingLog log = log(100);
    List<RingLog> others = new java.util.ArrayList<>();
    Retention retention = new Retention(1, 1_000_000, Duration.ZERO);
    while (others.size() < 100) {
      RingLog other = new RingLog(2, retention, new Page(1, 1));
      if (!other.join(budget)) {
        break;
      }
      others.add(other);
    }
    assertTrue(budget.usedBytes() <= 5_000, budget.usedBytes() + " bytes for channels");
    assertInstanceOf(Appended.Full.class, append(log, "p".repeat(500), 0));
    assertInstanceOf(Appended.Accepted.class, append(log, 4_000));
    others.forEach(RingLog::leaveBudget);
    assertInstanceOf(Appended.Accepted.class, append(log, "p".repeat(500), 0));
    assertEquals(log.heldBytes(), budget.usedBytes());
  }

  @Test
  void aLogThatDoesNotFitDoesNotBegin() {
    append(log(100), 8_500);
    assertFalse(new RingLog(2, new Retention(1, 1, Duration.ZERO), new Page(1, 1)).join(budget));
  }

  @Test
  void theOrderingTokenAndTheEpochsOfForksAreCounted() {
    RingLog log = log(100);
    long empty = budget.usedBytes();
    log.append(new Append(List.of(), null, "b".repeat(100), false), 0);
    assertEquals(empty + 200, budget.usedBytes());
    log.append(new Append(List.of(), null, "c", false), 0);
    assertEquals(empty + 2, budget.usedBytes());
    append(log, 1);
    RingLog fork = log.fork(2, log.end(), 0);
    append(fork, 1);
    RingLog forkOfFork = fork.fork(3, fork.end(), 0);
    assertTrue(forkOfFork.heldBytes() > fork.heldBytes());
    log.leaveBudget();
    assertEquals(0, budget.usedBytes());
  }

  @Test
  void aBatchKeepsFewOfTheEncodingsThatClientsAskFor() {
    RingLog log = log(100);
    append(log, 100);
    Batch batch = assertInstanceOf(Batch.class, log.readAfter(log.earliest()));
    record Numbered(int i) implements Batch.Encoding<Object> {
      @Override
      public Object encode(Batch of) {
        return new Object();
      }
    }
    assertSame(batch.encoded(new Numbered(1)), batch.encoded(new Numbered(1)));
    for (int i = 0; i < 20; i++) {
      batch.encoded(new Numbered(i));
    }
    assertNotSame(batch.encoded(new Numbered(19)), batch.encoded(new Numbered(19)));
    assertSame(batch.encoded(new Numbered(1)), batch.encoded(new Numbered(1)));
  }

  @Test
  void aProducerAboveTheLimitIsRefusedUntilAnotherOneHasBeenSilentForLong() {
    RingLog log = log(100);
    for (String producer : List.of("a", "b", "c")) {
      assertInstanceOf(Appended.Accepted.class, append(log, producer, 0));
    }
    assertInstanceOf(Appended.TooManyProducers.class, append(log, "d", 1));
    assertInstanceOf(Appended.Duplicate.class, append(log, "a", 1), "those known are known");
    assertInstanceOf(Appended.Accepted.class, append(log, "d", Duration.ofDays(7).toMillis() + 1));
    assertEquals(log.heldBytes(), budget.usedBytes(), "also what producers cost is counted");
  }
}
