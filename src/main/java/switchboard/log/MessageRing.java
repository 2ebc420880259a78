package switchboard.log;

/**
 * Messages with consecutive numbers, each with the time of its append, in a ring of slots: the
 * oldest is removed at {@code first}, the newest added at {@code head}.
 *
 * <p>The number of slots is a power of two; it doubles when the ring is full and halves when three
 * quarters of it are empty.
 *
 * <p><b>Threads.</b> Confined to the log's lock.
 *
 * <p><b>Cost.</b> 16 bytes a slot, at least 8 slots; O(1) a message.
 */
final class MessageRing {

  private static final int SMALLEST = 8;

  private byte[][] slots = new byte[SMALLEST][];
  private long[] times = new long[SMALLEST];
  private long first;
  private long head;
  private long bytes;

  /** An empty one whose first message will have the number {@code first}. */
  MessageRing(long first) {
    this.first = first;
    this.head = first;
  }

  /** The number of its oldest message. */
  long first() {
    return first;
  }

  /** The number that the next message will have. */
  long head() {
    return head;
  }

  long count() {
    return head - first;
  }

  /** All messages' bytes together. */
  long bytes() {
    return bytes;
  }

  /** How many messages fit before it grows. */
  int slots() {
    return slots.length;
  }

  byte[] message(long number) {
    return slots[index(number)];
  }

  /** When a message was appended. */
  long timeMillis(long number) {
    return times[index(number)];
  }

  void add(byte[] message, long nowMillis) {
    if (count() == slots.length) {
      resize(slots.length * 2);
    }
    int index = index(head++);
    slots[index] = message;
    times[index] = nowMillis;
    bytes += message.length;
  }

  /** Removes the oldest message; its size in bytes. */
  int removeFirst() {
    int index = index(first++);
    int size = slots[index].length;
    bytes -= size;
    slots[index] = null;
    // Otherwise a log that had many messages once would keep their slots.
    if (slots.length > SMALLEST && count() < slots.length / 4) {
      resize(slots.length / 2);
    }
    return size;
  }

  private void resize(int length) {
    byte[][] oldSlots = slots;
    long[] oldTimes = times;
    slots = new byte[length][];
    times = new long[length];
    for (long number = first; number < head; number++) {
      int from = (int) (number & (oldSlots.length - 1));
      slots[index(number)] = oldSlots[from];
      times[index(number)] = oldTimes[from];
    }
  }

  private int index(long number) {
    return (int) (number & (slots.length - 1));
  }
}
