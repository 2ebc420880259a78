package switchboard.transport;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.http.Guard;
import switchboard.http.Headers;
import switchboard.http.Prefer;
import switchboard.http.Problem;
import switchboard.http.Query;
import switchboard.log.Offset;

/**
 * A read request over any transport: the messages after these offsets.
 *
 * @param places one, or for {@code /channels} one for each channel, in the client's order
 * @param isMany whether the request is for {@code /channels}; the response then names each channel
 * @param transport the requested transport
 * @param cursor the client's last cursor, or {@code null}
 * @param isResumed whether an event stream's client reconnected with {@code Last-Event-ID}
 * @param hearsResets whether an event stream's client understands {@code reset} events: those with
 *     {@code Accept: text/event-stream}, like EventSource. Clients of the Durable Streams protocol
 *     ignore unknown events
 * @param guard checks the client's access, at the start and while it reads
 * @param waitSeconds the client's preferred wait; -1 if not specified
 * @param member the client's name in presence, or {@code null}
 * @param label the name under which the connection is observed, or {@code null}
 */
public record ReadRequest(
    List<ReadPosition> places,
    Guard guard,
    boolean isMany,
    Transport transport,
    String cursor,
    boolean isResumed,
    boolean hearsResets,
    int waitSeconds,
    String member,
    String label) {

  private static final String SEPARATOR = ".";

  /** The transport that a GET without an upgrade requests. */
  public static Transport transport(Query query, UnaryOperator<String> header) {
    String live = query.get("live");
    if (live == null) {
      if (Headers.acceptEventStream(header)) {
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

  /**
   * Parses a GET request.
   *
   * @param guard checks for each channel whether the client may read it
   * @param name the channel's name in the path; empty for the channels named in the query
   * @param maxChannels maximum number of channels there
   */
  static ReadRequest parse(
      Channels channels,
      Guard guard,
      String name,
      Transport transport,
      Query query,
      UnaryOperator<String> header,
      int maxChannels) {
    // An EventSource always requests its first URL; its current offset is in the header.
    String lastEventId = transport == Transport.EVENT_STREAM ? lastEventId(query, header) : null;
    boolean isResumed = lastEventId != null;
    String offset = isResumed ? lastEventId : query.get("offset");
    boolean isMany = name.isEmpty();
    if (!isMany && offset == null && query.get("live") != null) {
      throw new Problem(
          Ending.BAD_OFFSET, "live=%s needs an offset (-1, now, …)".formatted(query.get("live")));
    }
    List<ReadPosition> places =
        isMany
            ? places(channels, guard, query, offset, maxChannels)
            : List.of(ReadPosition.parse(channels, guard, name, offset));
    if (transport != Transport.POLL) {
      places.forEach(ReadRequest::requireRoom);
      if (!places.get(0).channel().haveRoomFor(places.size())) {
        throw new Problem(
            Ending.TOO_MANY_CONNECTIONS,
            "%d channels: all connections together have as many channels as they may"
                .formatted(places.size()));
      }
    }
    String cursor = query.get("cursor");
    int waitSeconds = Prefer.waitSeconds(header.apply("Prefer"));
    boolean hearsResets = isMany || Headers.acceptEventStream(header);
    return new ReadRequest(
        places,
        guard,
        isMany,
        transport,
        cursor,
        isResumed,
        hearsResets,
        waitSeconds,
        query.member(),
        query.label());
  }

  // The header has priority, because the browser sets it. Some clients cannot send it, but all
  // can set the query.
  private static String lastEventId(Query query, UnaryOperator<String> header) {
    String inHeader = header.apply("Last-Event-ID");
    String id = inHeader == null || inHeader.isEmpty() ? query.lastEventId() : inHeader;
    return id == null || id.isEmpty() ? null : id;
  }

  private static void requireRoom(ReadPosition place) {
    if (place.channel().isFull()) {
      throw new Problem(
          Ending.CHANNEL_FULL,
          "channel \"%s\": it has %d subscriptions, the limit"
              .formatted(place.channel().name(), place.channel().subscriptionCount()));
    }
  }

  // channel=name@offset, repeated; a combined offset overrides all of them.
  private static List<ReadPosition> places(
      Channels channels, Guard guard, Query query, String combined, int maxChannels) {
    List<String> named = query.all("channel");
    if (named.isEmpty() || named.size() > maxChannels) {
      throw new Problem(
          named.isEmpty() ? Ending.BAD_PARAMETER : Ending.TOO_MANY_SUBSCRIPTIONS,
          "%d channels; 1 to %d are allowed, each as channel=name@offset"
              .formatted(named.size(), maxChannels));
    }
    String[] offsets = combined == null ? null : combined.split("\\" + SEPARATOR, -1);
    if (offsets != null && offsets.length != named.size()) {
      throw new Problem(
          Ending.BAD_OFFSET,
          "offset \"%s\": the number of its parts (%d) is not that of the channels (%d)"
              .formatted(combined, offsets.length, named.size()));
    }
    List<ReadPosition> places = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < named.size(); i++) {
      String[] parts = named.get(i).split("@", 2);
      if (!seen.add(parts[0])) {
        throw new Problem(
            Ending.BAD_PARAMETER, "channel \"%s\": it is named twice".formatted(parts[0]));
      }
      String own = parts.length == 2 ? parts[1] : null;
      places.add(ReadPosition.parse(channels, guard, parts[0], offsets == null ? own : offsets[i]));
    }
    return places;
  }

  /** The requested channel, or the first of several. */
  ReadPosition place() {
    return places.get(0);
  }

  /** The combined offset, in the order of the request; sorts like each of its parts. */
  static String combined(List<Offset> offsets) {
    return offsets.stream().map(Offset::toString).collect(Collectors.joining(SEPARATOR));
  }
}
