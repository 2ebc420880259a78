package switchboard.config;

import org.jspecify.annotations.Nullable;

/** Where channels are kept, if not in the memory of this server. */
public sealed interface StoreUrl permits RedisUrl, DirectoryUrl {

  /**
   * Parses a URL; {@code null} if it is empty.
   *
   * @throws IllegalArgumentException if it is of no known form
   */
  static @Nullable StoreUrl parse(String text) {
    String url = text.strip();
    if (url.isEmpty()) {
      return null;
    }
    return url.startsWith(DirectoryUrl.SCHEME + ":")
        ? DirectoryUrl.parse(url)
        : RedisUrl.parse(url);
  }

  /** What it begins with, without the colon. */
  String scheme();
}
