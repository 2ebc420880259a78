package switchboard.file;

import java.nio.ByteBuffer;

/**
 * The header of a group: records that are written and forced together.
 *
 * <pre>
 *   length u32 · crc u32 · "SBG1" · records u32 · segment u64 · group u64 · durable u64 · flags u32 ·
 *   reserved u32
 * </pre>
 *
 * @param length of the records, without this header
 * @param records how many there are
 * @param group counts all groups of a journal, over all segments
 * @param durable the last group that was known to be on the disk when this one was written
 * @param flags {@link #AGAIN}, or 0
 */
record Group(int length, int records, long segment, long group, long durable, int flags) {

  static final int BYTES = 48;

  /** Written again at a start, because nothing says that the first time has reached the disk. */
  static final int AGAIN = 1;

  private static final int MAGIC = 0x53424731; // SBG1

  void write(byte[] bytes, int from, Checksum checksum) {
    ByteBuffer out = ByteBuffer.wrap(bytes, from, BYTES);
    out.putInt(length).putInt(0).putInt(MAGIC).putInt(records);
    out.putLong(segment).putLong(group).putLong(durable).putInt(flags).putInt(0);
    out.putInt(from + 4, checksum.of(bytes, from, BYTES));
  }

  /** The header at a place; {@code null} if there is none that is whole. */
  static Group read(byte[] bytes, int from, long segment, Checksum checksum) {
    ByteBuffer in = ByteBuffer.wrap(bytes, from, BYTES);
    if (in.getInt(from + 8) != MAGIC || in.getLong(from + 16) != segment) {
      return null;
    }
    int crc = in.getInt(from + 4);
    byte[] copy = java.util.Arrays.copyOfRange(bytes, from, from + BYTES);
    ByteBuffer.wrap(copy).putInt(4, 0);
    if (checksum.of(copy, 0, BYTES) != crc) {
      return null;
    }
    return new Group(
        in.getInt(from),
        in.getInt(from + 12),
        segment,
        in.getLong(from + 24),
        in.getLong(from + 32),
        in.getInt(from + 40));
  }
}
