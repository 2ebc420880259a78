package switchboard.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RateLimiterTest {

  private long now = 1_000_000;
  private final RateLimiter pace = new RateLimiter(10, () -> now);

  private int doneAtOnce(String who, int times) {
    int done = 0;
    for (int i = 0; i < times; i++) {
      done += pace.waitMillis(who) == 0 ? 1 : 0;
    }
    return done;
  }

  @Test
  void aSecondsWorthMayBeDoneAtOnceAndNoMore() {
    assertEquals(10, doneAtOnce("a", 30));
    assertEquals(10, doneAtOnce("b", 30), "each has its own");
  }

  @Test
  void aRefusalSaysWhenToRetryAndThenItIsAllowed() {
    doneAtOnce("a", 30);
    assertEquals(100, pace.waitMillis("a"));
    now += 99;
    assertTrue(pace.waitMillis("a") > 0);
    now += 1;
    assertEquals(0, pace.waitMillis("a"));
    now += 500;
    assertEquals(5, doneAtOnce("a", 30), "refusals cost nothing");
  }

  @Test
  void bucketsUnusedForASecondAreForgotten() {
    doneAtOnce("a", 5);
    now += 400;
    pace.tick(now);
    assertEquals(1, pace.size());
    now += 100;
    pace.tick(now);
    assertEquals(0, pace.size());
    assertEquals(10, doneAtOnce("a", 30));
  }

  @Test
  void keysAboveTheLimitShareOneBucket() {
    for (int i = 0; i < RateLimiter.MAX; i++) {
      pace.waitMillis("address " + i);
    }
    assertEquals(10, doneAtOnce("another", 30));
    assertTrue(pace.waitMillis("yet another") > 0);
    assertEquals(RateLimiter.MAX + 1, pace.size());
  }

  @Test
  void zeroMeansNoLimit() {
    assertEquals(0, new RateLimiter(0, () -> now).waitMillis("a"));
  }
}
