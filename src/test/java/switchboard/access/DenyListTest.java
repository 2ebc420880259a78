package switchboard.access;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import switchboard.config.Grants;
import switchboard.testing.FakeClocks;

class DenyListTest {

  private final DenyList denied = new DenyList(Duration.ofDays(1), new FakeClocks().clocks());

  private static Caller login(String name) {
    return new Caller("", null, new Caller.Login(name, Grants.NONE), 0);
  }

  @Test
  void aNameThatIsLongIsDeniedAndCostsNoMoreThanAShortOne() throws ReflectiveOperationException {
    String longName = "x".repeat(4_000);
    assertTrue(denied.denySubject(longName));
    assertTrue(denied.denies(login(longName)));
    assertFalse(denied.denies(login(longName + "y")));
    Field subjects = DenyList.class.getDeclaredField("subjects");
    subjects.setAccessible(true);
    for (Object key : ((Map<?, ?>) subjects.get(denied)).keySet()) {
      assertTrue(key.toString().length() <= 64, key + " is kept");
    }
  }

  @Test
  void noMoreAreDeniedThanMayBe() {
    for (int i = 0; i < DenyList.MAX; i++) {
      assertTrue(denied.denyToken("token " + i));
    }
    assertFalse(denied.denyToken("another"));
    assertTrue(denied.denyToken("token 1"), "it is denied already");
  }
}
