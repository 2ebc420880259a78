package switchboard.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Ending;

/**
 * Files that are the same for all clients, with entity tags (RFC 9110 §8.8.3). The tags are
 * computed from the content: two builds may have the same file times, and servers compute tags from
 * the time. A client must revalidate a file that it has, or it would mix the files of two versions
 * after an upgrade (RFC 9111 §4.2.2).
 *
 * <p><b>Threads.</b> Safe. <b>Cost.</b> Each file is read once and kept.
 */
public final class StaticFiles {

  private static final int TAG_BYTES = 12;
  private static final String ALLOWED = "GET, HEAD";

  private final Function<String, @Nullable InputStream> source;
  private final Map<String, Tagged> files = new ConcurrentHashMap<>();

  /** A file's tag and what is in it. */
  private record Tagged(String tag, byte[] bytes) {}

  /**
   * For the files of a source.
   *
   * @param source opens the file of a name; {@code null} if there is none
   */
  public StaticFiles(Function<String, @Nullable InputStream> source) {
    this.source = source;
  }

  /** Whether there is a file of that name. */
  public boolean has(String name) {
    return files.computeIfAbsent(name, this::read) != null;
  }

  /**
   * The answer to a request for a file that is there.
   *
   * @throws Problem for methods other than GET and HEAD
   */
  public HttpAnswer answer(String name, @Nullable String contentType, Request request) {
    if (!List.of("GET", "HEAD").contains(request.method())) {
      throw new Problem(Ending.METHOD_NOT_ALLOWED, ALLOWED + " are allowed").with("Allow", ALLOWED);
    }
    Tagged file = Objects.requireNonNull(files.get(name), name);
    Map<String, String> headers = new HashMap<>();
    headers.put("Cache-Control", "no-cache");
    headers.put("ETag", file.tag());
    boolean isKnown =
        Headers.list(request.header("If-None-Match")).stream()
            .anyMatch(tag -> tag.endsWith(file.tag()) || tag.equals("*"));
    if (isKnown) {
      return new HttpAnswer(304, headers, null);
    }
    if (contentType != null) {
      headers.put("Content-Type", contentType);
    }
    return new HttpAnswer(200, headers, file.bytes());
  }

  private @Nullable Tagged read(String name) {
    try (InputStream in = source.apply(name)) {
      if (in == null) {
        return null;
      }
      byte[] bytes = in.readAllBytes();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return new Tagged('"' + HexFormat.of().formatHex(hash, 0, TAG_BYTES) + '"', bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
