package switchboard.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which appends are new, which are retries, and which are refused. */
class ProducerTableTest {

  private static final long WEEK = Duration.ofDays(7).toMillis();
  private static final List<byte[]> ONE = List.of(new byte[] {1});

  private final ProducerTable table = new ProducerTable();
  private final RingLog log =
      new RingLog(7, new Retention(10, 1_000, Duration.ZERO), new Page(10, 1_000));

  private static Append of(String id, long epoch, long seq) {
    return new Append(ONE, new Producer(id, epoch, seq), null, false);
  }

  private static Append sequenced(String seq) {
    return new Append(ONE, null, seq, false);
  }

  /** The refusal; {@code null} where it was accepted and remembered. */
  private Appended append(Append append, long millis) {
    table.forgetSilent(millis);
    Appended refusal = table.refusalOf(append, log);
    if (refusal == null) {
      table.remember(append, millis);
      log.append(new Append(append.messages(), null, null, append.close()), millis);
    }
    return refusal;
  }

  private Appended append(Append append) {
    return append(append, 0);
  }

  @Test
  void aRetryIsADuplicateAndAMissingAppendIsAGap() {
    assertNull(append(of("p", 0, 0)));
    assertNull(append(of("p", 0, 1)));
    assertEquals(new Appended.Duplicate(log.end(), false, 1), append(of("p", 0, 0)));
    assertEquals(new Appended.Duplicate(log.end(), false, 1), append(of("p", 0, 1)));
    assertEquals(new Appended.ProducerGap(2, 5), append(of("p", 0, 5)));
    assertEquals(new Appended.ProducerGap(0, 1), append(of("another", 0, 1)));
  }

  @Test
  void aNewEpochReplacesTheOlderOneAndStartsAtZero() {
    assertNull(append(of("p", 0, 0)));
    assertNull(append(of("p", 2, 0)));
    assertEquals(new Appended.StaleEpoch(2), append(of("p", 1, 0)));
    assertEquals(new Appended.EpochNotAtZero(3), append(of("p", 3, 3)));
    assertNull(append(of("p", 2, 1)));
  }

  @Test
  void aSequenceTokenMustGrowAsBytesDo() {
    assertNull(append(sequenced("09")));
    assertNull(append(sequenced("10")));
    assertEquals(new Appended.SeqRegression("10"), append(sequenced("10")));
    assertEquals(new Appended.SeqRegression("10"), append(sequenced("1")));
    assertNull(append(sequenced("a")));
    assertNull(append(sequenced("ä")), "two bytes, the first of them greater than any letter's");
    assertEquals(new Appended.SeqRegression("ä"), append(sequenced("z")));
  }

  @Test
  void aClosedLogAnswersTheRetryOfTheAppendThatClosedItAsADuplicate() {
    assertNull(append(of("p", 1, 0)));
    Append closing = new Append(ONE, new Producer("p", 1, 1), null, true);
    assertNull(append(closing));
    assertEquals(new Appended.Duplicate(log.end(), true, 1), append(closing));
    assertEquals(new Appended.LogClosed(log.end()), append(of("p", 1, 2)));
    assertEquals(new Appended.StaleEpoch(1), append(of("p", 0, 0)), "even from a closed log");
    assertEquals(new Appended.LogClosed(log.end()), append(of("another", 0, 0)));
    Append close = new Append(List.of(), null, null, true);
    assertEquals(new Appended.Duplicate(log.end(), true, -1), append(close));
    assertEquals(new Appended.LogClosed(log.end()), append(Append.of(ONE)));
  }

  @Test
  void aProducerThatWasSilentForAWeekIsForgotten() {
    append(of("silent", 3, 0), 0);
    append(of("busy", 0, 0), WEEK);
    assertEquals(new Appended.StaleEpoch(3), append(of("silent", 1, 0), WEEK));
    append(of("busy", 0, 1), WEEK + 1);
    assertNull(append(of("silent", 1, 0), WEEK + 1));
    assertEquals(new Appended.Duplicate(log.end(), false, 1), append(of("busy", 0, 1), WEEK + 2));
  }

  @Test
  void itHasRoomForAsManyProducersAsAllowedAndForThoseItKnows() {
    append(of("a", 0, 0));
    assertTrue(table.hasRoomFor(new Producer("b", 0, 0), 2));
    append(of("b", 0, 0));
    assertFalse(table.hasRoomFor(new Producer("c", 0, 0), 2));
    assertTrue(table.hasRoomFor(new Producer("a", 0, 1), 2));
  }

  @Test
  void itsBytesAreTheSumOfWhatEachAppendAddedLessWhatWasForgotten() {
    long added = 0;
    for (Append append :
        List.of(of("p", 0, 0), of("p", 0, 1), sequenced("a long token"), sequenced("b"))) {
      added += table.addedBytes(append);
      append(append);
      assertEquals(added, table.bytes());
    }
    long forgotten = table.forgetSilent(WEEK + 1);
    assertEquals(added - forgotten, table.bytes());
    assertEquals(2, table.bytes(), "the token's one character is left");
  }
}
