package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.config.Action;

/**
 * Creates a channel over HTTP, or finds it as it is asked for (Durable Streams PROTOCOL.md §5.1).
 * With the Servlet API, since the body may come by and by, for which JAX-RS would hold a thread.
 *
 * <p><b>Threads.</b> Safe.
 *
 * @param guard who asks
 * @param location the URL of the channel
 */
record HttpCreate(
    Guard guard,
    ChannelName name,
    ContentType type,
    Lifetime lifetime,
    Fork fork,
    boolean close,
    String location) {

  private static final String CHANNELS = "/channels/";

  /**
   * Reads what is asked for.
   *
   * @param path what the URLs of all channels begin with, below the context path
   */
  static HttpCreate parse(String name, HttpServletRequest request, String path) {
    ChannelName valid = Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(name));
    Guard guard = Visitor.of(request);
    guard.require(Action.CREATE, valid);
    String base = request.getContextPath() + path + CHANNELS;
    UnaryOperator<String> header = Headers.of(request);
    ContentType type = AppendRequest.contentType(header.apply("Content-Type"));
    Lifetime lifetime =
        Problem.orElse(
            Ending.BAD_PARAMETER,
            () -> Lifetime.parse(header.apply(Headers.TTL), header.apply(Headers.EXPIRES_AT)));
    Fork fork = ForkRequest.parse(header, base);
    if (fork != null) {
      guard.require(Action.READ, fork.source());
    }
    boolean close = AppendRequest.isTrue(header.apply(Headers.CLOSED));
    return new HttpCreate(
        guard, valid, type, lifetime, fork, close, location(valid, request, base));
  }

  // Not the URL that was asked for, which may have matrix parameters.
  private static String location(ChannelName name, HttpServletRequest request, String base) {
    String url = request.getRequestURL().toString();
    String server = url.substring(0, url.length() - request.getRequestURI().length());
    return server + base + name.value();
  }

  // Parsed before the store is locked, which everybody needs who creates or deletes a channel: a
  // large body takes a second. What is wrong with it is said when it is that channel's turn.
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

  void answer(Channels channels, byte[] bytes, HttpServletResponse response) {
    if (bytes.length > 0) {
      guard.require(Action.APPEND, name);
    }
    Channels.Created created =
        channels.create(
            name, new Channels.Request(type, lifetime, fork, close, messages(channels, bytes)));
    Channel channel = created.channel();
    response.setStatus(
        created.isNew() ? HttpServletResponse.SC_CREATED : HttpServletResponse.SC_OK);
    if (created.isNew()) {
      response.setHeader("Location", location);
    }
    response.setContentType(channel.contentType().value());
    if (!channel.contentType().isShownAsText()) {
      response.setHeader(Headers.DISPOSITION, Headers.ATTACHMENT);
    }
    response.setHeader(Headers.NEXT_OFFSET, channel.end().toString());
    if (channel.isClosed()) {
      response.setHeader(Headers.CLOSED, Headers.TRUE);
    }
    response.setContentLength(0);
  }
}
