package switchboard.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * What tells one store's directory from another: the file {@code directory}, written once.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class Directory {

  static final String FILE = "directory";

  private static final String UNFINISHED = "directory.new";
  private static final long MAGIC = 0x5357424449523031L; // SWBDIR01
  private static final int VERSION = 1;
  private static final int BYTES = 8 + 4 + 16 + 8 + 4;

  private Directory() {}

  /**
   * The directory's id; a new one, where there is nothing yet.
   *
   * @param mayBeNew whether there may be nothing
   * @throws IOException if there is anything else; the message says what to do
   */
  static UUID identify(Disk disk, boolean mayBeNew, long nowMillis) throws IOException {
    for (String name : disk.list()) {
      if (name.equals(UNFINISHED)) {
        disk.delete(name); // the server stopped while it made the directory
      } else if (SegmentHeader.number(name) < 0 && !isOurs(name)) {
        throw new IOException(
            "it contains the file \"%s\", which is not Switchboard's: use an empty directory,"
                    .formatted(name)
                + " or mount the disk that belongs there");
      }
    }
    if (disk.list().contains(FILE)) {
      return read(disk);
    }
    for (String name : disk.list()) {
      if (SegmentHeader.number(name) >= 0) {
        throw new IOException(
            "it contains \"%s\" but no file \"%s\": restore it from the copy that this came from"
                .formatted(name, FILE));
      }
    }
    if (!mayBeNew) {
      throw new IOException(
          "it is empty, and switchboard.store.new is false: mount the disk that belongs there");
    }
    return create(disk, nowMillis);
  }

  static boolean isOurs(String name) {
    return name.equals(FILE)
        || name.equals("lock")
        || name.equals("restored")
        || name.equals("moved")
        || name.startsWith("damaged-")
        || name.equals("lost+found");
  }

  private static UUID create(Disk disk, long nowMillis) throws IOException {
    UUID id = UUID.randomUUID();
    ByteBuffer bytes = ByteBuffer.allocate(BYTES);
    bytes.putLong(MAGIC).putInt(VERSION);
    bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    bytes.putLong(nowMillis);
    bytes.putInt(new Checksum(id, 0).of(bytes.array(), 0, BYTES - 4));
    try (Disk.DiskFile file = disk.create(UNFINISHED)) {
      file.write(bytes.flip(), 0);
      file.force(true);
    }
    disk.rename(UNFINISHED, FILE);
    disk.syncDirectory();
    return id;
  }

  private static UUID read(Disk disk) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES);
    try (Disk.DiskFile file = disk.open(FILE)) {
      while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
        // on
      }
    }
    if (bytes.hasRemaining() || bytes.getLong(0) != MAGIC) {
      throw new IOException("file \"%s\" is damaged: restore it from a copy".formatted(FILE));
    }
    int version = bytes.getInt(8);
    if (version > VERSION) {
      throw new IOException(
          "it has format %d, this version of Switchboard reads %d".formatted(version, VERSION));
    }
    UUID id = new UUID(bytes.getLong(12), bytes.getLong(20));
    if (new Checksum(id, 0).of(bytes.array(), 0, BYTES - 4) != bytes.getInt(BYTES - 4)) {
      throw new IOException("file \"%s\" is damaged: restore it from a copy".formatted(FILE));
    }
    return id;
  }
}
