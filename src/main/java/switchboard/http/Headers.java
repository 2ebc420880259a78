package switchboard.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The headers of the protocol, the values that all transports share, and parsing of headers. */
public final class Headers {

  public static final String NEXT_OFFSET = "Stream-Next-Offset";
  public static final String UP_TO_DATE = "Stream-Up-To-Date";
  public static final String CURSOR = "Stream-Cursor";
  public static final String CLOSED = "Stream-Closed";
  public static final String TTL = "Stream-TTL";
  public static final String EXPIRES_AT = "Stream-Expires-At";
  public static final String FORKED_FROM = "Stream-Forked-From";
  public static final String FORK_OFFSET = "Stream-Fork-Offset";
  public static final String FORK_SUB_OFFSET = "Stream-Fork-Sub-Offset";
  public static final String SEQ = "Stream-Seq";
  public static final String PRODUCER_ID = "Producer-Id";
  public static final String PRODUCER_EPOCH = "Producer-Epoch";
  public static final String PRODUCER_SEQ = "Producer-Seq";
  public static final String EXPECTED_SEQ = "Producer-Expected-Seq";
  public static final String RECEIVED_SEQ = "Producer-Received-Seq";
  public static final String SSE_ENCODING = "Stream-SSE-Data-Encoding";
  public static final String TRUE = "true";
  public static final String DISPOSITION = "Content-Disposition";
  public static final String ATTACHMENT = "attachment";
  private static final String EVENT_STREAM = "text/event-stream";

  /** Those of every event stream. */
  public static final Map<String, String> OF_EVENT_STREAM =
      Map.of(
          "Content-Type", EVENT_STREAM,
          "Cache-Control", "no-cache, no-store, no-transform",
          "X-Accel-Buffering", "no");

  private Headers() {}

  /** The elements of a list (RFC 9110 §5.6.1), without empty ones; none of {@code null}. */
  public static List<String> list(@Nullable String value) {
    return value == null
        ? List.of()
        : split(value, ',').stream().filter(element -> !element.isEmpty()).toList();
  }

  /** The parts between separators outside of quotes, without surrounding blanks. */
  static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    boolean isQuoted = false;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isQuoted && c == '\\') {
        i++; // RFC 9110 §5.6.4: what follows is no quote
      } else if (c == '"') {
        isQuoted = !isQuoted;
      } else if (c == separator && !isQuoted) {
        parts.add(text.substring(start, i).strip());
        start = i + 1;
      }
    }
    parts.add(text.substring(start).strip());
    return parts;
  }

  /** The value of a token or a quoted string (RFC 9110 §5.6.4). */
  static String unquoted(String value) {
    boolean isQuoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
    return isQuoted ? value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1") : value;
  }

  /**
   * Whether the request is from an EventSource or a client like it. EventSource gives up
   * permanently after any status other than 200 and hides the response from its page (WHATWG HTML
   * §9.2.3). Such clients accept only event streams and bypass all caches; a client that can read a
   * problem document also accepts its media type.
   */
  static boolean isEventSource(UnaryOperator<String> header) {
    List<String> accepted = list(header.apply("Accept"));
    return !accepted.isEmpty()
        && accepted.stream().allMatch(Headers::isEventStream)
        && list(header.apply("Cache-Control")).stream().anyMatch("no-cache"::equalsIgnoreCase);
  }

  /**
   * Whether the client asks for an event stream: only by the exact type, because {@code *}{@code
   * /*}, which curl and fetch send, must still mean a poll.
   */
  public static boolean acceptEventStream(UnaryOperator<String> header) {
    return list(header.apply("Accept")).stream().anyMatch(Headers::isEventStream);
  }

  // A weight of 0 means that the client does not accept it (RFC 9110 §12.4.2).
  private static boolean isEventStream(String range) {
    List<String> parts = split(range, ';');
    return parts.get(0).equalsIgnoreCase(EVENT_STREAM)
        && parts.stream().noneMatch(part -> part.matches("[qQ]\\s*=\\s*0(\\.0*)?"));
  }
}
