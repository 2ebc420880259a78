package switchboard.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

class AdmissionTest {

  private long now = 1_000_000;
  private final Admission admission = new Admission(100, Duration.ofMinutes(1), () -> now);

  @Test
  void onlyTheLimitASecondIsAdmittedAndTheOthersRetryOneAfterAnother() {
    // 1,000 come at once, and each comes again exactly when it is told to.
    PriorityQueue<Long> coming = new PriorityQueue<>();
    for (int i = 0; i < 1_000; i++) {
      coming.add(now);
    }
    int letIn = 0;
    long started = now;
    int[] bySecond = new int[60];
    while (!coming.isEmpty()) {
      now = coming.remove();
      long wait = admission.waitMillis();
      if (wait == 0) {
        letIn++;
        bySecond[(int) ((now - started) / 1_000)]++;
      } else {
        coming.add(now + wait);
      }
    }
    assertEquals(1_000, letIn);
    for (int inOneSecond : bySecond) {
      assertTrue(inOneSecond <= 200, inOneSecond + " in a second: the rate, and as many at once");
    }
    assertTrue(now - started < 15_000, "nobody waits much longer than needed");
  }

  @Test
  void afterItsTimeAllAreAdmitted() {
    now += 60_000;
    for (int i = 0; i < 1_000; i++) {
      assertEquals(0, admission.waitMillis());
    }
  }
}
