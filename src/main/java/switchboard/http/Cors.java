package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Allows pages of the listed origins (WHATWG Fetch §3.3); the response names the origin. A browser
 * shows responses to requests with cookies only to origins that are listed themselves.
 *
 * @param origins as in the setting; {@code *} for all
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

  // Not the headers with which proxies describe a client; a page must not make a browser send them.
  private static final Pattern HARMLESS =
      Pattern.compile(
          "(?i)(?!forwarded|x-forwarded|x-real-ip|via|host)[a-z0-9!#$%&'*+.^_`|~-]{1,64}");

  private static final int MAX_OTHERS = 32;

  /** Sets the CORS headers. True if the request was a preflight and is answered. */
  boolean answer(HttpServletRequest request, HttpServletResponse response) {
    if (origins.isEmpty()) {
      return false;
    }
    // The response depends on the origin, and a cache must know that, also without an allowed
    // or any origin.
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
    // Not for *: with cookies any page could act as the user.
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

  // Other headers that pages send: tracing (traceparent, sentry-trace, baggage), polyfills and
  // libraries (Cache-Control, X-Requested-With). They have no effect here, and their number is
  // not limited.
  private static String allowed(HttpServletRequest request) {
    Stream<String> others =
        Headers.list(Headers.of(request).apply("Access-Control-Request-Headers")).stream()
            .filter(name -> HARMLESS.matcher(name).matches())
            .limit(MAX_OTHERS);
    return Stream.concat(Stream.of(ALLOWED), others).collect(Collectors.joining(", "));
  }
}
