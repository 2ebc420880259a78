package switchboard.file;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.StoreProvider;
import switchboard.channel.ChannelName;
import switchboard.channel.Presence;
import switchboard.channel.Store;
import switchboard.channel.StoreContext;
import switchboard.config.DirectoryUrl;
import switchboard.config.Settings;
import switchboard.config.StoreUrl;

/** Channels in a directory of this machine. */
public final class FileStoreProvider implements StoreProvider {

  private static final Logger LOG = Logger.getLogger(FileStoreProvider.class.getName());
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final String RESTORED = "restored";
  private static final String MOVED = "moved";
  private static final int WORKERS = 2;
  private static final int CLOSING_SECONDS = 10;

  @Override
  public boolean accepts(StoreUrl url) {
    return url instanceof DirectoryUrl;
  }

  @Override
  public Store open(Settings settings, StoreContext parts, ThreadFactory threads) {
    Path path = ((DirectoryUrl) settings.get(Settings.STORE_URL).orElseThrow()).path();
    DirectoryLock lock = null;
    try {
      requireDirectory(path, settings.get(Settings.STORE_NEW));
      lock = DirectoryLock.take(path, settings.get(Settings.STORE_LOCK_WITHIN));
      return open(path, lock, settings, parts, threads);
    } catch (IOException e) {
      release(lock);
      throw new IllegalStateException(
          "switchboard.store.url file:%s: %s".formatted(path, e.getMessage()), e);
    } catch (RuntimeException | Error e) {
      release(lock);
      throw e;
    }
  }

  private static void requireDirectory(Path path, boolean mayBeNew) throws IOException {
    if (!Files.exists(path) && mayBeNew && Files.isDirectory(path.getParent())) {
      boolean isPosix = Files.getFileStore(path.getParent()).supportsFileAttributeView("posix");
      if (isPosix) {
        Files.createDirectory(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        Files.createDirectory(path);
      }
    }
    if (!Files.isDirectory(path)) {
      throw new IOException("it is no directory: create it, or mount the disk that belongs there");
    }
    if (!Files.isWritable(path)) {
      throw new IOException("the server may not write there: change its owner or its mode");
    }
  }

  private static Store open(
      Path path, DirectoryLock lock, Settings settings, StoreContext parts, ThreadFactory threads)
      throws IOException {
    Disk disk = new RealDisk(path);
    warnOf(path);
    UUID id =
        Directory.identify(disk, settings.get(Settings.STORE_NEW), parts.clocks().wall().millis());
    boolean isRestored = disk.list().contains(RESTORED);
    ExecutorService acknowledging = Executors.newSingleThreadExecutor(threads);
    ExecutorService workers = Executors.newFixedThreadPool(WORKERS, threads);
    try {
      long began = System.nanoTime();
      DirectoryStore store =
          DirectoryStore.open(
              disk,
              id,
              limits(settings),
              new DirectoryStore.Start(
                  bootId(),
                  InetAddress.getLoopbackAddress().getHostName(),
                  isRestored ? "file \"restored\" was there" : null,
                  disk.list().contains(MOVED)),
              name -> isInMemory(name, settings),
              parts,
              acknowledging,
              workers);
      // Now that the start is on the disk they have had their effect.
      Files.deleteIfExists(path.resolve(RESTORED));
      Files.deleteIfExists(path.resolve(MOVED));
      LOG.info(
          () ->
              "store \"file:%s\" – open (channels=%d, millis=%d)"
                  .formatted(
                      path, store.channels().size(), (System.nanoTime() - began) / 1_000_000));
      store.serve(
          () -> {
            acknowledging.shutdown();
            workers.shutdown();
            // One may be making a file: the next owner of the directory must not meet it.
            if (isEnded(workers)) {
              release(lock);
            }
          });
      return store;
    } catch (IOException | RuntimeException | Error e) {
      acknowledging.shutdown();
      workers.shutdown();
      isEnded(workers); // the caller releases the lock
      throw e;
    }
  }

  // Nobody is present after a start, so what is told of that starts again, too.
  private static boolean isInMemory(ChannelName name, Settings settings) {
    return settings.get(Settings.STORE_MEMORY_CHANNELS).match(name.value())
        || Presence.isOfChanges(name.value(), settings.get(Settings.PRESENCE_CHANGES)::match);
  }

  private static Journal.Limits limits(Settings settings) {
    long mebibytes = settings.get(Settings.STORE_MAX_PENDING);
    long pending =
        mebibytes > 0 ? mebibytes << 20 : Math.max(8L << 20, Runtime.getRuntime().maxMemory() / 64);
    int segmentBytes = settings.get(Settings.STORE_SEGMENT) << 20;
    if (segmentBytes < settings.get(Settings.MESSAGE_MAX_BYTES) + (8 << 20)) {
      throw new IllegalStateException(
          "switchboard.store.segment-mib \"%d\": it must hold switchboard.message.max-bytes and 8 MiB"
              .formatted(segmentBytes >> 20));
    }
    return new Journal.Limits(
        segmentBytes,
        Math.min(pending, segmentBytes / 2),
        settings.get(Settings.STORE_SYNC),
        settings.millis(Settings.STORE_SYNC_EVERY));
  }

  private static boolean isEnded(ExecutorService workers) {
    try {
      return workers.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static void warnOf(Path path) throws IOException {
    String type = Files.getFileStore(path).type();
    if (type.startsWith("nfs") || type.startsWith("cifs") || type.startsWith("smb")) {
      LOG.warning(
          () -> "store \"file:" + path + "\" – is on a network (" + type + "): use a local disk");
    } else if (type.equals("tmpfs")) {
      LOG.warning(() -> "store \"file:" + path + "\" – is in memory (tmpfs): use a disk");
    }
  }

  private static String bootId() {
    try {
      return Files.readString(BOOT_ID).strip();
    } catch (IOException e) {
      LOG.log(Level.FINE, "the machine does not tell its starts apart", e);
      return "";
    }
  }

  private static void release(DirectoryLock lock) {
    try {
      if (lock != null) {
        lock.close();
      }
    } catch (IOException e) {
      LOG.log(Level.FINE, "the lock was not released", e);
    }
  }
}
