package switchboard.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Ending;

/**
 * A URL's query, parsed in the same way for all transports. (Servers differ: Tyrus mixes path
 * parameters into the query's, JAX-RS and Servlet disagree on what is malformed.)
 */
public record Query(Map<String, List<String>> parameters) {

  private static final Pattern MEMBER = Pattern.compile("[A-Za-z0-9._~@-]{1,64}");
  private static final Pattern LAST_EVENT_ID =
      Pattern.compile("(?i)(evs[_-]?)?last[_-]?event[_-]?id");
  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9.-]{1,40}");

  /** Parses a query of at most {@code maxBytes}. */
  public static Query parse(String raw, int maxBytes) {
    if (raw != null && raw.length() > maxBytes) {
      throw new Problem(
          Ending.QUERY_TOO_LONG,
          "the query has %d characters, %d are allowed".formatted(raw.length(), maxBytes));
    }
    return parse(raw);
  }

  public static Query parse(String raw) {
    Map<String, List<String>> parameters = new HashMap<>();
    if (raw != null && !raw.isEmpty()) {
      for (String pair : raw.split("&")) {
        int equals = pair.indexOf('=');
        String name = decode(equals < 0 ? pair : pair.substring(0, equals));
        String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
        parameters.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
      }
    }
    return new Query(parameters);
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new Problem(
          Ending.BAD_PARAMETER, "query \"%s\": not percent-encoded as in a URL".formatted(text));
    }
  }

  /** The name under which the connection is observed, or {@code null}. */
  public @Nullable String label() {
    String label = get("watch");
    if (label != null && !LABEL.matcher(label).matches()) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "watch \"%s\": 1 to 40 letters, digits, '.' and '-' are allowed".formatted(label));
    }
    return label;
  }

  /** The client's name in presence, or {@code null}. */
  public @Nullable String member() {
    String member = get("member");
    if (member != null && !MEMBER.matcher(member).matches()) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "member \"%s\": 1 to 64 letters, digits, '.', '_', '-', '~' and '@' are allowed"
              .formatted(member));
    }
    return member;
  }

  /**
   * The last id of an event stream's client that cannot send {@code Last-Event-ID}, or {@code
   * null}: {@code lastEventId}, {@code Last-Event-ID}, {@code evs_last_event_id}. Polyfills, hubs
   * and proxies use different cases and separators.
   */
  public @Nullable String lastEventId() {
    List<String> names =
        parameters.keySet().stream().filter(Query::isLastEventId).sorted().toList();
    if (names.size() > 1) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "parameters %s: they mean the same; only one is allowed".formatted(names));
    }
    return names.isEmpty() ? null : get(names.get(0));
  }

  private static boolean isLastEventId(String name) {
    return LAST_EVENT_ID.matcher(name).matches();
  }

  /** All values of a parameter that may be repeated. */
  public List<String> all(String name) {
    return parameters.getOrDefault(name, List.of());
  }

  /** The parameter's value, or {@code null}; it may be given once. */
  public @Nullable String get(String name) {
    List<String> values = parameters.get(name);
    if (values == null) {
      return null;
    }
    if (values.size() > 1) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "parameter \"%s\": it is given %d times, %s; only once is allowed"
              .formatted(name, values.size(), values));
    }
    return values.get(0);
  }
}
