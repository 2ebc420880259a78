package switchboard.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The files of one directory. A test has one that forgets like a disk whose power fails.
 *
 * <p><b>Threads.</b> Safe; each file is used by one thread at a time.
 */
interface Disk {

  /** What tells a file from a copy of it. */
  record Identity(long inode, long birthMillis) {}

  /** A file that is open. */
  interface DiskFile extends Closeable {

    /** Writes all of it at a position. */
    void write(ByteBuffer bytes, long position) throws IOException;

    /** Reads into {@code bytes} from a position on; how many there were, -1 at the end. */
    int read(ByteBuffer bytes, long position) throws IOException;

    long size() throws IOException;

    /** Returns when everything that was written is on the disk. */
    void force(boolean withMetadata) throws IOException;

    @Override
    void close() throws IOException;
  }

  /** The names of all files. */
  List<String> list() throws IOException;

  /** A new file, for writing; there must be none of that name. */
  DiskFile create(String name) throws IOException;

  /** A file, for reading. */
  DiskFile open(String name) throws IOException;

  void rename(String from, String to) throws IOException;

  void delete(String name) throws IOException;

  /** Returns when creations, renamings and deletions are on the disk. */
  void syncDirectory() throws IOException;

  Identity identity(String name) throws IOException;

  /** How much can be written. */
  long freeBytes() throws IOException;
}
