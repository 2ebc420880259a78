package switchboard.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where channels are kept: the memory, Redis, or a directory. */
class StoreUrlTest {

  @Test
  void theSchemeSaysWhichStoreItIs() {
    assertNull(StoreUrl.parse(" "));
    assertInstanceOf(RedisUrl.class, StoreUrl.parse(" redis://localhost "));
    assertEquals(
        new DirectoryUrl(Path.of("/var/lib/switchboard")),
        StoreUrl.parse("file:/var/lib/switchboard/"));
  }

  @Test
  void theUrlOfADirectoryIsToldAsRfc8089WritesIt() {
    StoreUrl url = StoreUrl.parse("file:///var/lib/switchboard");
    assertEquals("file:/var/lib/switchboard", url.toString());
    assertEquals("file", url.scheme());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:", "file:channels", "file:./channels", "file://host/var", "/var"})
  void aDirectoryHasAnAbsolutePathAndNoHost(String url) {
    assertThrows(IllegalArgumentException.class, () -> StoreUrl.parse(url));
  }
}
