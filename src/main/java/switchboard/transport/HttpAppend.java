package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import switchboard.channel.Channel;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Pace;
import switchboard.config.Action;
import switchboard.config.Settings;

/**
 * Appends messages over HTTP, closes, or both (Durable Streams PROTOCOL.md §5.2, §5.3). With the
 * Servlet API alone: most of what a small append cost was its way through JAX-RS.
 *
 * <p><b>Threads.</b> Safe.
 */
record HttpAppend(Channels channels, Connections connections, Pace pace, Settings settings) {

  void answer(String name, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    UnaryOperator<String> header = request::getHeader;
    Channel channel = Place.find(channels, Visitor.of(request), Action.APPEND, name);
    Problem.requirePace(connections, pace, request.getRemoteAddr());
    byte[] bytes = AppendRequest.read(request.getInputStream(), header, settings);
    AppendRequest append = AppendRequest.parse(header, bytes.length == 0);
    List<byte[]> messages = messages(channel, bytes, header);
    if (messages.isEmpty() && !(bytes.length == 0 && append.close())) {
      throw new Problem(Ending.EMPTY_BODY, "an append needs at least one message, [] has none");
    }
    append.answer(channel.append(append.append(messages)), messages.isEmpty(), response);
  }

  private static List<byte[]> messages(
      Channel channel, byte[] bytes, UnaryOperator<String> header) {
    if (bytes.length == 0) {
      return List.of();
    }
    // A closed channel says so before it says what else is wrong (PROTOCOL.md §5.2).
    if (channel.isClosed()) {
      return List.of(bytes);
    }
    requireContentType(channel, header);
    return AppendRequest.messages(channel.contentType(), bytes);
  }

  private static void requireContentType(Channel channel, UnaryOperator<String> header) {
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
