package switchboard.publish;

import java.util.List;
import switchboard.channel.ContentType;

/** The messages in a request body of any content type. */
public final class Messages {

  private Messages() {}

  /**
   * The messages in a body: several in a JSON channel, at most one in others. None if the body is
   * empty or {@code []}.
   *
   * @throws IllegalArgumentException if the body is not of that type; the message says why
   */
  public static List<byte[]> parse(ContentType type, byte[] body) {
    if (body.length == 0) {
      return List.of();
    }
    return type.kind() == ContentType.Kind.JSON ? JsonMessages.parse(body) : List.of(body);
  }
}
