package switchboard.file;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk whose power fails. What was not forced is there afterwards or not, sector by sector, in
 * any order; what a directory was not synced for, too.
 */
final class FakeDisk implements Disk {

  /** The power has failed: thrown out of whatever was going on. */
  static final class PowerFailure extends Error {
    private static final long serialVersionUID = 1;
  }

  /** There is no space left. */
  static final class Full extends IOException {
    private static final long serialVersionUID = 1;

    Full() {
      super("No space left on device");
    }
  }

  private static final int SECTOR = 512;

  /** A file: what programs see, and what is on the disk. */
  private static final class Inode {
    private final long number;
    private final long birthMillis;
    private byte[] seen = new byte[0];
    private byte[] forced = new byte[0];
    private final BitSet dirty = new BitSet();

    private Inode(long number, long birthMillis) {
      this.number = number;
      this.birthMillis = birthMillis;
    }

    private Inode copy(long newNumber, long newBirth) {
      Inode copy = new Inode(newNumber, newBirth);
      copy.seen = seen.clone();
      copy.forced = seen.clone();
      return copy;
    }
  }

  /** A change of the directory that is not synced. */
  private record Change(String removed, String added, Inode inode) {}

  private final Random random;
  private final Map<String, Inode> entries = new TreeMap<>();
  private final Map<String, Inode> syncedEntries = new TreeMap<>();
  private final List<Change> changes = new ArrayList<>();
  private long lastInode;
  private long capacity = Long.MAX_VALUE / 4;
  private int operationsLeft = Integer.MAX_VALUE;
  private int failingForces;
  private int failingWrites;
  private boolean isDead;
  private boolean hasFailed;

  /** What a bug would be like: the simulation must find it. */
  enum Bug {
    NONE,
    FORCE_DOES_NOTHING,
    DIRECTORY_IS_NOT_SYNCED,
    FORCE_IS_TRIED_AGAIN
  }

  private final Bug bug;

  FakeDisk(Random random, Bug bug) {
    this.random = random;
    this.bug = bug;
  }

  /** The power fails after as many more operations. */
  void failPowerAfter(int operations) {
    operationsLeft = operations;
  }

  /** The next times that a file is forced, that fails. */
  void failForces(int count) {
    failingForces = count;
  }

  void failWrites(int count) {
    failingWrites = count;
  }

  void capacity(long bytes) {
    capacity = bytes;
  }

  /** Whether anything has failed that must never be tried again. */
  boolean hasFailed() {
    return hasFailed;
  }

  private void operate() {
    if (isDead || operationsLeft-- <= 0) {
      isDead = true;
      throw new PowerFailure();
    }
  }

  /** The disk after the power came back. */
  FakeDisk afterPowerFailure() {
    isDead = true;
    FakeDisk next = new FakeDisk(random, bug);
    next.lastInode = lastInode;
    next.capacity = capacity;
    Map<String, Inode> left = new TreeMap<>(syncedEntries);
    for (Change change : changes) {
      if (random.nextBoolean()) {
        if (change.removed != null) {
          left.remove(change.removed);
        }
        if (change.added != null) {
          left.put(change.added, change.inode);
        }
      }
    }
    left.forEach((name, inode) -> next.put(name, survivor(inode)));
    return next;
  }

  /** The disk after only the program was killed: the operating system has all. */
  FakeDisk afterKill() {
    isDead = true;
    FakeDisk next = new FakeDisk(random, bug);
    next.lastInode = lastInode;
    next.capacity = capacity;
    entries.forEach(
        (name, inode) -> {
          Inode same = inode.copy(inode.number, inode.birthMillis);
          next.put(name, same);
        });
    return next;
  }

  /** A copy of what programs see, as a backup makes it. */
  FakeDisk backup(long birthMillis) {
    FakeDisk copy = new FakeDisk(random, bug);
    copy.capacity = capacity;
    entries.forEach(
        (name, inode) -> copy.put(name, inode.copy(++copy.lastInode + 1_000, birthMillis)));
    return copy;
  }

  private void put(String name, Inode inode) {
    entries.put(name, inode);
    syncedEntries.put(name, inode);
  }

  private Inode survivor(Inode inode) {
    Inode left = new Inode(inode.number, inode.birthMillis);
    int size =
        inode.seen.length != inode.forced.length && random.nextBoolean()
            ? inode.seen.length
            : inode.forced.length;
    byte[] bytes = Arrays.copyOf(inode.forced, size);
    for (int i = inode.dirty.nextSetBit(0); i >= 0; i = inode.dirty.nextSetBit(i + 1)) {
      int from = i * SECTOR;
      int to = Math.min(Math.min(from + SECTOR, size), inode.seen.length);
      if (from < to && random.nextBoolean()) {
        // Seldom only a part of a sector.
        int end = random.nextInt(10) == 0 ? from + random.nextInt(to - from) : to;
        System.arraycopy(inode.seen, from, bytes, from, end - from);
      }
    }
    left.seen = bytes;
    left.forced = bytes.clone();
    return left;
  }

  /** All bytes of a file, for a test to damage. */
  byte[] bytes(String name) {
    return entries.get(name).seen;
  }

  void damage(String name, int position, int bit) {
    entries.get(name).seen[position] ^= (byte) (1 << bit);
  }

  void remove(String name) {
    entries.remove(name);
    syncedEntries.remove(name);
  }

  private long usedBytes() {
    return entries.values().stream().mapToLong(inode -> inode.seen.length).sum();
  }

  @Override
  public List<String> list() {
    operate();
    return List.copyOf(entries.keySet());
  }

  @Override
  public DiskFile create(String name) throws IOException {
    operate();
    if (entries.containsKey(name)) {
      throw new FileAlreadyExistsException(name);
    }
    Inode inode = new Inode(++lastInode, lastInode * 1_000);
    entries.put(name, inode);
    changes.add(new Change(null, name, inode));
    return new Open(inode, true);
  }

  @Override
  public DiskFile open(String name) throws IOException {
    operate();
    Inode inode = entries.get(name);
    if (inode == null) {
      throw new FileNotFoundException(name);
    }
    return new Open(inode, false);
  }

  @Override
  public void rename(String from, String to) {
    operate();
    Inode inode = entries.remove(from);
    entries.put(to, inode);
    changes.add(new Change(from, to, inode));
  }

  @Override
  public void delete(String name) throws IOException {
    operate();
    if (entries.remove(name) == null) {
      throw new FileNotFoundException(name);
    }
    changes.add(new Change(name, null, null));
  }

  @Override
  public void syncDirectory() {
    operate();
    if (bug == Bug.DIRECTORY_IS_NOT_SYNCED) {
      return;
    }
    syncedEntries.clear();
    syncedEntries.putAll(entries);
    changes.clear();
  }

  @Override
  public Identity identity(String name) {
    Inode inode = entries.get(name);
    return new Identity(inode.number, inode.birthMillis);
  }

  @Override
  public long freeBytes() {
    return capacity - usedBytes();
  }

  private final class Open implements DiskFile {

    private final Inode inode;
    private final boolean isForWriting;
    private boolean isClosed;

    private Open(Inode inode, boolean isForWriting) {
      this.inode = inode;
      this.isForWriting = isForWriting;
    }

    private void operateOn() {
      operate();
      if (isClosed) {
        throw new IllegalStateException("the file is closed");
      }
    }

    @Override
    public void write(ByteBuffer bytes, long position) throws IOException {
      operateOn();
      if (!isForWriting) {
        throw new IllegalStateException("opened for reading");
      }
      if (failingWrites > 0) {
        failingWrites--;
        hasFailed = true;
        throw new IOException("Input/output error");
      }
      int from = (int) position;
      int length = bytes.remaining();
      if (from + length > inode.seen.length) {
        if (freeBytes() < from + length - inode.seen.length) {
          throw new Full();
        }
        inode.seen = Arrays.copyOf(inode.seen, from + length);
      }
      bytes.get(inode.seen, from, length);
      inode.dirty.set(from / SECTOR, (from + length + SECTOR - 1) / SECTOR);
    }

    @Override
    public int read(ByteBuffer bytes, long position) {
      operateOn();
      int length = (int) Math.min(bytes.remaining(), inode.seen.length - position);
      if (length <= 0) {
        return -1;
      }
      bytes.put(inode.seen, (int) position, length);
      return length;
    }

    @Override
    public long size() {
      operateOn();
      return inode.seen.length;
    }

    @Override
    public void force(boolean withMetadata) throws IOException {
      operateOn();
      if (bug == Bug.FORCE_DOES_NOTHING && !withMetadata) {
        return;
      }
      if (failingForces > 0) {
        failingForces--;
        inode.dirty.clear(); // the pages are dropped, and look written
        if (bug == Bug.FORCE_IS_TRIED_AGAIN && !withMetadata) {
          return;
        }
        hasFailed = true;
        throw new IOException("Input/output error");
      }
      if (inode.forced.length != inode.seen.length) {
        inode.forced = Arrays.copyOf(inode.forced, inode.seen.length);
      }
      for (int i = inode.dirty.nextSetBit(0); i >= 0; i = inode.dirty.nextSetBit(i + 1)) {
        int from = i * SECTOR;
        int to = Math.min(from + SECTOR, inode.seen.length);
        System.arraycopy(inode.seen, from, inode.forced, from, to - from);
      }
      inode.dirty.clear();
    }

    @Override
    public void close() {
      isClosed = true;
    }
  }
}
