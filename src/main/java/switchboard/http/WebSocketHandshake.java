package switchboard.http;

import jakarta.websocket.Session;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Ending;

/**
 * The request for a WebSocket (RFC 6455 §4.2.1). Servers validate it differently, by one header or
 * another, some of them for any method. So it is validated here, before them.
 */
public final class WebSocketHandshake {

  static final String UPGRADE = "Upgrade";
  static final String CONNECTION = "Connection";
  private static final String KEY = "Sec-WebSocket-Key";
  private static final String VERSION = "Sec-WebSocket-Version";
  public static final String SUBPROTOCOL = "switchboard.v1";

  static final String PROTOCOL = "Sec-WebSocket-Protocol";
  static final String WEBSOCKET = "websocket";
  private static final int KEY_BYTES = 16;

  private WebSocketHandshake() {}

  /** Whether the request is for a WebSocket, valid or not: Tyrus checks only the key. */
  public static boolean isAskedFor(Request request) {
    return request.header(KEY) != null || hasWord(request, UPGRADE, WEBSOCKET);
  }

  /** Refuses an invalid handshake with a {@link Problem} that has the reason. */
  static void require(Request request) {
    if (!request.method().equals("GET")) {
      throw bad("the method is %s; a handshake is a GET", request.method());
    }
    requireWord(request, UPGRADE, WEBSOCKET);
    requireWord(request, CONNECTION, "upgrade");
    if (!request.protocol().equals("HTTP/1.1")) {
      throw bad("the request is %s; a handshake is HTTP/1.1", request.protocol());
    }
    String key = one(request, KEY);
    if (!isKey(key)) {
      throw bad("%s \"%s\": it must be 16 bytes in base64", KEY, key);
    }
    String version = one(request, VERSION);
    if (!version.equals("13")) {
      throw new Problem(
              Ending.UPGRADE_VERSION, "%s \"%s\": it must be 13".formatted(VERSION, version))
          .with(VERSION, 13);
    }
    if (request.contentLength() > 0 || request.header("Transfer-Encoding") != null) {
      throw bad("the request has a body; a handshake has none");
    }
    if (!request.path().matches("/channels(/[^/]+)?")) {
      String all = request.base() + "/channels";
      throw bad(
          "there is no WebSocket at %s; there are at %s and %s/<name>",
          request.base() + request.path(), all, all);
    }
  }

  private static Problem bad(String detail, Object... quoted) {
    return new Problem(Ending.BAD_UPGRADE, detail.formatted(quoted));
  }

  private static void requireWord(Request request, String header, String word) {
    if (!hasWord(request, header, word)) {
      List<String> lines = request.headers(header);
      throw lines.isEmpty()
          ? bad(
              "%s is missing; it must be %s. A proxy must be configured to pass it on",
              header, word)
          : bad("%s \"%s\": it must be %s", header, String.join(", ", lines), word);
    }
  }

  private static boolean hasWord(Request request, String header, String word) {
    return words(request, header).anyMatch(word::equalsIgnoreCase);
  }

  private static Stream<String> words(Request request, String header) {
    return request.headers(header).stream()
        .flatMap(line -> Arrays.stream(line.split(",")))
        .map(String::strip);
  }

  private static String one(Request request, String header) {
    List<String> lines = request.headers(header);
    if (lines.isEmpty()) {
      throw bad("%s is missing", header);
    }
    if (lines.size() > 1) {
      throw bad("%s is given %d times; only once is allowed", header, lines.size());
    }
    return lines.get(0);
  }

  private static boolean isKey(String key) {
    try {
      return key.length() == 24 && Base64.getDecoder().decode(key).length == KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Whether the client offers our subprotocol. */
  static boolean hasProtocol(Request request) {
    return words(request, PROTOCOL).anyMatch(SUBPROTOCOL::equals);
  }

  /**
   * The client of the handshake. If a server upgrades before {@code ChannelFilter} has processed
   * the request, origin and limits were not checked, and it is refused.
   */
  public static ClientPrincipal visitor(Session session, Authorizer authorizer) {
    if (session.getUserPrincipal() instanceof ClientPrincipal visitor) {
      return visitor;
    }
    Problem unseen =
        bad("the server opened a WebSocket for a request that did not pass Switchboard's filter");
    return new ClientPrincipal(
        "", "", new Guard(authorizer, new Caller("", null, null, 0)), unseen);
  }
}
