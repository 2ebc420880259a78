package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import jakarta.websocket.Session;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Ending;

/**
 * The request for a WebSocket (RFC 6455 §4.2.1). Servers validate it differently, by one header or
 * another, some of them for any method. So it is validated here, before them.
 */
public final class WebSocketHandshake {

  private static final String UPGRADE = "Upgrade";
  private static final String CONNECTION = "Connection";
  private static final String KEY = "Sec-WebSocket-Key";
  private static final String VERSION = "Sec-WebSocket-Version";
  public static final String SUBPROTOCOL = "switchboard.v1";

  private static final String PROTOCOL = "Sec-WebSocket-Protocol";
  private static final String WEBSOCKET = "websocket";
  private static final int KEY_BYTES = 16;

  private WebSocketHandshake() {}

  /** Whether the request is for a WebSocket, valid or not: Tyrus checks only the key. */
  public static boolean isAskedFor(HttpServletRequest request) {
    return request.getHeader(KEY) != null || hasWord(request, UPGRADE, WEBSOCKET);
  }

  /**
   * Refuses an invalid handshake with a {@link Problem} that has the reason.
   *
   * @param base the prefix of the channels' paths, below the application's
   * @param path the rest of the path
   */
  static void require(HttpServletRequest request, String base, String path) {
    if (!request.getMethod().equals("GET")) {
      throw bad("the method is %s; a handshake is a GET", request.getMethod());
    }
    requireWord(request, UPGRADE, WEBSOCKET);
    requireWord(request, CONNECTION, "upgrade");
    if (!request.getProtocol().equals("HTTP/1.1")) {
      throw bad("the request is %s; a handshake is HTTP/1.1", request.getProtocol());
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
    if (request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null) {
      throw bad("the request has a body; a handshake has none");
    }
    if (!path.matches("/channels(/[^/]+)?")) {
      String all = base + "/channels";
      throw bad(
          "there is no WebSocket at %s; there are at %s and %s/<name>", base + path, all, all);
    }
  }

  private static Problem bad(String detail, Object... quoted) {
    return new Problem(Ending.BAD_UPGRADE, detail.formatted(quoted));
  }

  private static void requireWord(HttpServletRequest request, String header, String word) {
    if (!hasWord(request, header, word)) {
      List<String> lines = lines(request, header);
      throw lines.isEmpty()
          ? bad(
              "%s is missing; it must be %s. A proxy must be configured to pass it on",
              header, word)
          : bad("%s \"%s\": it must be %s", header, String.join(", ", lines), word);
    }
  }

  private static boolean hasWord(HttpServletRequest request, String header, String word) {
    return words(request, header).anyMatch(word::equalsIgnoreCase);
  }

  private static Stream<String> words(HttpServletRequest request, String header) {
    return lines(request, header).stream()
        .flatMap(line -> Arrays.stream(line.split(",")))
        .map(String::strip);
  }

  private static String one(HttpServletRequest request, String header) {
    List<String> lines = lines(request, header);
    if (lines.isEmpty()) {
      throw bad("%s is missing", header);
    }
    if (lines.size() > 1) {
      throw bad("%s is given %d times; only once is allowed", header, lines.size());
    }
    return lines.get(0);
  }

  private static List<String> lines(HttpServletRequest request, String header) {
    return Collections.list(request.getHeaders(header));
  }

  private static boolean isKey(String key) {
    try {
      return key.length() == 24 && Base64.getDecoder().decode(key).length == KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * The handshake in its simplest form, which every server understands: Tyrus reads only the first
   * word of {@code Upgrade}, Open Liberty only the first line of {@code Connection}, Undertow only
   * the first line of subprotocols, and Open Liberty ignores the case of subprotocols.
   */
  public static HttpServletRequest plain(HttpServletRequest request) {
    String protocol = hasProtocol(request) ? SUBPROTOCOL : null;
    return new HttpServletRequestWrapper(request) {
      @Override
      public @Nullable String getHeader(String name) {
        if (name.equalsIgnoreCase(UPGRADE)) {
          return WEBSOCKET;
        }
        if (name.equalsIgnoreCase(CONNECTION)) {
          return UPGRADE;
        }
        return name.equalsIgnoreCase(PROTOCOL) ? protocol : super.getHeader(name);
      }

      @Override
      public Enumeration<String> getHeaders(String name) {
        String value = getHeader(name);
        boolean isPlain =
            List.of(UPGRADE, CONNECTION, PROTOCOL).stream().anyMatch(name::equalsIgnoreCase);
        return isPlain
            ? Collections.enumeration(value == null ? List.of() : List.of(value))
            : super.getHeaders(name);
      }
    };
  }

  private static boolean hasProtocol(HttpServletRequest request) {
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
    return new ClientPrincipal("", new Guard(authorizer, new Caller("", null, null, 0)), unseen);
  }

  /**
   * The response without {@code Sec-WebSocket-Location}, a header of a draft that Undertow still
   * sets; it is wrong behind a proxy.
   */
  public static HttpServletResponse withoutLocation(HttpServletResponse response) {
    return new HttpServletResponseWrapper(response) {
      @Override
      public void setHeader(String name, String value) {
        if (!name.equalsIgnoreCase("Sec-WebSocket-Location")) {
          super.setHeader(name, value);
        }
      }
    };
  }
}
