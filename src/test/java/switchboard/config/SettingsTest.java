package switchboard.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SettingsTest {

  private static Settings settings(Map<String, String> written) {
    return new Settings(setting -> written.get(setting.key()), written.keySet());
  }

  @Test
  void areTheDefaultsWhereNobodySaysOtherwise() {
    Settings settings = settings(Map.of());
    assertEquals(Duration.ofSeconds(10), settings.get(Settings.LONG_POLL_WAIT));
    assertEquals(10_000, settings.get(Settings.LOG_MAX_MESSAGES));
    assertEquals(20_000, settings.millis(Settings.PING_INTERVAL));
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

  /** Former names and today's, each as {@code former=today}. */
  static Stream<String> formerNames() {
    return Spelling.FORMER_NAMES.entrySet().stream()
        .map(names -> names.getKey() + "=" + names.getValue());
  }

  @ParameterizedTest
  @MethodSource("formerNames")
  void underAFormerNameAreRefusedWithTodaysInEverySpelling(String names) {
    String former = "switchboard." + names.split("=")[0];
    String today = "switchboard." + names.split("=")[1];
    assertTrue(Settings.ALL.stream().anyMatch(setting -> setting.key().equals(today)), today);
    assertTrue(Settings.ALL.stream().noneMatch(setting -> setting.key().equals(former)), former);
    assertRefused(former, today);
    assertRefused(
        former.replace("switchboard.", "switchboard.app.shop."),
        today.replace("switchboard.", "switchboard.app.shop."));
    String variable = Setting.environmentVariable(former);
    String variableToday = Setting.environmentVariable(today);
    assertRefused(variable, "%s (%s)".formatted(today, variableToday));
    assertRefused(
        variable.replace("SWITCHBOARD_", "SWITCHBOARD_APP_SHOP_"),
        "%s (%s)"
            .formatted(
                today.replace("switchboard.", "switchboard.app.shop."),
                variableToday.replace("SWITCHBOARD_", "SWITCHBOARD_APP_SHOP_")));
    var refusal =
        assertThrows(IllegalArgumentException.class, () -> ofShop(Map.of(), former + "=1"));
    assertEquals(refusal(former, today), refusal.getMessage(), "in the application's own file");
  }

  private static void assertRefused(String name, String today) {
    var refusal = assertThrows(IllegalArgumentException.class, () -> ofShop(Map.of(name, "1")));
    assertEquals(refusal(name, today), refusal.getMessage());
  }

  private static String refusal(String name, String today) {
    return "Settings are wrong:\n  %s: no such setting; did you mean %s?".formatted(name, today);
  }

  @Test
  void anAdapterThatThereIsNotIsRefused() {
    assertEquals(HttpAdapter.SERVLET, settings(Map.of()).get(Settings.HTTP_ADAPTER));
    Map<String, String> known = Map.of("switchboard.http.adapter", "jax-rs");
    assertEquals(HttpAdapter.JAX_RS, settings(known).get(Settings.HTTP_ADAPTER));
    Map<String, String> unknown = Map.of("switchboard.http.adapter", "undertow");
    var refusal = assertThrows(IllegalArgumentException.class, () -> settings(unknown));
    assertEquals(
        "Settings are wrong:\n  switchboard.http.adapter = \"undertow\": not servlet or jax-rs",
        refusal.getMessage());
  }

  @Test
  void otherVariablesOfTheProcessAreNobodysSettings() {
    ofShop(Map.of("SWITCHBOARD_SERVICE_HOST", "10.0.0.1", "SWITCHBOARD_PORT", "80", "PATH", "/"));
  }

  @Test
  void areQuotedWithoutASecretThatIsTooShortOrAPrivateKey() {
    var wrong =
        Map.of(
            "switchboard.token.secret", "se-cret",
            "switchboard.token.public-key", "-----BEGIN PRIVATE KEY-----\nse-cret");
    var refusal = assertThrows(IllegalArgumentException.class, () -> settings(wrong));
    assertTrue(refusal.getMessage().contains("token.secret = \"***\""), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("token.public-key = \"***\""), refusal.getMessage());
    assertFalse(refusal.getMessage().contains("se-cret"), refusal.getMessage());
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
    String documentation = Files.readString(Path.of("docs/reference/settings.md"));
    assertTrue(
        documentation.contains(table), "docs/reference/settings.md should contain\n" + table);
  }

  @Test
  void areEachToldInOneShortSentence() {
    for (Setting<?> setting : Settings.ALL) {
      String sentence = setting.sentence();
      assertTrue(sentence.endsWith(".") && !sentence.contains(". "), sentence);
      assertTrue(sentence.length() <= 100, sentence);
      assertTrue(setting.range().length() <= 90, setting.range());
    }
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

  private static Settings ofShop(Map<String, String> server, String... own) {
    Properties file = new Properties();
    for (String line : own) {
      file.setProperty(line.split("=", 2)[0], line.split("=", 2)[1]);
    }
    return Sources.settings("shop", file, server::get, server.keySet());
  }

  @Test
  void ofTheApplicationCountMoreThanThoseOfTheServerAndThoseForItAloneMost() {
    Map<String, String> server =
        Map.of(
            "switchboard.log.max-messages", "1",
            "switchboard.page.max-messages", "1",
            "switchboard.channels.max", "1",
            "switchboard.app.shop.channels.max", "3",
            "switchboard.app.other.channels.max", "4");
    Settings settings =
        ofShop(server, "switchboard.page.max-messages=2", "switchboard.channels.max=2");
    assertEquals(1, settings.get(Settings.LOG_MAX_MESSAGES), "the server's, to all");
    assertEquals(2, settings.get(Settings.PAGE_MAX_MESSAGES), "the application's own");
    assertEquals(3, settings.get(Settings.MAX_CHANNELS), "the server's, to this one");
  }

  @Test
  void openAnApplicationThatHasItsOwnRuleByNothingThatIsSaidToAll() {
    Map<String, String> server =
        Map.of("switchboard.access.open", "*", "switchboard.access.roles", "**=*");
    assertEquals("*", ofShop(server).get(Settings.OPEN).toString(), "without a rule of its own");
    for (String rule :
        List.of(
            "switchboard.access.open=",
            "switchboard.access.open=orders:read",
            "switchboard.access.roles=clerk=orders:read")) {
      Settings settings = ofShop(server, rule);
      String[] said = rule.split("=", 2);
      for (Setting<?> setting : List.of(Settings.OPEN, Settings.ROLES)) {
        String expected = setting.key().equals(said[0]) ? said[1] : "";
        assertEquals(expected, settings.get(setting).toString(), rule + ": " + setting.key());
      }
    }
  }

  @Test
  void forAnotherApplicationAreItsOwnAffairButMisspeltOnesForThisOneAreTold() {
    ofShop(Map.of("switchboard.app.other.no-such-thing", "1"));
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> ofShop(Map.of("switchboard.app.shop.acces.open", "*")));
    assertTrue(
        refusal
            .getMessage()
            .contains(
                "switchboard.app.shop.acces.open: no such setting; did you mean"
                    + " switchboard.app.shop.access.open?"),
        refusal.getMessage());
  }

  @Test
  void aPathIsOneThatEveryServerTakesAndThatLeadsNowhereElse() {
    for (String path : List.of("/push", "/a/b", "/~me/v1.0", "/..push", "/a..b")) {
      assertEquals(path, settings(Map.of("switchboard.path", path)).get(Settings.PATH));
    }
    for (String path :
        List.of(
            "",
            "/",
            "push",
            "/push/",
            "//push",
            "/a//b",
            "/push/*",
            "/*",
            "*",
            "/..",
            "/a/../b",
            "/./a",
            "/a/.",
            "/{a}",
            "/a b",
            "/a%2fb",
            "/a;b",
            "/a?b",
            "/a#b",
            "/WEB-INF",
            "/web-inf/a",
            "/a/META-INF",
            "/\u00e4",
            "\\push",
            "http://a/b",
            "/" + "a".repeat(100))) {
      var refusal =
          assertThrows(
              IllegalArgumentException.class,
              () -> settings(Map.of("switchboard.path", path)),
              path);
      assertTrue(
          refusal.getMessage().contains("switchboard.path = \"" + path + "\""),
          refusal.getMessage());
    }
  }

  @Test
  void hostNamesHaveNoPortAndAWrongOneIsQuoted() {
    var hosts = settings(Map.of("switchboard.hosts", "push.example, localhost,,[::1] ,10.0.0.1"));
    assertEquals(
        List.of("push.example", "localhost", "[::1]", "10.0.0.1"), hosts.get(Settings.HOSTS));
    for (String name : List.of("a:80", "http://a", "a/b", "::1", "*", "a b")) {
      var refusal =
          assertThrows(
              IllegalArgumentException.class,
              () -> settings(Map.of("switchboard.hosts", "localhost," + name)),
              name);
      assertTrue(
          refusal.getMessage().contains("\"" + name + "\" is not a host name"),
          refusal.getMessage());
    }
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
