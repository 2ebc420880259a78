package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import switchboard.log.Offset;

class AcknowledgementsTest {

  private final Acknowledgements acknowledgements = new Acknowledgements();

  /** A channel without messages here; {@code before} as "epoch:end,…". */
  private static ScriptReply state(String id, long epoch, long head, String before) {
    return Replies.head(id, epoch, head, head, before);
  }

  @Test
  void whatIsStillInTheLogIsNotLost() {
    acknowledgements.add("a", new Offset(1, 5));
    acknowledgements.check(state("a", 1, 7, ""));
    assertNull(acknowledgements.lost());
    acknowledgements.check(state("a", 2, 7, "1:5"));
    assertNull(acknowledgements.lost(), "another history, but with everything up to 5");
    assertTrue(acknowledgements.isAny());
  }

  @Test
  void aHistoryWithoutTheLastAcknowledgedMessageIsALoss() {
    acknowledgements.add("a", new Offset(1, 5));
    acknowledgements.add("a", new Offset(1, 4)); // an answer that came later
    acknowledgements.check(state("a", 2, 4, "1:4"));
    assertEquals(new Offset(1, 5), acknowledgements.lost().end());
    assertFalse(acknowledgements.isAny());
  }

  @Test
  void anotherChannelOfTheSameNameHasLostEverything() {
    acknowledgements.add("a", new Offset(1, 5));
    acknowledgements.check(state("b", 2, 9, "1:9"));
    assertNotNull(acknowledgements.lost());
  }

  @Test
  void aLossIsReportedOnce() {
    acknowledgements.add("a", new Offset(1, 5));
    acknowledgements.check(state("b", 2, 0, ""));
    Acknowledgements.Acknowledged first = acknowledgements.lost();
    acknowledgements.add("b", new Offset(2, 1));
    acknowledgements.check(state("c", 3, 0, ""));
    acknowledgements.reported(first);
    assertNotNull(acknowledgements.lost(), "the second loss is still to be reported");
    acknowledgements.reported(acknowledgements.lost());
    assertNull(acknowledgements.lost());
  }
}
