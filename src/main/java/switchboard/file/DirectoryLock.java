package switchboard.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Says that a directory is in use. The operating system takes the lock away from a process that has
 * ended, however it did.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class DirectoryLock implements Closeable {

  static final String FILE = "lock";

  private static final long RETRY_MILLIS = 100;

  private final FileChannel channel;
  private final FileLock lock;

  private DirectoryLock(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Takes it; when the application is deployed again, the former one may have it for a moment.
   *
   * @throws IOException if another one keeps it; the message says which
   */
  static DirectoryLock take(Path directory, Duration within) throws IOException {
    Path file = directory.resolve(FILE);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    long until = System.nanoTime() + within.toNanos();
    String owner = "";
    while (true) {
      try {
        FileLock lock = channel.tryLock();
        if (lock != null) {
          byte[] pid =
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8);
          channel.truncate(0);
          channel.write(ByteBuffer.wrap(pid), 0);
          return new DirectoryLock(channel, lock);
        }
        owner = "process " + Files.readString(file).strip();
      } catch (OverlappingFileLockException e) {
        owner = "another application of this server";
      }
      if (System.nanoTime() >= until) {
        channel.close();
        throw new IOException(
            "it is in use by %s: stop that first, or use another directory".formatted(owner));
      }
      try {
        Thread.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        channel.close();
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while it waited for " + owner, e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    lock.release();
    channel.close();
  }
}
