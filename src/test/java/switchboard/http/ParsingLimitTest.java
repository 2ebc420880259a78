package switchboard.http;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ParsingLimitTest {

  private static final int MAX = 1_000_000;

  private final ParsingLimit limit = new ParsingLimit(MAX);

  @Test
  void whoMayWaitWaitsUntilThereIsRoom() {
    int counted = limit.acquire(700_000);
    CompletableFuture<Integer> other = CompletableFuture.supplyAsync(() -> limit.acquire(400_000));
    assertFalse(other.isDone());
    limit.release(counted);
    await().until(other::isDone);
    assertEquals(400_000, other.join());
  }

  @Test
  void whoMayNotWaitIsToldThatThereIsNoRoom() {
    int counted = limit.tryAcquire(700_000);
    assertTrue(limit.tryAcquire(400_000) < 0);
    limit.release(counted);
    assertEquals(400_000, limit.tryAcquire(400_000));
  }

  @Test
  void aTextThatIsLargerThanTheLimitIsParsedAlone() {
    int counted = limit.acquire(5 * MAX);
    assertTrue(limit.tryAcquire(ParsingLimit.FREE_BYTES + 1) < 0);
    limit.release(counted);
    assertEquals(MAX, limit.tryAcquire(MAX));
  }

  @Test
  void aSmallTextNeedsNoRoom() {
    limit.acquire(MAX);
    assertEquals(0, limit.acquire(ParsingLimit.FREE_BYTES));
    assertEquals(0, limit.tryAcquire(ParsingLimit.FREE_BYTES));
  }

  @Test
  void aSmallTextDoesNotWaitBehindALargeOneThatWaits() {
    limit.acquire(MAX);
    Thread large = new Thread(() -> limit.acquire(MAX));
    large.setDaemon(true);
    large.start();
    await().until(() -> large.getState() == Thread.State.WAITING);
    CompletableFuture<Integer> small =
        CompletableFuture.supplyAsync(() -> limit.acquire(ParsingLimit.FREE_BYTES));
    await().until(small::isDone);
    assertEquals(0, small.join());
  }
}
