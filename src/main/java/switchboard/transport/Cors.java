package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Lets pages of other origins in (WHATWG Fetch §3.3): those on the list, each named in the answer.
 * Only to those that the list itself names a browser shows what it asked with the user's cookies.
 *
 * @param origins as the setting names them; {@code *} for all
 */
record Cors(List<String> origins) {

  private static final String EXPOSED =
      String.join(
          ", ",
          Headers.NEXT_OFFSET,
          Headers.UP_TO_DATE,
          Headers.CURSOR,
          Headers.CLOSED,
          Headers.TTL,
          Headers.EXPIRES_AT,
          Headers.SSE_ENCODING,
          Headers.PRODUCER_EPOCH,
          Headers.PRODUCER_SEQ,
          Headers.EXPECTED_SEQ,
          Headers.RECEIVED_SEQ,
          "ETag",
          "Location",
          "Preference-Applied",
          "Retry-After");

  private static final String ALLOWED =
      String.join(
          ", ",
          "Authorization",
          "Content-Type",
          "If-None-Match",
          "Last-Event-ID",
          "Prefer",
          Headers.CLOSED,
          Headers.TTL,
          Headers.EXPIRES_AT,
          Headers.SEQ,
          Headers.FORKED_FROM,
          Headers.FORK_OFFSET,
          Headers.FORK_SUB_OFFSET,
          Headers.PRODUCER_ID,
          Headers.PRODUCER_EPOCH,
          Headers.PRODUCER_SEQ);

  // Not what proxies say of a client, which a page must not make a browser say.
  private static final Pattern HARMLESS =
      Pattern.compile(
          "(?i)(?!forwarded|x-forwarded|x-real-ip|via|host)[a-z0-9!#$%&'*+.^_`|~-]{1,64}");

  private static final int MAX_OTHERS = 32;

  /** Says who may read the answer. Whether that was all: the request was a preflight. */
  boolean answer(HttpServletRequest request, HttpServletResponse response) {
    if (origins.isEmpty()) {
      return false;
    }
    // The answer depends on who asks, and a cache must know: also where it is "no", and where
    // nobody said who asks.
    response.addHeader("Vary", "Origin");
    String origin = request.getHeader("Origin");
    if (origin == null) {
      return false;
    }
    boolean isNamed = Origins.isNamed(origins, origin);
    if (!isNamed && !origins.contains("*")) {
      return false;
    }
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Expose-Headers", EXPOSED);
    // Not for *: with cookies every page of the world would be the user.
    if (isNamed) {
      response.setHeader("Access-Control-Allow-Credentials", "true");
    }
    boolean isPreflight =
        request.getMethod().equals("OPTIONS")
            && request.getHeader("Access-Control-Request-Method") != null;
    if (isPreflight) {
      response.setHeader("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, DELETE");
      response.setHeader("Access-Control-Allow-Headers", allowed(request));
      response.setHeader("Access-Control-Max-Age", "7200");
      response.setStatus(HttpServletResponse.SC_NO_CONTENT);
    }
    return isPreflight;
  }

  // What pages send beside: tracing (traceparent, sentry-trace, baggage), polyfills and libraries
  // (Cache-Control, X-Requested-With). It changes nothing here, and there is no end to such names.
  private static String allowed(HttpServletRequest request) {
    Stream<String> others =
        Headers.list(Headers.of(request).apply("Access-Control-Request-Headers")).stream()
            .filter(name -> HARMLESS.matcher(name).matches())
            .limit(MAX_OTHERS);
    return Stream.concat(Stream.of(ALLOWED), others).collect(Collectors.joining(", "));
  }
}
