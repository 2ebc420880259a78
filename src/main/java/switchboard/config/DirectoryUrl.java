package switchboard.config;

import java.nio.file.Path;

/**
 * The URL of a directory of this machine: {@code file:/var/lib/switchboard}.
 *
 * @param path absolute
 */
public record DirectoryUrl(Path path) implements StoreUrl {

  static final String SCHEME = "file";

  /**
   * Parses a URL. It has no host and no escapes: what follows {@code file:} is the path.
   *
   * @throws IllegalArgumentException if it is not of this form
   */
  public static DirectoryUrl parse(String text) {
    String written = text.substring(SCHEME.length() + 1);
    // file:///var/lib is the same as file:/var/lib (RFC 8089 §2).
    Path path = Path.of(written.startsWith("///") ? written.substring(2) : written);
    if (!path.isAbsolute() || (written.startsWith("//") && !written.startsWith("///"))) {
      throw new IllegalArgumentException(
          "not file: and the absolute path of a directory of this machine, for instance"
              + " file:/var/lib/switchboard");
    }
    return new DirectoryUrl(path.normalize());
  }

  @Override
  public String scheme() {
    return SCHEME;
  }

  @Override
  public String toString() {
    return SCHEME + ":" + path;
  }
}
