package switchboard.log;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * Which epochs the offsets of a log have. A log has one, a fork those of its source as well, and a
 * log that outlives its server one for each server that appended to it, each up to where the next
 * one begins:
 *
 * <pre>
 *   e1 from 0, e2 from 2     e1_0 ─ e1_1 ─ e1_2 ─ e2_3 ─ e2_4
 * </pre>
 *
 * <p>The boundary at which a fork leaves its source keeps the source's epoch: readers of either
 * have the same offset there.
 *
 * <p><b>Threads.</b> Immutable.
 *
 * <p><b>Cost.</b> O(epochs) a call: one, and one more for each fork of a fork.
 *
 * @param starts in ascending order, at least one
 * @param former names that epochs had before messages may have been lost, each with the last place
 *     that it named. Their readers must be told, and read on from there
 */
public record EpochHistory(List<EpochStart> starts, List<Offset> former) {

  /** So many are kept after their messages, to tell a reader that is late from a forger. */
  private static final int MOST_EMPTY = 64;

  /** Offsets behind {@code number} have this epoch, up to where the next one starts. */
  public record EpochStart(long epoch, long number) {}

  public EpochHistory {
    starts = List.copyOf(starts);
    former = List.copyOf(former);
  }

  /** Without former names. */
  public EpochHistory(List<EpochStart> starts) {
    this(starts, List.of());
  }

  /** A log that is no fork. */
  public static EpochHistory of(long epoch) {
    return new EpochHistory(List.of(new EpochStart(epoch, 0)));
  }

  /** How many epochs and former names there are. */
  public int size() {
    return starts.size() + former.size();
  }

  /** The newest one. */
  public long last() {
    return starts.get(starts.size() - 1).epoch();
  }

  /**
   * The history of the same log once another server appends to it at {@code head}. The oldest
   * epochs are left out if no message from {@code first} on has them, and there are many.
   */
  public EpochHistory next(long epoch, long first, long head) {
    List<EpochStart> all = new ArrayList<>(starts);
    all.add(new EpochStart(epoch, head));
    int unused = 0;
    while (unused < all.size() - MOST_EMPTY && all.get(unused + 1).number() < first) {
      unused++;
    }
    return new EpochHistory(all.subList(unused, all.size()), former);
  }

  /**
   * The history of the same log after messages may have been lost: its epochs get other names, so
   * that every reader is told once.
   *
   * @param names must keep their order
   */
  public EpochHistory renamed(LongUnaryOperator names, long head) {
    List<EpochStart> all = new ArrayList<>();
    List<Offset> old = new ArrayList<>(former);
    for (int i = 0; i < starts.size(); i++) {
      EpochStart start = starts.get(i);
      long end = i == starts.size() - 1 ? head : starts.get(i + 1).number();
      old.add(new Offset(start.epoch(), end));
      all.add(new EpochStart(names.applyAsLong(start.epoch()), start.number()));
    }
    return new EpochHistory(all, old.subList(Math.max(0, old.size() - MOST_EMPTY), old.size()));
  }

  /** The number at which a reader with an offset of a former name reads on; -1 for others. */
  public long placeOfFormer(Offset offset) {
    for (Offset end : former) {
      if (end.epoch() == offset.epoch()) {
        return Math.min(offset.number(), end.number());
      }
    }
    return -1;
  }

  /**
   * Whether an offset is one of a log that ends at {@code head}, be its messages forgotten or not.
   * A number beyond the end was issued by a log of that name that had more messages.
   */
  public boolean knows(Offset offset, long head) {
    long number = offset.number();
    if (number > head) {
      return false;
    }
    for (int i = starts.size() - 1; i >= 0; i--) {
      EpochStart start = starts.get(i);
      if (offset.epoch() == start.epoch()) {
        long end = i == starts.size() - 1 ? head : starts.get(i + 1).number();
        return number >= start.number() && number <= end;
      }
    }
    return false;
  }

  /** The offset of the boundary in front of message {@code number}. */
  public Offset offset(long number) {
    int i = starts.size() - 1;
    while (i > 0 && number <= starts.get(i).number()) {
      i--;
    }
    return new Offset(starts.get(i).epoch(), number);
  }

  /**
   * Requires that a log with messages {@code first} to {@code head} can be forked at an offset.
   *
   * @throws IllegalArgumentException if it cannot; the message quotes the offset
   */
  public void requireKept(Offset at, long first, long head) {
    if (!knows(at, head) || at.number() < first) {
      throw new IllegalArgumentException(
          "offset \"%s\": the source has offsets from %s to %s"
              .formatted(at, offset(first), offset(head)));
    }
  }

  /**
   * The offset {@code count} messages behind another one.
   *
   * @throws IllegalArgumentException if a log that ends at {@code head} has fewer messages
   */
  public Offset plus(Offset offset, int count, long head) {
    if (count == 0) {
      return offset;
    }
    if (!knows(offset, head) || offset.number() + count > head) {
      throw new IllegalArgumentException(
          "sub-offset %d: there are fewer messages between %s and %s"
              .formatted(count, offset, offset(head)));
    }
    return offset(offset.number() + count);
  }

  /** What a fork at {@code number} inherits; its own epoch starts there. */
  public EpochHistory upTo(long number) {
    // Forked exactly where the source was forked itself: no offset has the source's own epoch.
    return new EpochHistory(
        starts.stream().filter(s -> s.number() < number || s.number() == 0).toList());
  }

  /** The history of a fork at {@code number} whose own epoch is {@code epoch}. */
  public EpochHistory fork(long epoch, long number) {
    List<EpochStart> all = new ArrayList<>(upTo(number).starts);
    all.add(new EpochStart(epoch, number));
    return new EpochHistory(all);
  }
}
