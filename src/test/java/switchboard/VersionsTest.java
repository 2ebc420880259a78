package switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The version is the POM's wherever else it has to be written. */
class VersionsTest {

  private static String first(String file, String pattern) throws IOException {
    Matcher version = Pattern.compile(pattern).matcher(Files.readString(Path.of(file)));
    assertTrue(version.find(), file + " has no " + pattern);
    return version.group(1);
  }

  private static String pom() throws IOException {
    return first("pom.xml", "<artifactId>switchboard</artifactId>\\s*<version>([^<]+)<");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "src/main/webapp/openapi.json",
        "src/main/webapp/asyncapi.json",
        "src/main/webapp/js/package.json"
      })
  void theDescriptionsAndThePackageHaveThePomsVersion(String file) throws IOException {
    assertEquals(pom().replace("-SNAPSHOT", ""), first(file, "\"version\": \"([^\"]+)\""), file);
  }

  @Test
  void thePageForApplicationsHasThePomsVersion() throws IOException {
    String page = "docs/start/application.md";
    assertEquals(pom(), first(page, "switchboard-embedded</artifactId>\\s*<version>([^<]+)<"));
  }
}
