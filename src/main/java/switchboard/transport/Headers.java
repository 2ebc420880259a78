package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.function.UnaryOperator;

/** The headers of the protocol, the values that all transports share, and parsing of headers. */
final class Headers {

  static final String NEXT_OFFSET = "Stream-Next-Offset";
  static final String UP_TO_DATE = "Stream-Up-To-Date";
  static final String CURSOR = "Stream-Cursor";
  static final String CLOSED = "Stream-Closed";
  static final String TTL = "Stream-TTL";
  static final String EXPIRES_AT = "Stream-Expires-At";
  static final String FORKED_FROM = "Stream-Forked-From";
  static final String FORK_OFFSET = "Stream-Fork-Offset";
  static final String FORK_SUB_OFFSET = "Stream-Fork-Sub-Offset";
  static final String SEQ = "Stream-Seq";
  static final String PRODUCER_ID = "Producer-Id";
  static final String PRODUCER_EPOCH = "Producer-Epoch";
  static final String PRODUCER_SEQ = "Producer-Seq";
  static final String EXPECTED_SEQ = "Producer-Expected-Seq";
  static final String RECEIVED_SEQ = "Producer-Received-Seq";
  static final String SSE_ENCODING = "Stream-SSE-Data-Encoding";
  static final String TRUE = "true";
  static final String DISPOSITION = "Content-Disposition";
  static final String ATTACHMENT = "attachment";

  private Headers() {}

  /**
   * A request's headers by name, {@code null} if missing. A header on several lines means the same
   * as one line joined by commas (RFC 9110 §5.3).
   */
  static UnaryOperator<String> of(HttpServletRequest request) {
    return name -> of(request, name);
  }

  /** One of them. */
  static String of(HttpServletRequest request, String name) {
    Enumeration<String> lines = request.getHeaders(name);
    if (!lines.hasMoreElements()) {
      return null;
    }
    String first = lines.nextElement();
    return lines.hasMoreElements()
        ? first + ", " + String.join(", ", Collections.list(lines))
        : first;
  }

  /** The elements of a list (RFC 9110 §5.6.1), without empty ones; none of {@code null}. */
  static List<String> list(String value) {
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
}
