package switchboard.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelNameTest {

  @ParameterizedTest
  @ValueSource(strings = {"a", "news", "A.b_c-d~9", "...", "application.wadl"})
  void takesLettersDigitsDotUnderscoreHyphenAndTilde(String name) {
    assertEquals(name, new ChannelName(name).toString());
  }

  @ParameterizedTest
  @CsvSource({
    "a/b, '/' is not allowed",
    "a b, ' ' is not allowed",
    "süß, 'ü' is not allowed",
    "'', it is empty",
    ".., it means a folder",
    "., it means a folder"
  })
  void refusesAnythingElseAndSaysWhat(String name, String offence) {
    var refusal = assertThrows(IllegalArgumentException.class, () -> new ChannelName(name));
    assertTrue(refusal.getMessage().contains(offence), refusal.getMessage());
    assertTrue(refusal.getMessage().contains('"' + name + '"'), refusal.getMessage());
  }

  @Test
  void has128CharactersAtTheMost() {
    new ChannelName("x".repeat(128));
    var refusal =
        assertThrows(IllegalArgumentException.class, () -> new ChannelName("x".repeat(5_000)));
    assertTrue(refusal.getMessage().contains("it has 5000 characters"), refusal.getMessage());
    assertTrue(refusal.getMessage().length() < 300, "quotes only the beginning");
  }
}
