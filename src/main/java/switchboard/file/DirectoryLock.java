package switchboard.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Says that a directory is in use. The operating system takes the lock away from a process that has
 * ended, however it did.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class DirectoryLock implements Closeable {

  static final String FILE = "lock";

  private static final long RETRY_MILLIS = 100;

  private final String key;
  private final FileChannel channel;
  private final FileLock lock;

  private DirectoryLock(String key, FileChannel channel, FileLock lock) {
    this.key = key;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Takes it; when the application is deployed again, the former one may have it for a moment.
   *
   * @throws IOException if another one keeps it; the message says which
   */
  static DirectoryLock take(Path directory, Duration within) throws IOException {
    long until = System.nanoTime() + within.toNanos();
    // A process loses its lock when it closes any descriptor of the file (POSIX, fcntl). So an
    // application that waits for another one of this JVM must not open it; applications share no
    // class, but the system properties.
    String key = "switchboard.directory:" + directory.toRealPath();
    while (true) {
      String owner = "another application of this server";
      if (System.getProperties().putIfAbsent(key, "") == null) {
        Path file = directory.resolve(FILE);
        DirectoryLock taken = null;
        try {
          taken = tryToTake(file, key);
          owner = taken == null ? "process " + Files.readString(file).strip() : owner;
        } finally {
          if (taken == null) {
            System.getProperties().remove(key);
          }
        }
        if (taken != null) {
          return taken;
        }
      }
      if (System.nanoTime() >= until) {
        throw new IOException(
            "it is in use by %s: stop that first, or use another directory".formatted(owner));
      }
      try {
        Thread.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while it waited for " + owner, e);
      }
    }
  }

  private static @Nullable DirectoryLock tryToTake(Path file, String key) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
      if (lock == null) {
        return null;
      }
      byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8);
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(pid), 0);
      return new DirectoryLock(key, channel, lock);
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      lock.release();
      channel.close();
    } finally {
      System.getProperties().remove(key);
    }
  }
}
