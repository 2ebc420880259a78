package switchboard.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of a directory of this machine.
 *
 * <p><b>Threads.</b> Safe; none of them may be interrupted while it uses a file, which would close
 * it.
 */
final class RealDisk implements Disk {

  private final Path directory;

  RealDisk(Path directory) {
    this.directory = directory;
  }

  @Override
  public List<String> list() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public DiskFile create(String name) throws IOException {
    return new Open(
        FileChannel.open(
            directory.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  @Override
  public DiskFile open(String name) throws IOException {
    return new Open(FileChannel.open(directory.resolve(name), StandardOpenOption.READ));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(directory.resolve(from), directory.resolve(to));
  }

  @Override
  public void delete(String name) throws IOException {
    Files.delete(directory.resolve(name));
  }

  @Override
  public void syncDirectory() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public Identity identity(String name) throws IOException {
    Path file = directory.resolve(name);
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    long birth = attributes.creationTime().toMillis();
    // Where a file system does not know it, Java gives the time of the last change instead.
    boolean isKnown = birth < attributes.lastModifiedTime().toMillis();
    Object inode = attributes.fileKey() == null ? 0L : Files.getAttribute(file, "unix:ino");
    return new Identity((Long) inode, isKnown ? birth : 0);
  }

  @Override
  public long freeBytes() throws IOException {
    return Files.getFileStore(directory).getUsableSpace();
  }

  private record Open(FileChannel channel) implements DiskFile {

    @Override
    public void write(ByteBuffer bytes, long position) throws IOException {
      long at = position;
      while (bytes.hasRemaining()) {
        int written = channel.write(bytes, at);
        if (written <= 0) {
          throw new IOException("%d bytes were not written".formatted(bytes.remaining()));
        }
        at += written;
      }
    }

    @Override
    public int read(ByteBuffer bytes, long position) throws IOException {
      return channel.read(bytes, position);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void force(boolean withMetadata) throws IOException {
      channel.force(withMetadata);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
