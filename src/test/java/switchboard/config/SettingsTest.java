package switchboard.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SettingsTest {

  private static Settings settings(Map<String, String> written) {
    return new Settings(setting -> written.get(setting.key()), written.keySet());
  }

  @Test
  void areTheDefaultsWhereNobodySaysOtherwise() {
    Settings settings = settings(Map.of());
    assertEquals(Duration.ofSeconds(10), settings.get(Settings.LONG_POLL_WAIT));
    assertEquals(10_000, settings.get(Settings.LOG_MAX_MESSAGES));
    assertEquals(20_000, settings.millis(Settings.PING_AFTER));
  }

  @Test
  void areWhatWasWritten() {
    Settings settings =
        settings(Map.of("switchboard.long-poll.wait", "PT5S", "switchboard.ticker.channel", ""));
    assertEquals(Duration.ofSeconds(5), settings.get(Settings.LONG_POLL_WAIT));
    assertEquals("", settings.get(Settings.TICKER).toString());
  }

  @Test
  void tellEverythingThatIsWrongAtOnceAndTheNearestNameForAMisspeltOne() {
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                settings(
                    Map.of(
                        "switchboard.long-poll.wait", "ten seconds",
                        "switchboard.log.max-messages", "0",
                        "switchboard.log.max-mesages", "5",
                        "switchboard.channels.auto-create", "a/b")));
    for (String expected :
        List.of(
            "switchboard.long-poll.wait = \"ten seconds\": not an ISO 8601 duration",
            "switchboard.log.max-messages = \"0\": not a whole number of 1 to 100,000,000",
            "switchboard.log.max-mesages: no such setting; did you mean"
                + " switchboard.log.max-messages?",
            "switchboard.channels.auto-create = \"a/b\"")) {
      assertTrue(refusal.getMessage().contains(expected), refusal.getMessage());
    }
  }

  @Test
  void areQuotedWithoutTheirPasswordWhereTheyAreWrong() {
    var wrong = Map.of("switchboard.store.url", "redis://user:se@cret@host");
    var refusal = assertThrows(IllegalArgumentException.class, () -> settings(wrong));
    assertTrue(refusal.getMessage().contains("\"redis://***@host\""), refusal.getMessage());
  }

  @Test
  void haveTheSameDefaultsRangesAndSentencesInTheDocumentation() throws IOException {
    String table =
        Settings.ALL.stream()
            .map(
                s ->
                    "| `%s` | `%s` | %s | %s |"
                        .formatted(s.key(), s.defaultValue(), s.range(), s.sentence()))
            .collect(Collectors.joining("\n"));
    String documentation = Files.readString(Path.of("docs/settings.md"));
    assertTrue(documentation.contains(table), "docs/settings.md should contain\n" + table);
  }

  @Test
  void areAlsoEnvironmentVariables() {
    assertEquals("SWITCHBOARD_LONG_POLL_WAIT", Settings.LONG_POLL_WAIT.environmentVariable());
  }

  @Test
  void anEnvironmentVariableInAnotherSpellingIsNoMisspeltSetting() {
    assertEquals(
        List.of("switchboard.long-pol.wait"),
        Sources.withoutVariables(
            List.of("switchboard.long.poll.wait", "switchboard.long-pol.wait"),
            Set.of("SWITCHBOARD_LONG_POLL_WAIT")));
  }

  @Test
  void namePatternsMatchAnyCharactersForAStar() {
    NamePatterns patterns = NamePatterns.parse("news, chat-*, *.log , a*b*c");
    for (String name :
        List.of("news", "chat-", "chat-1", "x.log", ".log", "abc", "aXbYc", "abbcc")) {
      assertTrue(patterns.match(name), name);
    }
    for (String name : List.of("new", "newsx", "chat", "x.logs", "ab", "acb", "")) {
      assertEquals(false, patterns.match(name), name);
    }
    // A regular expression could need 2^60 steps here.
    assertEquals(false, NamePatterns.parse("*a".repeat(30) + "b").match("a".repeat(128)));
  }
}
