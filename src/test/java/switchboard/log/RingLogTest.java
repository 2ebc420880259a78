package switchboard.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RingLogTest {

  private static final long EPOCH = 7;
  private static final Page PAGE = new Page(1_000, 1_000_000);

  private static RingLog log(int maxMessages, long maxBytes, Duration maxAge) {
    return new RingLog(EPOCH, new Retention(maxMessages, maxBytes, maxAge), PAGE);
  }

  private static RingLog log(int maxMessages) {
    return log(maxMessages, 1_000_000, Duration.ZERO);
  }

  private static Offset append(RingLog log, String... messages) {
    return appendAt(log, 0, messages);
  }

  private static Offset appendAt(RingLog log, long millis, String... messages) {
    Append append = Append.of(List.of(messages).stream().map(m -> m.getBytes(UTF_8)).toList());
    return assertInstanceOf(Appended.Accepted.class, log.append(append, millis)).next();
  }

  private static List<String> texts(Reading reading) {
    Batch batch = assertInstanceOf(Batch.class, reading);
    return batch.messages().stream().map(m -> new String(m, UTF_8)).toList();
  }

  @Test
  void appendGivesTheOffsetBehindTheMessages() {
    RingLog log = log(10);
    assertEquals(new Offset(EPOCH, 2), append(log, "a", "b"));
    assertEquals(new Offset(EPOCH, 3), append(log, "c"));
    assertEquals(new Offset(EPOCH, 3), log.end());
  }

  @Test
  void readingAfterAnOffsetGivesWhatComesBehindItInOrder() {
    RingLog log = log(10);
    Offset afterA = append(log, "a");
    append(log, "b", "c");
    assertEquals(List.of("b", "c"), texts(log.readAfter(afterA)));
    assertEquals(List.of("a", "b", "c"), texts(log.readAfter(log.earliest())));
  }

  @Test
  void readingAtTheEndSaysUpToDate() {
    RingLog log = log(10);
    Offset end = append(log, "a");
    assertEquals(new UpToDate(end, false), log.readAfter(end));
  }

  @Test
  void aFullLogForgetsTheOldestMessagesAndSaysHowManyAReaderMissed() {
    RingLog log = log(3);
    Offset start = log.end();
    append(log, "a", "b");
    append(log, "c", "d", "e");
    assertEquals(new Gap(Gap.Reason.TRIMMED, new Offset(EPOCH, 2), 2), log.readAfter(start));
    assertEquals(List.of("c", "d", "e"), texts(log.readAfter(log.earliest())));
  }

  @Test
  void theLimitOnBytesHoldsToo() {
    RingLog log = log(100, 10, Duration.ZERO);
    append(log, "12345");
    append(log, "67890");
    append(log, "x");
    assertEquals(new Offset(EPOCH, 1), log.earliest());
    assertEquals(6, log.retainedBytes());
  }

  @Test
  void theLimitOnAgeHoldsAtTheNextAppendAndAtATick() {
    RingLog log = log(100, 1_000, Duration.ofSeconds(10));
    appendAt(log, 0, "a");
    appendAt(log, 5_000, "b");
    appendAt(log, 10_001, "c");
    assertEquals(List.of("b", "c"), texts(log.readAfter(log.earliest())));
    log.forgetOld(30_000);
    assertEquals(log.end(), log.earliest());
    assertInstanceOf(Gap.class, log.readAfter(new Offset(EPOCH, 2)));
  }

  @Test
  void theNewestAppendIsKeptHoweverLarge() {
    RingLog log = log(2, 10, Duration.ZERO);
    append(log, "a");
    append(log, "a message larger than the bound", "b", "c");
    assertEquals(
        List.of("a message larger than the bound", "b", "c"), texts(log.readAfter(log.earliest())));
  }

  @Test
  void anOffsetOfAnotherEpochIsAGap() {
    RingLog log = log(10);
    append(log, "a");
    Gap gap = assertInstanceOf(Gap.class, log.readAfter(new Offset(EPOCH - 1, 1)));
    assertEquals(Gap.Reason.EPOCH, gap.reason());
    assertEquals(log.earliest(), gap.earliest());
  }

  @Test
  void anOffsetBeyondTheEndIsAGapAndNotASilentWait() {
    RingLog log = log(10);
    append(log, "a");
    Gap gap = assertInstanceOf(Gap.class, log.readAfter(new Offset(EPOCH, 2)));
    assertEquals(Gap.Reason.EPOCH, gap.reason());
  }

  @Test
  void aPageEndsAtItsBoundsAndSaysThatThereIsMore() {
    RingLog log = new RingLog(EPOCH, new Retention(100, 1_000, Duration.ZERO), new Page(3, 10));
    append(log, "1", "2", "3", "4");
    Batch three = assertInstanceOf(Batch.class, log.readAfter(log.earliest()));
    assertEquals(List.of("1", "2", "3"), texts(three));
    assertTrue(three.more());
    Batch rest = assertInstanceOf(Batch.class, log.readAfter(three.next()));
    assertEquals(List.of("4"), texts(rest));
    assertFalse(rest.more());
    append(log, "a message larger than the page", "5");
    assertEquals(List.of("a message larger than the page"), texts(log.readAfter(rest.next())));
  }

  @Test
  void readersAtTheSameOffsetGetTheSameBatchAndItsEncoding() {
    RingLog log = log(10);
    Offset start = log.end();
    append(log, "a");
    Batch batch = assertInstanceOf(Batch.class, log.readAfter(start));
    assertSame(batch, log.readAfter(start));
    Batch.Encoding<Object> encoding = b -> new Object();
    assertSame(batch.encoded(encoding), batch.encoded(encoding));
    append(log, "b");
    assertNotSame(batch, log.readAfter(start));
    assertEquals(List.of("a", "b"), texts(log.readAfter(start)));
  }

  @Test
  void aClosedLogSaysSoAtItsEndAndAcceptsNothingMore() {
    RingLog log = log(10);
    Offset start = log.end();
    append(log, "a");
    assertFalse(assertInstanceOf(Batch.class, log.readAfter(start)).closed());
    Append close = new Append(List.of(), null, null, true);
    assertEquals(new Appended.Accepted(log.end(), true), log.append(close, 0));
    assertTrue(assertInstanceOf(Batch.class, log.readAfter(start)).closed());
    assertEquals(new UpToDate(log.end(), true), log.readAfter(log.end()));
    assertEquals(new Appended.LogClosed(log.end()), log.append(Append.of(List.of(new byte[1])), 0));
    assertEquals(new Appended.Duplicate(log.end(), true, -1), log.append(close, 0));
  }

  @Test
  void aProducersRetryIsNotAppendedAgain() {
    RingLog log = log(10);
    assertInstanceOf(Appended.Accepted.class, produce(log, 0));
    assertInstanceOf(Appended.Accepted.class, produce(log, 1));
    assertEquals(new Appended.Duplicate(log.end(), false, 1), produce(log, 0));
    assertEquals(2, log.end().number());
  }

  private static Appended produce(RingLog log, long seq) {
    Producer producer = new Producer("p", 0, seq);
    return log.append(new Append(List.of(new byte[] {1}), producer, null, false), 0);
  }

  private static Offset take(RingLog log, String... messages) {
    Append append = Append.of(List.of(messages).stream().map(m -> m.getBytes(UTF_8)).toList());
    return assertInstanceOf(Appended.Accepted.class, log.take(append, 0)).next();
  }

  @Test
  void readersAreGivenWhatIsShownAndWritersGoOnBehindWhatWasTaken() {
    RingLog log = log(10);
    Offset a = append(log, "a");
    Offset b = take(log, "b");
    assertEquals(new Offset(EPOCH, 3), take(log, "c"));
    assertEquals(a, log.end());
    assertEquals(new UpToDate(a, false), log.readAfter(a));
    assertEquals(Gap.Reason.EPOCH, assertInstanceOf(Gap.class, log.readAfter(b)).reason());
    log.show(2, false);
    assertEquals(List.of("b"), texts(log.readAfter(a)));
    assertEquals(b, log.end());
    log.show(1, false);
    assertEquals(b, log.end(), "what was shown stays so");
  }

  @Test
  void aLogIsClosedForWritersBeforeReadersAreTold() {
    RingLog log = log(10);
    log.take(new Append(List.of(new byte[1]), null, null, true), 0);
    assertEquals(
        new Appended.LogClosed(new Offset(EPOCH, 1)), log.take(Append.of(List.of(new byte[1])), 0));
    assertFalse(log.isClosed());
    log.show(1, true);
    assertTrue(log.isClosed());
    assertTrue(assertInstanceOf(Batch.class, log.readAfter(new Offset(EPOCH, 0))).closed());
  }

  @Test
  void aReaderIsNeverToldOfAnOffsetThatIsNotShown() {
    RingLog log = log(2);
    Offset a = append(log, "a");
    take(log, "b");
    take(log, "c");
    take(log, "d");
    take(log, "e"); // now the log has forgotten what it has not shown
    assertEquals(a, log.earliest());
    assertEquals(new UpToDate(a, false), log.readAfter(a));
    assertEquals(
        new Gap(Gap.Reason.TRIMMED, a, 1), log.readAfter(new Offset(EPOCH, 0)), "a is forgotten");
    log.show(5, false);
    assertEquals(new Gap(Gap.Reason.TRIMMED, new Offset(EPOCH, 3), 2), log.readAfter(a));
  }

  @Test
  void aForkHasOnlyWhatIsShown() {
    RingLog log = log(10);
    append(log, "a");
    take(log, "b");
    RingLog fork = log.fork(9, log.end(), 0);
    assertEquals(List.of("a"), texts(fork.readAfter(fork.earliest())));
    assertThrows(
        IllegalArgumentException.class, () -> log.fork(9, new Offset(EPOCH, 2), 0), "not shown");
    assertThrows(IllegalArgumentException.class, () -> log.fork(9, log.end(), 1), "not shown");
  }

  @Test
  void anotherServerAppendsInAnEpochOfItsOwn() {
    RingLog log = log(10);
    Offset a = append(log, "a");
    assertTrue(log.beginLife(EPOCH + 1));
    assertEquals(new UpToDate(a, false), log.readAfter(a));
    assertEquals(new Offset(EPOCH + 1, 2), append(log, "b"));
    assertTrue(log.beginLife(EPOCH + 1));
    assertEquals(List.of("b"), texts(log.readAfter(a)));
    assertEquals(new Gap(Gap.Reason.EPOCH, log.earliest(), 0), log.readAfter(new Offset(EPOCH, 2)));
  }
}
