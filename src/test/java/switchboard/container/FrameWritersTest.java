package switchboard.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import jakarta.servlet.ServletContext;
import jakarta.websocket.Session;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

class FrameWritersTest {

  private final FrameWriters writers = new FrameWriters(true);

  private static <T> T nothing(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> null));
  }

  @Test
  void nothingIsSaidToBeInUseBeforeItIsKnown() {
    assertNull(writers.inUse());
  }

  @Test
  void aServerThatIsNotKnownGetsTheStandardApi() {
    writers.choose(nothing(ServletContext.class), false);
    assertEquals(FrameWriters.Way.STANDARD, writers.inUse());
    assertInstanceOf(StandardFrameWriter.class, writers.create(nothing(Session.class)));
  }

  @Test
  void aWayIsNamedInLowerCase() {
    assertEquals("undertow", FrameWriters.Way.UNDERTOW.key());
  }
}
