package switchboard.http;

import java.util.List;
import java.util.Map;
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

  /** The answer to a preflight, whose headers say the rest. */
  static final HttpAnswer PREFLIGHT = new HttpAnswer(204, Map.of(), null);

  /** Sets the headers of the answer; returns whether the request is a preflight of such a page. */
  boolean allow(Exchange exchange) {
    if (origins.isEmpty()) {
      return false;
    }
    // The response depends on the origin, and a cache must know that, also without an allowed
    // or any origin.
    exchange.addHeader("Vary", "Origin");
    List<String> lines = exchange.request().headers("Origin");
    if (lines.isEmpty()) {
      return false;
    }
    String origin = lines.get(0);
    boolean isNamed = Origins.isNamed(origins, origin);
    if (!isNamed && !origins.contains("*")) {
      return false;
    }
    exchange.setHeader("Access-Control-Allow-Origin", origin);
    exchange.setHeader("Access-Control-Expose-Headers", EXPOSED);
    // Not for *: with cookies any page could act as the user.
    if (isNamed) {
      exchange.setHeader("Access-Control-Allow-Credentials", "true");
    }
    boolean isPreflight =
        exchange.request().method().equals("OPTIONS")
            && exchange.request().header("Access-Control-Request-Method") != null;
    if (isPreflight) {
      exchange.setHeader("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, DELETE");
      exchange.setHeader("Access-Control-Allow-Headers", allowed(exchange.request()));
      exchange.setHeader("Access-Control-Max-Age", "7200");
    }
    return isPreflight;
  }

  // Other headers that pages send: tracing (traceparent, sentry-trace, baggage), polyfills and
  // libraries (Cache-Control, X-Requested-With). They have no effect here, and their number is
  // not limited.
  private static String allowed(Request request) {
    Stream<String> others =
        Headers.list(request.header("Access-Control-Request-Headers")).stream()
            .filter(name -> HARMLESS.matcher(name).matches())
            .limit(MAX_OTHERS);
    return Stream.concat(Stream.of(ALLOWED), others).collect(Collectors.joining(", "));
  }
}
