package switchboard.publish;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import switchboard.channel.Channel;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;
import switchboard.log.Appended;

/**
 * Appends messages over HTTP, closes, or both (Durable Streams PROTOCOL.md §5.2, §5.3).
 *
 * <p><b>Threads.</b> Safe.
 *
 * @param channel where to
 * @param append what the headers say
 * @param contentType as it was written, or {@code null}
 */
public record AppendEndpoint(Channel channel, AppendRequest append, String contentType) {

  private static final ContentType FORM = new ContentType("application/x-www-form-urlencoded");

  /**
   * What the headers say, to be called before the body is read: with the body's end Payara adds the
   * trailer fields to them, which must not count (RFC 9110 §6.5.1).
   */
  public static AppendEndpoint parse(Channel channel, UnaryOperator<String> header) {
    return new AppendEndpoint(channel, AppendRequest.parse(header), header.apply("Content-Type"));
  }

  /** Appends, and answers when the store has done so. */
  public CompletionStage<HttpAnswer> answer(byte[] bytes) {
    if (bytes.length == 0 && !append.close()) {
      throw new Problem(Ending.EMPTY_BODY, "an append needs a body, or Stream-Closed: true");
    }
    List<byte[]> messages = messages(bytes);
    if (messages.isEmpty() && !(bytes.length == 0 && append.close())) {
      throw new Problem(Ending.EMPTY_BODY, "an append needs at least one message; [] has none");
    }
    CompletableFuture<Appended> appended = new CompletableFuture<>();
    channel.append(append.append(messages), appended::complete);
    return appended.thenApply(outcome -> append.answer(outcome, messages.isEmpty()));
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
    ContentType type = AppendRequest.contentType(contentType);
    if (type == null) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "Content-Type is missing; send Content-Type: %s, which the channel holds"
              .formatted(channel.contentType()));
    }
    if (!channel.contentType().matches(type)) {
      throw new Problem(
          Ending.CONTENT_TYPE_MISMATCH,
          "content type \"%s\": channel \"%s\" holds %s; send Content-Type: %s%s"
              .formatted(
                  type,
                  channel.name(),
                  channel.contentType(),
                  channel.contentType(),
                  created(type)));
    }
  }

  // The usual mistake: a PUT without a content type, and then JSON. What curl sends by itself is
  // no type for a channel.
  private String created(ContentType type) {
    return channel.contentType().equals(ContentType.DEFAULT) && !type.equals(FORM)
        ? "; a PUT without Content-Type creates such a channel: for another one, DELETE it and PUT"
            + " it with Content-Type: "
            + type
        : "";
  }
}
