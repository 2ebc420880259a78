package switchboard.lab;

import jakarta.servlet.ServletContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Entity tags of the application's files (RFC 9110 §8.8.3), computed from their content: two builds
 * may have the same file times, and servers compute tags from the time.
 *
 * <p><b>Threads.</b> Safe. <b>Cost.</b> Each file is read once and kept.
 */
final class EntityTags {

  private static final int BYTES = 12;

  private final ServletContext context;
  private final Map<String, Tagged> tags = new ConcurrentHashMap<>();

  /** A file's tag and what is in it. */
  private record Tagged(String tag, byte[] bytes) {}

  EntityTags(ServletContext context) {
    this.context = context;
  }

  /** The tag of the file at the path; {@code null} if it is not a file. */
  @Nullable String of(String path) {
    String file = file(path);
    boolean isFile = file.indexOf('.', file.lastIndexOf('/')) > 0;
    boolean isHidden = file.startsWith("/WEB-INF") || file.startsWith("/META-INF");
    Tagged tagged = isFile && !isHidden ? tags.computeIfAbsent(file, this::tagged) : null;
    return tagged == null ? null : tagged.tag();
  }

  /** The file at a path. */
  static String file(String path) {
    return path.equals("/") ? "/index.html" : path;
  }

  /** The content of a file that has a tag. */
  byte[] bytes(String file) {
    return Objects.requireNonNull(tags.get(file)).bytes();
  }

  private byte @Nullable [] read(String file) {
    try (InputStream in = context.getResourceAsStream(file)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable Tagged tagged(String file) {
    byte[] bytes = read(file);
    if (bytes == null) {
      return null;
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return new Tagged('"' + HexFormat.of().formatHex(hash, 0, BYTES) + '"', bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
