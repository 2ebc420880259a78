package switchboard.transport;

import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.function.UnaryOperator;
import switchboard.channel.Channel;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;

/**
 * Appends messages over HTTP, closes, or both (Durable Streams PROTOCOL.md §5.2, §5.3). With the
 * Servlet API alone: most of what a small append cost was its way through JAX-RS.
 *
 * <p><b>Threads.</b> Safe.
 *
 * @param channel where to
 * @param header the request's headers
 */
record HttpAppend(Channel channel, UnaryOperator<String> header) {

  void answer(byte[] bytes, HttpServletResponse response) {
    AppendRequest append = AppendRequest.parse(header, bytes.length == 0);
    List<byte[]> messages = messages(bytes);
    if (messages.isEmpty() && !(bytes.length == 0 && append.close())) {
      throw new Problem(Ending.EMPTY_BODY, "an append needs at least one message, [] has none");
    }
    append.answer(channel.append(append.append(messages)), messages.isEmpty(), response);
  }

  private List<byte[]> messages(byte[] bytes) {
    if (bytes.length == 0) {
      return List.of();
    }
    // A closed channel says so before it says what else is wrong (PROTOCOL.md §5.2).
    if (channel.isClosed()) {
      return List.of(bytes);
    }
    requireContentType();
    return AppendRequest.messages(channel.contentType(), bytes);
  }

  private void requireContentType() {
    ContentType type = AppendRequest.contentType(header);
    if (type == null) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "Content-Type is missing; the channel holds " + channel.contentType());
    }
    if (!channel.contentType().matches(type)) {
      throw new Problem(
          Ending.CONTENT_TYPE_MISMATCH,
          "content type \"%s\": channel \"%s\" holds %s"
              .formatted(type, channel.name(), channel.contentType()));
    }
  }
}
