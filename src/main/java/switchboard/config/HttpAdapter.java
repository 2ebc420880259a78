package switchboard.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Which API of the server carries requests to the channels. */
public enum HttpAdapter {
  /** A filter, with Servlet's non-blocking input and output. */
  SERVLET,
  /** A JAX-RS resource, for all but bodies and event streams. */
  JAX_RS;

  static final String ALL =
      Arrays.stream(values()).map(HttpAdapter::key).collect(Collectors.joining(" or "));

  private String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static HttpAdapter parse(String text) {
    return Arrays.stream(values())
        .filter(adapter -> adapter.key().equals(text.strip()))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("not " + ALL));
  }
}
