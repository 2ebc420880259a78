package switchboard.publish;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.config.Action;
import switchboard.http.Exchange;
import switchboard.http.Guard;
import switchboard.http.Headers;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;

/**
 * Creates a channel over HTTP, or finds it with the same configuration (Durable Streams PROTOCOL.md
 * §5.1).
 *
 * <p><b>Threads.</b> Safe.
 *
 * @param guard the client
 * @param location the URL of the channel
 */
public record CreateEndpoint(
    Guard guard,
    ChannelName name,
    @Nullable ContentType type,
    Lifetime lifetime,
    @Nullable Fork fork,
    boolean close,
    String location) {

  /** Parses the request. */
  public static CreateEndpoint parse(String name, Exchange exchange) {
    ChannelName valid = Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(name));
    Guard guard = exchange.request().guard();
    guard.require(Action.CREATE, valid);
    UnaryOperator<String> header = exchange.request()::header;
    ContentType type = AppendRequest.contentType(header.apply("Content-Type"));
    Lifetime lifetime =
        Problem.orElse(
            Ending.BAD_PARAMETER,
            () -> Lifetime.parse(header.apply(Headers.TTL), header.apply(Headers.EXPIRES_AT)));
    Fork fork = ForkRequest.parse(header, exchange.request().root());
    if (fork != null) {
      guard.require(Action.READ, fork.source());
    }
    boolean close = AppendRequest.isTrue(header.apply(Headers.CLOSED));
    // Not the requested URL, because its name may contain escapes.
    String location = exchange.request().origin() + exchange.request().root() + valid.value();
    return new CreateEndpoint(guard, valid, type, lifetime, fork, close, location);
  }

  // Parsed before the store is locked, because every creation and deletion of a channel needs
  // that lock, and a large body takes a second. A parse error is thrown later, when the channel
  // is created.
  private Function<ContentType, List<byte[]>> messages(Channels channels, byte[] bytes) {
    ContentType expected =
        type == null && fork != null
            ? channels.find(fork.source()).map(Channel::contentType).orElse(null)
            : type;
    if (expected == null || expected.kind() != ContentType.Kind.JSON) {
      return known -> AppendRequest.messages(known, bytes);
    }
    try {
      List<byte[]> messages = AppendRequest.messages(expected, bytes);
      return known -> messages;
    } catch (Problem problem) {
      return known -> {
        throw problem;
      };
    }
  }

  /** Creates it, and answers when the store has done so. */
  public CompletionStage<HttpAnswer> answer(Channels channels, byte[] bytes) {
    if (bytes.length > 0) {
      guard.require(Action.APPEND, name);
    }
    return channels
        .createAsync(
            name, new Channels.Request(type, lifetime, fork, close, messages(channels, bytes)))
        .thenApply(this::answer);
  }

  private HttpAnswer answer(Channels.Created created) {
    Channel channel = created.channel();
    Map<String, String> headers = new LinkedHashMap<>();
    if (created.isNew()) {
      headers.put("Location", location);
    }
    headers.put("Content-Type", channel.contentType().value());
    if (!channel.contentType().isShownAsText()) {
      headers.put(Headers.DISPOSITION, Headers.ATTACHMENT);
    }
    headers.put(Headers.NEXT_OFFSET, channel.end().toString());
    if (channel.isClosed()) {
      headers.put(Headers.CLOSED, Headers.TRUE);
    }
    return new HttpAnswer(created.isNew() ? 201 : 200, headers, new byte[0]);
  }
}
