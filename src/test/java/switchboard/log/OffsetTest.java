package switchboard.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffsetTest {

  @Test
  void isReadBackAsItWasWritten() {
    for (Offset offset : places()) {
      assertEquals(offset, Offset.parse(offset.toString()));
    }
  }

  @Test
  void sortsAsAStringInLogOrder() {
    List<String> tokens = places().stream().map(Offset::toString).toList();
    assertEquals(tokens, tokens.stream().sorted().toList());
    assertEquals(places(), places().stream().sorted().toList());
  }

  private static List<Offset> places() {
    return Stream.of(0L, 1L, 9L, 10L, 35L, 36L, 1_000L, 123_456_789L)
        .flatMap(e -> Stream.of(0L, 1L, 35L, 36L, 99_999_999L).map(n -> new Offset(e, n)))
        .toList();
  }

  @Test
  void hasAFixedWidthAndOnlyCharactersThatAUrlNeedNotEscape() {
    for (Offset offset : places()) {
      assertTrue(offset.toString().matches("[0-9a-z]{8}_[0-9a-z]{9}"), offset.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "00000000_00000000",
        "00000000_0000000000",
        "00000000-000000000",
        "0000000A_000000000",
        "00000000_00000000٣",
        "00000000_00000000 ",
        "+0000000_000000000",
        "now",
        "-1"
      })
  void refusesWhatItNeverWroteAndQuotesIt(String token) {
    var refusal = assertThrows(IllegalArgumentException.class, () -> Offset.parse(token));
    assertTrue(refusal.getMessage().contains('"' + token + '"'), refusal.getMessage());
  }
}
