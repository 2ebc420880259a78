package switchboard.transport;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.UpToDate;

/**
 * What a reader asks for, whichever transport it comes by: what comes after this offset of this
 * channel.
 *
 * @param channel that exists
 * @param transport that was asked for
 * @param from where to read on; {@code now} and {@code -1} are resolved
 * @param fromNow the client wrote {@code now}: it wants nothing that was said before
 * @param cursor the client's last cursor, or {@code null}
 * @param isResumed an event stream's client came again by itself, with {@code Last-Event-ID}
 * @param waitSeconds how long the client prefers to wait; -1 where it does not say
 */
record ReadRequest(
    Channel channel,
    Transport transport,
    Offset from,
    boolean fromNow,
    String cursor,
    boolean isResumed,
    int waitSeconds) {

  private static final String BEGINNING = "-1";
  private static final String NOW = "now";
  private static final String EVENT_STREAM = "text/event-stream";

  /** Which transport a GET that is no upgrade asks for. */
  static Transport transport(Query query, UnaryOperator<String> header) {
    String live = query.get("live");
    if (live == null) {
      if (accepts(header.apply("Accept"), EVENT_STREAM)) {
        return Transport.EVENT_STREAM;
      }
      return Prefer.waitSeconds(header.apply("Prefer")) > 0 ? Transport.LONG_POLL : Transport.POLL;
    }
    return switch (live) {
      case "long-poll" -> Transport.LONG_POLL;
      case "sse" -> Transport.EVENT_STREAM;
      default ->
          throw new Problem(
              Ending.BAD_PARAMETER, "live \"%s\": long-poll and sse are allowed".formatted(live));
    };
  }

  // Named outright: "*/*", which curl and fetch send, must go on meaning a poll.
  private static boolean accepts(String accept, String mediaType) {
    return accept != null
        && Arrays.stream(accept.split(","))
            .anyMatch(range -> range.split(";")[0].strip().equalsIgnoreCase(mediaType));
  }

  static ReadRequest parse(
      Channels channels,
      String name,
      Transport transport,
      Query query,
      UnaryOperator<String> header) {
    Channel channel = find(channels, name);
    String lastEventId = header.apply("Last-Event-ID");
    String written = query.get("offset");
    boolean isResumed =
        transport == Transport.EVENT_STREAM && lastEventId != null && !lastEventId.isEmpty();
    if (isResumed) {
      // An EventSource goes on asking for its first URL; where it got to is in the header.
      written = lastEventId;
    } else if (written == null && query.get("live") != null) {
      throw new Problem(
          Ending.BAD_OFFSET, "live=%s needs an offset (-1, now, …)".formatted(query.get("live")));
    }
    boolean fromNow = NOW.equals(written);
    Offset from = resolve(channel, written);
    String cursor = query.get("cursor");
    int waitSeconds = Prefer.waitSeconds(header.apply("Prefer"));
    channel.touch();
    return new ReadRequest(channel, transport, from, fromNow, cursor, isResumed, waitSeconds);
  }

  /** What comes after the offset now. */
  Reading read() {
    // Who says "now" wants nothing that was appended since the offset was looked up.
    return fromNow ? new UpToDate(from, channel.isClosed()) : channel.readAfter(from);
  }

  /** The channel of that name. */
  static Channel find(Channels channels, String name) {
    ChannelName valid = Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(name));
    return channels.find(valid).orElseThrow(() -> missing(channels, valid));
  }

  private static Problem missing(Channels channels, ChannelName name) {
    return channels.isKeptForForks(name)
        ? new Problem(Ending.KEPT_FOR_FORKS, "channel \"%s\"".formatted(name))
        : Problem.unknownChannel(name);
  }

  private static Offset resolve(Channel channel, String written) {
    if (written == null || written.equals(BEGINNING)) {
      return channel.earliest();
    }
    if (written.equals(NOW)) {
      return channel.end();
    }
    return Problem.orElse(Ending.BAD_OFFSET, () -> Offset.parse(written));
  }
}
