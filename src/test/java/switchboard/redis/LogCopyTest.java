package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import switchboard.channel.ChannelName;
import switchboard.channel.Limits;
import switchboard.channel.StoreContext;
import switchboard.log.Batch;
import switchboard.log.Budget;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Reading;
import switchboard.log.Retention;

/** What a copy does with what is read from Redis and with what Pub/Sub delivers. */
class LogCopyTest {

  private final Budget budget = new Budget(1_000_000, () -> {});
  private final StoreContext parts =
      new StoreContext(
          new Retention(100, 100_000, Duration.ZERO),
          new Page(100, 100_000),
          Limits.NONE,
          budget,
          null,
          name -> false,
          null,
          null);

  /** The channel with messages up to {@code head}, of which those from {@code from} on. */
  private static ScriptReply state(String id, long epoch, int head, int from, String before) {
    return Replies.messages(id, epoch, head, from, before);
  }

  private LogCopy after(LogCopy known, ScriptReply state) {
    return LogCopy.after(known, state, new ChannelName("c"), parts);
  }

  private static AppendNotice append(long epoch, int start, int end) {
    List<byte[]> messages =
        IntStream.range(start, end).mapToObj(i -> Integer.toString(i).getBytes(UTF_8)).toList();
    return new AppendNotice(null, epoch, start, false, 1, messages);
  }

  private static List<String> texts(Reading reading) {
    Batch batch = assertInstanceOf(Batch.class, reading);
    return batch.messages().stream().map(m -> new String(m, UTF_8)).toList();
  }

  private static List<String> all(LogCopy copy, long epoch) {
    return texts(copy.readAfter(new Offset(epoch, 0), Long.MAX_VALUE));
  }

  @Test
  void aReadAddsWhatIsNewToTheSameCopy() {
    LogCopy first = after(null, state("a", 1, 2, 0, ""));
    LogCopy second = after(first, state("a", 1, 4, 1, ""));
    assertSame(first.ring(), second.ring());
    assertEquals(List.of("0", "1", "2", "3"), all(second, 1));
  }

  @Test
  void anOlderAnswerChangesNothing() {
    LogCopy copy = after(null, state("a", 1, 4, 0, ""));
    LogCopy same = after(copy, state("a", 1, 2, 0, ""));
    assertSame(copy.ring(), same.ring());
    assertEquals(4, same.state().head());
    assertTrue(after(null, state("a", 2, 0, 0, "")).isNewerThan(state("a", 1, 4, 0, "")));
  }

  @Test
  void aHoleAnotherEpochAndAnotherChannelEachBeginANewCopy() {
    LogCopy copy = after(null, state("a", 1, 2, 0, ""));
    assertNotSame(copy.ring(), after(copy, state("a", 1, 9, 5, "")).ring(), "a hole");
    assertNotSame(copy.ring(), after(copy, state("a", 2, 2, 0, "1:2")).ring(), "another epoch");
    assertNotSame(copy.ring(), after(copy, state("b", 1, 2, 0, "")).ring(), "another channel");
  }

  @Test
  void aCopyThatIsReplacedGivesItsMemoryBack() {
    LogCopy copy = after(null, state("a", 1, 50, 0, ""));
    long used = budget.usedBytes();
    LogCopy next = after(copy, state("a", 2, 50, 0, "1:50"));
    assertEquals(used, budget.usedBytes());
    next.ring().leaveBudget();
    assertEquals(0, budget.usedBytes());
  }

  @Test
  void anAppendIsAddedOnlyAtTheEndAndOnlyOfTheSameEpoch() {
    LogCopy copy = after(null, state("a", 1, 2, 0, ""));
    assertTrue(copy.add(append(1, 2, 4)));
    assertEquals(List.of("0", "1", "2", "3"), all(copy, 1));
    assertTrue(copy.has(append(1, 2, 4)));
    assertFalse(copy.add(append(1, 5, 6)), "a hole");
    assertFalse(copy.has(append(1, 5, 6)));
    assertFalse(copy.add(append(2, 4, 5)), "another epoch");
    assertEquals(4, copy.end());
  }

  @Test
  void anOffsetThatIsNotKnownYetIsBehindTheEnd() {
    LogCopy copy = after(null, state("a", 2, 4, 0, ""));
    assertTrue(copy.isBefore(new Offset(2, 5)));
    assertTrue(copy.isBefore(new Offset(3, 0)));
    assertFalse(copy.isBefore(new Offset(2, 4)));
    assertFalse(copy.isBefore(new Offset(1, 9)));
  }

  @Test
  void anOffsetFromBeforeAChangeOfHistoryIsAGapToWhereBothAreTheSame() {
    LogCopy copy = after(null, state("a", 2, 4, 0, "1:3"));
    Offset third = new Offset(2, 3);
    assertEquals(
        new Gap(Gap.Reason.EPOCH, third, 0), copy.readAfter(new Offset(1, 9), Long.MAX_VALUE));
    assertEquals(
        new Gap(Gap.Reason.EPOCH, new Offset(2, 1), 0),
        copy.readAfter(new Offset(1, 1), Long.MAX_VALUE));
  }

  @Test
  void itEndsWhereTheLogInRedisEndsOrNot() {
    LogCopy copy = after(null, state("a", 1, 4, 0, ""));
    assertTrue(copy.isAsIn(new Scripts.Head("a", 1, 4, false)));
    assertFalse(copy.isAsIn(new Scripts.Head("a", 1, 4, true)));
    assertFalse(copy.isAsIn(new Scripts.Head("a", 1, 5, false)));
    assertFalse(copy.isAsIn(new Scripts.Head("a", 2, 4, false)));
    assertFalse(copy.isAsIn(new Scripts.Head("b", 1, 4, false)));
  }
}
