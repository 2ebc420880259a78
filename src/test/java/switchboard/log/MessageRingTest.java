package switchboard.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MessageRingTest {

  private static void add(MessageRing ring) {
    ring.add(Long.toString(ring.head()).getBytes(UTF_8), ring.head() * 10);
  }

  /** Each message has its own number as text, and ten times that as its time. */
  private static void assertInOrder(MessageRing ring) {
    for (long number = ring.first(); number < ring.head(); number++) {
      assertEquals(Long.toString(number), new String(ring.message(number), UTF_8));
      assertEquals(number * 10, ring.timeMillis(number));
    }
  }

  @Test
  void itKeepsItsOrderWhileItGrowsWrapsAroundAndShrinks() {
    MessageRing ring = new MessageRing(5);
    for (int size = 1; size <= 1_000; size += 37) {
      while (ring.count() < size) {
        add(ring);
        if (ring.count() > 3) {
          ring.removeFirst();
          add(ring);
        }
      }
      assertInOrder(ring);
    }
    while (ring.count() > 0) {
      ring.removeFirst();
      assertInOrder(ring);
    }
    assertEquals(ring.head(), ring.first());
  }

  @Test
  void itCountsTheBytesOfWhatItHas() {
    MessageRing ring = new MessageRing(0);
    ring.add(new byte[3], 0);
    ring.add(new byte[4], 0);
    assertEquals(7, ring.bytes());
    assertEquals(3, ring.removeFirst());
    assertEquals(4, ring.bytes());
  }

  @Test
  void oneThatHadManyMessagesKeepsNoSlotsForThem() {
    MessageRing ring = new MessageRing(0);
    for (int i = 0; i < 5_000; i++) {
      add(ring);
    }
    while (ring.count() > 10) {
      ring.removeFirst();
    }
    assertTrue(ring.slots() <= 64, ring.slots() + " slots for 10 messages");
    assertInOrder(ring);
  }
}
