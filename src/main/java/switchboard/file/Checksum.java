package switchboard.file;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The checksum of what is in one segment. Bytes of another directory, or of another segment, have
 * another one, and so has whatever a client sends.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class Checksum {

  private final CRC32C crc = new CRC32C();
  private final byte[] seed;

  Checksum(UUID directory, long segment) {
    this.seed =
        ByteBuffer.allocate(24)
            .putLong(directory.getMostSignificantBits())
            .putLong(directory.getLeastSignificantBits())
            .putLong(segment)
            .array();
  }

  int of(byte[] bytes, int from, int length) {
    crc.reset();
    crc.update(seed);
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
