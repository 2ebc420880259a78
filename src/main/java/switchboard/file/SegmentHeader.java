package switchboard.file;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;

/**
 * The first bytes of a segment.
 *
 * @param lastEpoch no epoch after it is smaller, also if the records that tell it are deleted
 * @param continuesAt 0 for a segment that goes on where the one before it has its end; for one that
 *     was made by a start, the number of its first group: what the one before it has of this number
 *     or a greater one is void
 */
record SegmentHeader(
    UUID directory,
    long segment,
    Disk.Identity identity,
    long nextChannel,
    long lastEpoch,
    long continuesAt) {

  static final int BYTES = 4_096;
  static final int VERSION = 1;

  private static final long MAGIC = 0x5357425345473031L; // SWBSEG01
  private static final int USED = 8 + 4 + 16 + 6 * 8;

  /** What the name of a segment's file ends with. */
  static final String SUFFIX = ".log";

  static String fileName(long segment) {
    return "%012d%s".formatted(segment, SUFFIX);
  }

  /** The number in a file's name; -1 if it is no segment. */
  static long number(String fileName) {
    return fileName.matches("[0-9]{12}\\.log") ? Long.parseLong(fileName.substring(0, 12)) : -1;
  }

  byte[] toBytes() {
    ByteBuffer out = ByteBuffer.allocate(BYTES);
    out.putLong(MAGIC).putInt(VERSION);
    out.putLong(directory.getMostSignificantBits()).putLong(directory.getLeastSignificantBits());
    out.putLong(segment).putLong(identity.inode()).putLong(identity.birthMillis());
    out.putLong(nextChannel).putLong(lastEpoch).putLong(continuesAt);
    out.putInt(new Checksum(directory, segment).of(out.array(), 0, USED));
    return out.array();
  }

  /**
   * Reads a header; {@code null} if it is damaged, or none.
   *
   * @throws IllegalArgumentException if it is of a newer version, or of another directory
   */
  static SegmentHeader read(byte[] bytes, UUID directory, long segment) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length < BYTES || in.getLong() != MAGIC) {
      return null;
    }
    int version = in.getInt();
    UUID written = new UUID(in.getLong(), in.getLong());
    SegmentHeader header =
        new SegmentHeader(
            written,
            in.getLong(),
            new Disk.Identity(in.getLong(), in.getLong()),
            in.getLong(),
            in.getLong(),
            in.getLong());
    boolean isWhole =
        new Checksum(written, header.segment).of(bytes, 0, USED) == in.getInt()
            && isZero(bytes, USED + 4, BYTES);
    if (!isWhole) {
      return null;
    }
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "it has format %d, this version of Switchboard reads %d".formatted(version, VERSION));
    }
    if (!written.equals(directory) || header.segment != segment) {
      throw new IllegalArgumentException(
          "it is segment %d of directory %s, not %d of %s"
              .formatted(header.segment, written, segment, directory));
    }
    return header;
  }

  static boolean isZero(byte[] bytes, int from, int to) {
    return Arrays.mismatch(bytes, from, to, new byte[to - from], 0, to - from) < 0;
  }
}
