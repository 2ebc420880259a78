package switchboard.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import switchboard.log.EpochHistory.EpochStart;

/** The rule for offsets of logs and their forks, in memory and in Redis. */
class EpochHistoryTest {

  private static final EpochHistory SOURCE = EpochHistory.of(1);
  private static final EpochHistory FORK = SOURCE.fork(2, 3);

  @Test
  void aLogKnowsTheOffsetsOfItsEpochUpToItsEnd() {
    assertTrue(SOURCE.knows(new Offset(1, 0), 5));
    assertTrue(SOURCE.knows(new Offset(1, 5), 5));
    assertFalse(SOURCE.knows(new Offset(1, 6), 5), "behind its end");
    assertFalse(SOURCE.knows(new Offset(2, 3), 5), "of another epoch");
    assertFalse(SOURCE.knows(Offset.BEGINNING, 5), "a symbol, not an offset");
  }

  @Test
  void aForkKnowsItsSourcesOffsetsUpToWhereItLeftIt() {
    assertTrue(FORK.knows(new Offset(1, 3), 5));
    assertFalse(FORK.knows(new Offset(1, 4), 5), "the source's, behind the fork");
    assertTrue(FORK.knows(new Offset(2, 4), 5));
    assertFalse(FORK.knows(new Offset(2, 2), 5), "before the fork began");
  }

  @Test
  void theBoundaryAtWhichAForkLeavesItsSourceKeepsTheSourcesOffset() {
    assertEquals(new Offset(1, 2), FORK.offset(2));
    assertEquals(new Offset(1, 3), FORK.offset(3));
    assertEquals(new Offset(2, 4), FORK.offset(4));
  }

  @Test
  void aForkAtTheBeginningHasItsSourcesFirstOffset() {
    EpochHistory fork = SOURCE.fork(2, 0);
    assertEquals(new Offset(1, 0), fork.offset(0));
    assertEquals(new Offset(2, 1), fork.offset(1));
    assertTrue(fork.knows(new Offset(1, 0), 0));
  }

  @Test
  void aForkOfAForkHasAllOfTheirEpochs() {
    EpochHistory third = FORK.fork(3, 5);
    assertEquals(3, third.size());
    assertEquals(
        List.of(new Offset(1, 3), new Offset(2, 4), new Offset(2, 5), new Offset(3, 6)),
        List.of(third.offset(3), third.offset(4), third.offset(5), third.offset(6)));
  }

  @Test
  void aForkWhereTheSourceWasForkedItselfDoesNotInheritTheSourcesOwnEpoch() {
    EpochHistory third = FORK.fork(3, 3);
    assertEquals(List.of(new EpochStart(1, 0), new EpochStart(3, 3)), third.starts());
    assertFalse(third.knows(new Offset(2, 3), 9));
  }

  @Test
  void everyOffsetThatALogGivesOutIsOneThatItKnows() {
    List<EpochHistory> all =
        List.of(SOURCE, SOURCE.fork(2, 0), FORK, FORK.fork(3, 3), FORK.fork(3, 5), FORK.upTo(4));
    for (EpochHistory epochs : all) {
      for (long number = 0; number <= 9; number++) {
        assertTrue(epochs.knows(epochs.offset(number), 9), epochs + " at " + number);
        if (number > 0) {
          assertTrue(epochs.offset(number - 1).compareTo(epochs.offset(number)) < 0, "in order");
        }
      }
    }
  }

  @Test
  void offsetsFromBeforeARestartStayGoodUpToWhereTheServerStopped() {
    EpochHistory log = SOURCE.next(2, 0, 3);
    assertTrue(log.knows(new Offset(1, 3), 5));
    assertFalse(log.knows(new Offset(1, 4), 5), "it was lost, or never there");
    assertEquals(new Offset(1, 3), log.offset(3));
    assertEquals(new Offset(2, 4), log.offset(4));
  }

  @Test
  void afterManyRestartsOnlyTheEpochsOfMessagesAndTheNewestOnesAreKept() {
    EpochHistory log = SOURCE;
    for (int epoch = 2; epoch <= 200; epoch++) {
      log = log.next(epoch, 150, epoch - 1);
    }
    assertEquals(64, log.starts().size());
    EpochHistory whole = SOURCE;
    for (int epoch = 2; epoch <= 200; epoch++) {
      whole = whole.next(epoch, 100, epoch - 1);
    }
    assertTrue(whole.knows(new Offset(100, 100), 199), "the boundary before the first message");
    assertEquals(new Offset(100, 100), whole.offset(100));
  }

  @Test
  void readersOfAFormerNameReadOnAtTheirPlaceUnderTheNewOne() {
    EpochHistory log = FORK.renamed(epoch -> epoch + 10, 5);
    assertEquals(new Offset(11, 3), log.offset(3));
    assertEquals(new Offset(12, 5), log.offset(5));
    assertFalse(log.knows(new Offset(1, 2), 5));
    assertEquals(2, log.placeOfFormer(new Offset(1, 2)));
    assertEquals(3, log.placeOfFormer(new Offset(1, 9)), "what came after it was another epoch's");
    assertEquals(5, log.placeOfFormer(new Offset(2, 9)));
    assertEquals(-1, log.placeOfFormer(new Offset(12, 5)));
    assertEquals(4, log.renamed(epoch -> epoch + 10, 5).placeOfFormer(new Offset(2, 4)));
  }
}
