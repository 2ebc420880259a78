package switchboard.transport;

import static switchboard.channel.Ending.BAD_COMMAND;
import static switchboard.channel.Ending.BAD_NAME;
import static switchboard.channel.Ending.BAD_OFFSET;
import static switchboard.channel.Ending.BAD_PARAMETER;
import static switchboard.channel.Ending.FORBIDDEN;
import static switchboard.channel.Ending.INVALID_TOKEN;
import static switchboard.channel.Ending.TOKEN_IN_URL;
import static switchboard.channel.Ending.TOO_LARGE;
import static switchboard.channel.Ending.UNAUTHORIZED;
import static switchboard.channel.Ending.WRONG_HOST;
import static switchboard.channel.Ending.WRONG_ORIGIN;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import switchboard.channel.Ending;
import switchboard.testing.Ports;

/** Requests that must be refused, a row each: what it is, how it ends, and the request. */
final class HostileRequests {

  /** A token that grants everything that these requests ask for. */
  static final String GOOD = HostileTokens.good();

  private static final String SECRET = "channels/" + HostileIT.CHANNEL;
  private static final String SERVER = Ports.AUTHORITY;
  private static final String UPGRADE =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  private static final String PROTOCOLS =
      "Sec-WebSocket-Protocol: switchboard.v1, switchboard.bearer.";

  private HostileRequests() {}

  /** Requests that end in one way, with that. */
  static Stream<Arguments> all() {
    List<Arguments> rows = new ArrayList<>();
    for (Way way : Way.values()) {
      rows.addAll(byTransport(way));
    }
    for (String method : List.of("POST", "PUT", "DELETE")) {
      rows.addAll(byMethod(method));
    }
    rows.addAll(byFrame());
    rows.addAll(elsewhere());
    return rows.stream();
  }

  private static List<Arguments> byTransport(Way way) {
    String evil = "X-Forwarded-Host: evil.test\" onload=\"";
    List<Arguments> rows = new ArrayList<>();
    rows.add(row("no token", UNAUTHORIZED, get(way)));
    rows.add(row("a password", UNAUTHORIZED, get(way).header("Authorization: Basic YTpi")));
    rows.add(row("a scheme alone", INVALID_TOKEN, get(way).header("Authorization: Bearer")));
    for (String name : COOKIES) {
      rows.add(row("a cookie " + name, UNAUTHORIZED, get(way).header("Cookie: " + name + GOOD)));
    }
    rows.add(row("two tokens", BAD_PARAMETER, get(way).bearer(GOOD).bearer(GOOD)));
    for (String name : PARAMETERS) {
      Request inUrl = get(way).query("&" + name + GOOD);
      rows.add(row("a token in " + name, TOKEN_IN_URL, inUrl));
      rows.add(row("and in the header", TOKEN_IN_URL, inUrl.bearer(GOOD)));
    }
    for (String origin : ORIGINS) {
      Request withCookie = get(way).cookie(GOOD).origin(origin);
      rows.add(row("a cookie and the origin " + origin, WRONG_ORIGIN, withCookie));
    }
    Request twoOrigins = get(way).cookie(GOOD).origin("http://" + SERVER);
    rows.add(row("two origins", WRONG_ORIGIN, twoOrigins.origin("https://evil.test")));
    rows.add(row("another host", WRONG_HOST, get(way).bearer(GOOD).host("evil.test")));
    rows.add(row("a line break in the offset", BAD_OFFSET, get(way).bearer(GOOD).offset(BREAK)));
    rows.add(row("nonsense for proxies", BAD_PARAMETER, get(way).bearer(GOOD).header(evil)));
    rows.add(row("a long name", BAD_NAME, get(way).bearer(GOOD).channel("s".repeat(4_000))));
    for (String name : NAMES) {
      rows.add(row("the name " + name, BAD_NAME, get(way).bearer(GOOD).channel(name)));
    }
    return rows;
  }

  private static List<Arguments> byMethod(String method) {
    List<Arguments> rows = new ArrayList<>();
    rows.add(row(method + " without a token", UNAUTHORIZED, change(method)));
    rows.add(row(method + " by cookie", UNAUTHORIZED, change(method).cookie(GOOD)));
    for (String origin : ORIGINS) {
      Request withToken = change(method).bearer(GOOD).origin(origin);
      rows.add(row(method + " of the origin " + origin, WRONG_ORIGIN, withToken));
    }
    return rows;
  }

  private static List<Arguments> byFrame() {
    Request upgrade = get(Way.WEBSOCKET);
    Request protocol = upgrade.header(PROTOCOLS + GOOD);
    Request two = upgrade.header(PROTOCOLS + GOOD + ", switchboard.bearer." + GOOD);
    String large = HostileTokens.draft().claim("padding", "x".repeat(9_000)).sign();
    List<Arguments> rows = new ArrayList<>();
    rows.add(row("tokens in header and subprotocol", BAD_PARAMETER, protocol.bearer(GOOD)));
    rows.add(row("two tokens in the subprotocol", BAD_PARAMETER, two));
    for (String frame : List.of("{\"append\":1}", "{\"id\":1,\"append\":1}")) {
      rows.add(row("the frame " + frame, UNAUTHORIZED, upgrade.frame(frame)));
    }
    for (String frame : BAD_FRAMES) {
      rows.add(row("the frame " + frame, BAD_COMMAND, upgrade.frame(frame)));
    }
    rows.add(row("a token of 12 KB", TOO_LARGE, upgrade.frame("{\"token\":\"" + large + "\"}")));
    return rows;
  }

  private static List<Arguments> elsewhere() {
    Request access = change("POST").path("access");
    Request denials = change("POST").path("access/denials");
    Request fork = change("PUT").channel("public-f");
    Request both = get(Way.POLL).path("channels").header("Accept: */*");
    String channels = "?channel=public-a@-1&channel=" + HostileIT.CHANNEL + "@-1";
    return List.of(
        row("a cookie without a token", UNAUTHORIZED, access),
        row("a cookie for a cookie", UNAUTHORIZED, access.cookie(GOOD)),
        row(
            "a cookie for a page of another origin",
            WRONG_ORIGIN,
            access.bearer(GOOD).origin("https://evil.test")),
        row("denials by anybody", UNAUTHORIZED, denials),
        row("denials by a reader", FORBIDDEN, denials.bearer(GOOD)),
        row(
            "a fork of the secret",
            UNAUTHORIZED,
            fork.header("Stream-Forked-From: /switchboard/" + SECRET)),
        row("both, and one is granted", UNAUTHORIZED, both.replace("?offset=-1", channels)));
  }

  private static final List<String> COOKIES =
      List.of("switchboard=", "__secure-switchboard=", "JSESSIONID=", "Secure-switchboard=");

  private static final List<String> PARAMETERS =
      List.of("access_token=", "token=", "%74oken=", "TOKEN=", "jwt=");

  private static final String BREAK = "%0d%0aSet-Cookie:%20evil=1";

  private static final List<String> BAD_FRAMES =
      List.of("hello", "[]", "{\"token\":7}", "{\"token\":null}", "{\"token\":{}}");

  /** Like those that may: in front, behind, in between, in another scheme, at another port. */
  private static final List<String> ORIGINS =
      List.of(
          "null",
          "https://evil.test",
          "https://" + SERVER,
          "http://127.0.0.1",
          "http://127.0.0.1:1808",
          "http://" + SERVER + "0",
          "http://" + SERVER + ".evil.test",
          "http://" + SERVER + "@evil.test",
          "http://x" + SERVER,
          "http://" + SERVER + "/",
          "http://example.com",
          "https://example.com.evil.test",
          "https://evil-example.com",
          "https://example.com:444",
          "https://example.com, https://evil.test",
          "https://*",
          "*");

  private static final List<String> NAMES =
      List.of(
          "secret%20x",
          "s%D0%B5cret-x", // a Cyrillic letter that looks the same
          "%EF%BD%93ecret-x", // a wide one
          "secret-x%E2%80%AE", // that turns the direction
          "secret-%252e%252e",
          "*",
          "secret-*",
          "secret-x%0d%0aSet-Cookie:%20evil=1",
          "%25");

  /** Requests that the server software may answer by itself, with the statuses it may give. */
  static Stream<Arguments> odd() {
    List<Arguments> rows = new ArrayList<>();
    for (Way way : Way.values()) {
      for (String path : ODD_PATHS) {
        rows.add(odd(path, NO, get(way).path(path)));
      }
      rows.addAll(tooLarge(way));
      rows.addAll(oddHeaders(way));
    }
    Request both = change("POST").header("Transfer-Encoding: chunked");
    rows.add(odd("a length and chunks", Set.of(0, 400, 401), both));
    return rows.stream();
  }

  private static final Set<Integer> NO = Set.of(400, 401, 403, 404, 421);

  private static List<Arguments> tooLarge(Way way) {
    Set<Integer> no = Set.of(0, 400, 401, 403, 413, 414, 431);
    String huge = "x".repeat(70_000);
    String large = HostileTokens.draft().claim("padding", "x".repeat(9_000)).sign();
    return List.of(
        odd("a token of 12 KB", no, get(way).bearer(large)),
        odd("a huge token", no, get(way).bearer(huge)),
        odd("a huge cookie", no, get(way).cookie(huge)),
        odd("a huge query", no, get(way).query("&x=" + huge)),
        odd("a huge name", no, get(way).channel(huge)),
        odd("a huge origin", no, get(way).origin("https://" + huge)));
  }

  private static List<Arguments> oddHeaders(Way way) {
    String twoLines = "Authorization: Bearer\r\n x" + GOOD;
    return List.of(
        odd("a header over two lines", NO, get(way).header(twoLines)),
        odd("a zero in a header", NO, get(way).bearer("a\u0000b")),
        odd("a header without a name", NO, get(way).header(": Bearer " + GOOD)),
        odd("an origin beyond ASCII", NO, get(way).cookie(GOOD).origin("https://ex\u00e4mple.com")),
        odd("two hosts", NO, get(way).header("Host: evil.test")));
  }

  private static final List<String> ODD_PATHS =
      List.of(
          "channels/../channels/" + HostileIT.CHANNEL,
          "channels/%2e%2e/channels/" + HostileIT.CHANNEL,
          "channels/public-a/../" + HostileIT.CHANNEL,
          "channels/public-a/..;/" + HostileIT.CHANNEL,
          "channels/public-a/..;x=y/" + HostileIT.CHANNEL,
          "channels/public-a%2f..%2f" + HostileIT.CHANNEL,
          "channels/public-a%252f..%252f" + HostileIT.CHANNEL,
          "channels/public-a%5c..%5c" + HostileIT.CHANNEL,
          "channels//" + HostileIT.CHANNEL,
          "channels/./" + HostileIT.CHANNEL,
          "channels/" + HostileIT.CHANNEL + "/",
          "channels/" + HostileIT.CHANNEL + ";public-a",
          "channels/" + HostileIT.CHANNEL + ";x=/public-a",
          "channels/" + HostileIT.CHANNEL + "%00",
          "channels/" + HostileIT.CHANNEL + "%3bpublic-a",
          "channels/" + HostileIT.CHANNEL + "%2f",
          "channels;x=y/" + HostileIT.CHANNEL,
          "Channels/" + HostileIT.CHANNEL,
          "channels%2f" + HostileIT.CHANNEL,
          "channels/%c0%ae%c0%ae/" + HostileIT.CHANNEL,
          "channels/secret-%zz",
          "channels/secret-%",
          "channels/[secret]",
          "lab/../channels/" + HostileIT.CHANNEL,
          "js/..;/channels/" + HostileIT.CHANNEL);

  private static Arguments row(String what, Ending ending, Request request) {
    String text = request.text();
    String line = text.substring(0, Math.min(70, text.indexOf(" HTTP")));
    return Arguments.of(what + " – " + line + request.suffix(), ending, request);
  }

  private static Arguments odd(String what, Set<Integer> statuses, Request request) {
    String beginning = what.substring(0, Math.min(100, what.length()));
    return Arguments.of(beginning + request.suffix(), statuses, request);
  }

  /** Reads the secret channel from its start, with nothing that says who asks. */
  static Request get(Way way) {
    String text =
        "GET /switchboard/%s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
            .formatted(SECRET, way.query, SERVER, way.headers);
    return new Request(text, null);
  }

  /** Changes the secret channel, with nothing that says who asks. */
  static Request change(String method) {
    boolean hasBody = !method.equals("DELETE");
    String text =
        "%s /switchboard/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n%s"
            .formatted(
                method,
                SECRET,
                SERVER,
                hasBody ? "Content-Type: text/plain\r\nContent-Length: 1\r\n" : "",
                hasBody ? "x" : "");
    return new Request(text, null);
  }

  /** How each transport is asked for: the query and the headers that make it what it is. */
  enum Way {
    POLL("?offset=-1", "Connection: close\r\n"),
    LONG_POLL("?offset=-1&live=long-poll", "Connection: close\r\n"),
    EVENT_STREAM("?offset=-1&live=sse", "Connection: close\r\n"),
    WEBSOCKET("?offset=-1", UPGRADE);

    private final String query;
    private final String headers;

    Way(String query, String headers) {
      this.query = query;
      this.headers = headers;
    }
  }

  /**
   * As it is sent; each method gives another.
   *
   * @param frame what is sent over the WebSocket then, or {@code null}
   */
  record Request(String text, String frame) {

    Request header(String line) {
      int end = text.indexOf("\r\n\r\n") + 2;
      return new Request(text.substring(0, end) + line + "\r\n" + text.substring(end), frame);
    }

    Request bearer(String token) {
      return header("Authorization: Bearer " + token);
    }

    Request cookie(String token) {
      return header("Cookie: __Secure-switchboard=" + token);
    }

    Request origin(String origin) {
      return header("Origin: " + origin);
    }

    Request host(String host) {
      return replace("Host: " + SERVER, "Host: " + host);
    }

    Request offset(String offset) {
      return replace("offset=-1", "offset=" + offset);
    }

    Request query(String more) {
      return replace(" HTTP/1.1", more + " HTTP/1.1");
    }

    Request path(String path) {
      return replace("/switchboard/" + SECRET, "/switchboard/" + path);
    }

    Request channel(String name) {
      return path("channels/" + name);
    }

    Request frame(String then) {
      return new Request(text, then);
    }

    /** What stands there once. */
    Request replace(String old, String by) {
      int at = text.indexOf(old);
      return new Request(text.substring(0, at) + by + text.substring(at + old.length()), frame);
    }

    private String suffix() {
      return text.contains("Upgrade: websocket") ? " (WebSocket)" : "";
    }
  }
}
