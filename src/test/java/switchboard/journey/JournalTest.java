package switchboard.journey;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A check that finds nothing must be able to find something. */
class JournalTest {

  @ParameterizedTest
  @CsvSource({
    "0, 1 2 3",
    "1, 1 3",
    "1, 1 2 2",
    "1, 2 1",
    "0, 1 gap:trimmed:1 3",
    "1, 1 gap:trimmed:2 3",
    "1, 1 gap:trimmed:1 2",
    "0, 1 gap:trimmed:1 gap:trimmed:2 5",
    "0, 1 2 gap:epoch 1000000001",
    "1, 1 2 1000000001",
    "0, 5 6 ended 7 server-stopping 8",
    "0, gap:epoch 1000000004 1000000005",
    "1, 1 gap:epoch 1"
  })
  void everyBrokenPromiseIsFoundAndNothingElse(int violations, String heard) {
    Journal journal = new Journal("somebody");
    for (String thing : heard.split(" ")) {
      journal.note(thing);
    }
    assertEquals(violations, journal.violations().size(), journal.violations().toString());
  }
}
