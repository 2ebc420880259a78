package switchboard.transport;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Connections;
import switchboard.channel.Ending;
import switchboard.config.Action;
import switchboard.publish.JsonMessages;
import switchboard.time.Clocks;

/**
 * {@code /access}: {@code POST} puts the token of its {@code Authorization} header into a cookie,
 * for {@code EventSource} and WebSockets of a browser, and {@code DELETE} removes it. {@code
 * /access/denials}: {@code POST} denies a token or all tokens of a subject, and ends its
 * connections.
 *
 * <p><b>Threads.</b> Safe.
 *
 * @param path the prefix of the channels' URLs, below the context path
 */
record HttpAccess(Authorizer authorizer, Connections connections, Clocks clocks, String path) {

  /** Maximum size of a cookie in browsers, including name and attributes (RFC 6265 §6.1). */
  private static final int MAX_COOKIE_BYTES = 4_096;

  private static final String DENIALS = "/access/denials";
  private static final int MAX_BODY_BYTES = 4_096;
  private static final Set<String> LOOPBACK_NAMES =
      Set.of("localhost", "127.0.0.1", "[::1]", "0:0:0:0:0:0:0:1");

  /** Whether the path is one of this resource. */
  static boolean isAt(String path) {
    return path.equals("/access") || path.equals(DENIALS);
  }

  /**
   * Answers a request.
   *
   * @param at the {@linkplain #isAt path}
   * @throws Problem if the request is refused
   */
  void answer(String at, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    boolean isDenial = at.equals(DENIALS);
    switch (request.getMethod()) {
      case "POST" -> {
        if (isDenial) {
          deny(request);
        } else {
          setCookie(request, response);
        }
      }
      case "DELETE" -> {
        requireMethod(!isDenial, "POST");
        response.addHeader("Set-Cookie", cookie(request, "", 0));
      }
      default -> requireMethod(false, isDenial ? "POST" : "POST, DELETE");
    }
    response.setHeader("Cache-Control", "no-store");
    response.setStatus(HttpServletResponse.SC_NO_CONTENT);
  }

  private static void requireMethod(boolean isOne, String allowed) {
    if (!isOne) {
      throw new Problem(Ending.METHOD_NOT_ALLOWED, allowed + " is allowed").with("Allow", allowed);
    }
  }

  private void setCookie(HttpServletRequest request, HttpServletResponse response) {
    Caller caller = Visitor.of(request).caller();
    if (caller.token() == null) {
      throw new Problem(Ending.UNAUTHORIZED, "to get a cookie, send the token in Authorization")
          .with("WWW-Authenticate", "Bearer realm=\"switchboard\"");
    }
    requireSecure(request);
    Duration left = Duration.between(clocks.wall().instant(), caller.token().expiresAt());
    String written = request.getHeader("Authorization").strip().split("\\s+", 2)[1];
    String cookie = cookie(request, written, Math.max(1, left.toSeconds()));
    if (cookie.length() > MAX_COOKIE_BYTES) {
      throw new Problem(
          Ending.TOO_LARGE,
          "the token has %d characters; browsers store cookies of at most %d bytes"
              .formatted(written.length(), MAX_COOKIE_BYTES));
    }
    response.addHeader("Set-Cookie", cookie);
  }

  private String cookie(HttpServletRequest request, String value, long maxAgeSeconds) {
    return "%s=%s; Path=%s%s/channels; Max-Age=%d; Secure; HttpOnly; SameSite=Strict"
        .formatted(Credentials.COOKIE, value, request.getContextPath(), path, maxAgeSeconds);
  }

  // Browsers silently drop such a cookie over plain HTTP, except for this machine.
  private static void requireSecure(HttpServletRequest request) {
    if (!request.isSecure() && !LOOPBACK_NAMES.contains(request.getServerName())) {
      throw new Problem(
          Ending.NOT_SECURE,
          "the request used plain HTTP; behind an HTTPS proxy, set switchboard.proxies.trusted");
    }
  }

  private void deny(HttpServletRequest request) throws IOException {
    Guard guard = Visitor.of(request);
    guard.requireForAll(Action.DENY);
    byte[] body = request.getInputStream().readNBytes(MAX_BODY_BYTES + 1);
    if (body.length > MAX_BODY_BYTES) {
      throw new Problem(Ending.TOO_LARGE, "the body has more than " + MAX_BODY_BYTES + " bytes");
    }
    JsonValue value =
        Problem.orElse(
            Ending.BAD_MESSAGE, () -> JsonMessages.value(new String(body, StandardCharsets.UTF_8)));
    boolean isKept;
    if (value instanceof JsonObject denial
        && denial.size() == 1
        && denial.get("jti") instanceof JsonString id) {
      isKept = authorizer.denyToken(guard.caller(), id.getString());
    } else if (value instanceof JsonObject denial
        && denial.size() == 1
        && denial.get("sub") instanceof JsonString subject) {
      isKept = authorizer.denySubject(guard.caller(), subject.getString());
    } else {
      throw new Problem(Ending.BAD_MESSAGE, "{\"jti\":\"…\"} or {\"sub\":\"…\"} is required");
    }
    if (!isKept) {
      throw new Problem(Ending.TOO_MANY_DENIALS, Ending.TOO_MANY_DENIALS.title());
    }
    connections.checkNow(clocks.elapsed().millis()); // those concerned end now
  }
}
