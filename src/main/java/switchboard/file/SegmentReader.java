package switchboard.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Reads the groups of one segment, in order, as long as they are whole.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class SegmentReader implements Closeable {

  /** Why there is no further group. */
  enum Stop {
    /** The next segment goes on. */
    END,
    /** What follows was written again elsewhere. */
    VOID,
    /** What follows is not whole, or is not written. */
    BAD
  }

  private static final int CHUNK = 1 << 20;

  private final Disk.DiskFile file;
  private final long segment;
  private final Checksum checksum;
  private final long size;
  private long position = SegmentHeader.BYTES;
  private long expected;
  private final long voidFrom;
  private Group group;
  private byte[] body;
  private Stop stop;

  /**
   * Opens it.
   *
   * @param expected the number of its first group; 0 for whatever it is
   * @param voidFrom the first group that does not count
   */
  SegmentReader(Disk disk, UUID directory, long segment, long expected, long voidFrom)
      throws IOException {
    this.file = disk.open(SegmentHeader.fileName(segment));
    this.segment = segment;
    this.checksum = new Checksum(directory, segment);
    this.size = file.size();
    this.expected = expected;
    this.voidFrom = voidFrom;
  }

  /** The header of a file; {@code null} if it has none that is whole. */
  static SegmentHeader header(Disk disk, UUID directory, long segment) throws IOException {
    try (Disk.DiskFile file = disk.open(SegmentHeader.fileName(segment))) {
      return SegmentHeader.read(read(file, 0, SegmentHeader.BYTES), directory, segment);
    }
  }

  // Fewer bytes at the end of the file.
  private static byte[] read(Disk.DiskFile file, long from, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && file.read(bytes, from + bytes.position()) > 0) {
      // on
    }
    return bytes.hasRemaining() ? Arrays.copyOf(bytes.array(), bytes.position()) : bytes.array();
  }

  /** Reads the next group; whether there is one. */
  boolean next() throws IOException {
    if (stop != null) {
      return false;
    }
    if (expected != 0 && expected >= voidFrom) {
      stop = Stop.VOID;
      return false;
    }
    byte[] head = read(file, position, Group.BYTES);
    Group next = head.length < Group.BYTES ? null : Group.read(head, 0, segment, checksum);
    if (next == null
        || (expected != 0 && next.group() != expected)
        || next.length() <= 0
        || next.length() > size - position - Group.BYTES) {
      stop = Stop.BAD;
      return false;
    }
    if (next.group() >= voidFrom) {
      stop = Stop.VOID;
      return false;
    }
    byte[] bytes = read(file, position + Group.BYTES, next.length());
    if (!isWhole(next, bytes)) {
      stop = Stop.BAD;
      return false;
    }
    group = next;
    body = bytes;
    position += Group.BYTES + next.length();
    expected = next.group() + 1;
    if (bytes[Records.HEAD_BYTES] == Records.END) {
      stop = Stop.END;
    }
    return true;
  }

  private boolean isWhole(Group next, byte[] bytes) {
    ByteBuffer all = ByteBuffer.wrap(bytes);
    int count = 0;
    int at = 0;
    while (bytes.length - at >= Records.HEAD_BYTES) {
      int length = all.getInt(at);
      if (length <= 0
          || length > bytes.length - at - Records.HEAD_BYTES
          || checksum.of(bytes, at + Records.HEAD_BYTES, length) != all.getInt(at + 4)) {
        return false;
      }
      at += Records.HEAD_BYTES + length;
      count++;
    }
    return at == bytes.length && count == next.records();
  }

  Group group() {
    return group;
  }

  /** The records of the group, as they are written. */
  byte[] body() {
    return body;
  }

  /** Each record of the group. */
  void records(Consumer<Records.Entry> each) {
    ByteBuffer all = ByteBuffer.wrap(body);
    for (int at = 0; at < body.length; ) {
      int length = all.getInt(at);
      each.accept(Records.read(ByteBuffer.wrap(body, at + Records.HEAD_BYTES, length)));
      at += Records.HEAD_BYTES + length;
    }
  }

  Stop stop() {
    return stop;
  }

  /** The number that the next group must have; 0 if there was none yet. */
  long expected() {
    return expected;
  }

  /** Where the next group would be. */
  long position() {
    return position;
  }

  long size() {
    return size;
  }

  /**
   * Looks for groups behind the place where reading stopped.
   *
   * @return the greatest number of a group that one of them knew to be on the disk; -1 if there are
   *     none. A message cannot be taken for one: the checksum's seed is not known to clients
   */
  long durableBehind() throws IOException {
    long most = -1;
    for (long at = position; at < size; at += CHUNK) {
      byte[] bytes = read(file, at, CHUNK + Group.BYTES);
      for (int i = 0; i <= bytes.length - Group.BYTES && i < CHUNK; i++) {
        if (bytes[i + 8] == 'S' && bytes[i + 9] == 'B') {
          Group found = Group.read(bytes, i, segment, checksum);
          if (found != null) {
            most = Math.max(most, found.durable());
          }
        }
      }
    }
    return most;
  }

  /** Whether anything was written where reading stopped. */
  boolean isTorn() throws IOException {
    byte[] head = read(file, position, Group.BYTES);
    return !SegmentHeader.isZero(head, 0, head.length);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
