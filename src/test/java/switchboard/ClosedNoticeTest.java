package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClosedNoticeTest {

  @ParameterizedTest
  @CsvSource({
    "Payara Micro 6.2025.10 #badassfish, payara-micro.jar --deploy shop.war",
    "Payara Server 6.2025.9 #badassfish, asadmin redeploy --name shop shop.war",
    "Eclipse GlassFish 7.0.25, asadmin create-system-properties 'switchboard.access.open=*'",
    "Undertow - 2.3.20.Final, '/deployment=shop.war:redeploy'",
    "Open Liberty/25.0.0.9, jvm.options",
    "Another/1.0, set switchboard.access.open=* and deploy it again"
  })
  void itNamesTheCommandsOfTheServer(String server, String part) {
    String text = ClosedNotice.text(server, "/shop");
    assertTrue(text.contains(part), text);
    assertTrue(text.endsWith("see docs/guide/access.md."), text);
  }

  @Test
  void theApplicationAtTheRootHasTheNameOfItsFile() {
    assertTrue(ClosedNotice.text("WildFly", "").contains("switchboard.war:redeploy"));
  }

  @Test
  void theTableOfTheSettingsHasTheSameCommands() throws Exception {
    String table = Files.readString(Path.of("docs/reference/settings.md"));
    for (String server : new String[] {"payara micro", "payara", "wildfly", "liberty"}) {
      String gives =
          ClosedNotice.text(server, "")
              .lines()
              .filter(line -> line.contains("switchboard.access.open") && line.startsWith("  "))
              .findFirst()
              .orElseThrow()
              .strip();
      // asadmin takes a colon for the next property.
      String value = gives.startsWith("asadmin") ? "public-*\\:read" : "public-*:read";
      String expected =
          gives.replace("*", value).replaceFirst("payara-micro.jar .*", "payara-micro.jar …");
      assertTrue(table.contains("`" + expected + "`"), expected);
    }
  }

  @Test
  void thePageHasTheSameCommands() throws Exception {
    String page = Files.readString(Path.of("src/main/webapp/lab/opening.js"));
    for (String server : new String[] {"payara micro", "payara", "wildfly", "liberty"}) {
      String text = ClosedNotice.text(server, "/${name}");
      text.lines()
          .filter(line -> line.startsWith("  "))
          .forEach(line -> assertTrue(page.contains(line.strip()), line));
    }
    assertEquals(5, page.split("name: '").length - 1, "servers on the page");
  }
}
