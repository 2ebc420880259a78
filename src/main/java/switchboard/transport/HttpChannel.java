package switchboard.transport;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import switchboard.channel.Attendance;
import switchboard.channel.Channel;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Presence;
import switchboard.channel.Transport;
import switchboard.config.Action;

/**
 * What is asked of a channel over HTTP beside reading, appending and creating: what it is, that it
 * is deleted, what may be done with it, and who listens. The same for JAX-RS and for Servlet.
 *
 * <p><b>Threads.</b> Safe.
 */
record HttpChannel(Channels channels, Presence presence) {

  /** The methods of a channel. */
  static final String METHODS = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

  private static final String PRESENCE_METHODS = "GET, HEAD, OPTIONS";
  private static final Pattern PRESENCE = Pattern.compile("([^/]+)/presence");

  /** Whether the path, below that of all channels, asks who listens to a channel. */
  static boolean isPresence(String path) {
    return PRESENCE.matcher(path).matches();
  }

  /**
   * Answers a request.
   *
   * @param path below that of all channels
   * @throws Problem if it cannot be done
   */
  HttpAnswer answer(String method, String path, Guard guard) {
    if (isPresence(path)) {
      String name = path.substring(0, path.indexOf('/'));
      return switch (method) {
        case "GET", "HEAD" -> presence(name, guard);
        case "OPTIONS" -> methods(PRESENCE_METHODS);
        default -> throw notAllowed(PRESENCE_METHODS);
      };
    }
    return switch (method) {
      case "HEAD" -> metadata(path, guard);
      case "DELETE" -> delete(path, guard);
      case "OPTIONS" -> methods();
      default -> throw notAllowed(METHODS);
    };
  }

  /** What the channel is and where it ends (PROTOCOL.md §5.5). */
  HttpAnswer metadata(String name, Guard guard) {
    Channel channel = Place.find(channels, guard, Action.READ, name);
    if (!channel.isCurrent()) {
      throw new Problem(
          Ending.STORE_UNAVAILABLE, "channel \"%s\": its end is not known".formatted(name));
    }
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", channel.contentType().value());
    if (!channel.contentType().isShownAsText()) {
      headers.put(Headers.DISPOSITION, Headers.ATTACHMENT);
    }
    headers.put(Headers.NEXT_OFFSET, channel.end().toString());
    if (channel.isClosed()) {
      headers.put(Headers.CLOSED, Headers.TRUE);
    }
    if (channel.lifetime().ttl() != null) {
      headers.put(Headers.TTL, channel.lifetime().written());
    } else if (channel.lifetime().expiresAt() != null) {
      headers.put(Headers.EXPIRES_AT, channel.lifetime().written());
    }
    headers.put("Cache-Control", "no-store");
    return new HttpAnswer(200, headers, null);
  }

  /** Removes the channel; those who listen are told (PROTOCOL.md §5.4). */
  HttpAnswer delete(String name, Guard guard) {
    Channel channel = Place.find(channels, guard, Action.DELETE, name);
    channels.delete(channel.name());
    return new HttpAnswer(204, Map.of(), null);
  }

  /** What may be done with a channel. */
  static HttpAnswer methods() {
    return methods(METHODS);
  }

  private static HttpAnswer methods(String allowed) {
    return new HttpAnswer(
        200, Map.of("Content-Type", "text/plain", "Allow", allowed), utf8(allowed));
  }

  /** Refuses a method that there is not. */
  static Problem notAllowed() {
    return notAllowed(METHODS);
  }

  private static Problem notAllowed(String allowed) {
    return new Problem(Ending.METHOD_NOT_ALLOWED, allowed + " are allowed").with("Allow", allowed);
  }

  /** How many listen and, where the channel tells it, what they call themselves. */
  HttpAnswer presence(String name, Guard guard) {
    Channel channel = Place.find(channels, guard, Action.READ, name);
    Attendance attendance = presence.of(channel);
    JsonObjectBuilder transports = Json.createObjectBuilder();
    for (Transport transport : Transport.values()) {
      transports.add(transport.key(), attendance.counts().getOrDefault(transport, 0));
    }
    JsonObjectBuilder json =
        Json.createObjectBuilder()
            .add("present", attendance.present())
            .add("transports", transports);
    if (attendance.atLeast()) {
      json.add("atLeast", true);
    }
    if (presence.tellsMembers(channel.name())) {
      json.add("members", Json.createArrayBuilder(attendance.members()));
    }
    return new HttpAnswer(
        200,
        Map.of("Content-Type", "application/json", "Cache-Control", "no-store"),
        utf8(json.build().toString()));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
