package switchboard.channel;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The content type of a channel's messages. Comparisons use only the type and subtype; parameters
 * such as {@code charset} do not, nor does case (RFC 9110 §8.3.1).
 *
 * <p>Not {@code MediaType} of JAX-RS, which needs an implementation of JAX-RS, and does not keep
 * the text that the creator wrote.
 *
 * @param value as the creator wrote it
 */
public record ContentType(String value) {

  /** How messages of a type are framed and encoded. */
  public enum Kind {
    /** Every message is one JSON value; batches are JSON arrays. */
    JSON,
    /** UTF-8 text without boundaries. */
    TEXT,
    /** Bytes without boundaries; base64 where the wire carries text only. */
    BINARY
  }

  /** How long one may be, with its parameters. */
  static final int MAX_LENGTH = 255;

  private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
  private static final Pattern SYNTAX = Pattern.compile(TOKEN + "/" + TOKEN + "\\s*(;[^\\r\\n]*)?");

  /** Of a channel that was created without one. */
  public static final ContentType DEFAULT = new ContentType("application/octet-stream");

  /** A channel of JSON messages. */
  public static final ContentType JSON = new ContentType("application/json");

  public ContentType {
    value = value.strip();
    if (value.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "content type \"%s…\": it has %d characters, %d are allowed"
              .formatted(value.substring(0, 40), value.length(), MAX_LENGTH));
    }
    if (!SYNTAX.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "content type \"%s\": not of the form type/subtype".formatted(value));
    }
  }

  /** {@code type/subtype} in lower case. */
  public String essence() {
    int semicolon = value.indexOf(';');
    String essence = semicolon < 0 ? value : value.substring(0, semicolon);
    return essence.strip().toLowerCase(Locale.ROOT);
  }

  /** Whether messages of {@code other} may be appended to a channel of this type. */
  public boolean matches(ContentType other) {
    return essence().equals(other.essence());
  }

  /** How messages of this type are framed. */
  public Kind kind() {
    String essence = essence();
    if (essence.equals("application/json")) {
      return Kind.JSON;
    }
    return essence.startsWith("text/") ? Kind.TEXT : Kind.BINARY;
  }

  /** Whether a browser shows such messages as text, whatever they contain. */
  public boolean isShownAsText() {
    String essence = essence();
    return essence.equals("application/json")
        || essence.endsWith("+json")
        || essence.equals("text/plain");
  }

  @Override
  public String toString() {
    return value;
  }
}
