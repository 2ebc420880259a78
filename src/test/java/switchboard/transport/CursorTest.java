package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import switchboard.http.Problem;

class CursorTest {

  private static final long NOW = Instant.parse("2024-10-09T00:33:20Z").toEpochMilli();

  @Test
  void countsIntervalsOfTwentySecondsSinceTheProtocolsEpoch() {
    assertEquals("100", Cursor.next(null, NOW));
    assertEquals("100", Cursor.next("99", NOW));
    assertEquals("101", Cursor.next("99", NOW + 20_000));
  }

  @RepeatedTest(50)
  void neverGoesBackAndIsAlwaysAheadOfTheClients() {
    assertTrue(Long.parseLong(Cursor.next("100", NOW)) > 100);
    assertTrue(Long.parseLong(Cursor.next("100", NOW)) <= 100 + 180);
    assertTrue(Long.parseLong(Cursor.next("999999999999999", NOW)) > 999_999_999_999_999L);
  }

  @Test
  void refusesWhatIsNoCursor() {
    for (String bad : new String[] {"", "-1", "1.5", "x", "1234567890123456"}) {
      assertThrows(Problem.class, () -> Cursor.next(bad, NOW), bad);
    }
  }
}
