package switchboard.http;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Ending;
import switchboard.config.Action;
import switchboard.connection.Connections;
import switchboard.time.Clocks;

/**
 * {@code /access}: {@code POST} puts the token of its {@code Authorization} header into a cookie,
 * for {@code EventSource} and WebSockets of a browser, and {@code DELETE} removes it. {@code
 * /access/denials}: {@code POST} denies a token or all tokens of a subject, and ends its
 * connections.
 *
 * <p><b>Threads.</b> Safe.
 */
public record AccessEndpoint(Authorizer authorizer, Connections connections, Clocks clocks) {

  /** Maximum size of a cookie in browsers, including name and attributes (RFC 6265 §6.1). */
  private static final int MAX_COOKIE_BYTES = 4_096;

  private static final Map<String, String> NOT_STORED = Map.of("Cache-Control", "no-store");
  private static final String DENIALS = "/access/denials";
  private static final int MAX_BODY_BYTES = 4_096;
  private static final Set<String> LOOPBACK_NAMES =
      Set.of("localhost", "127.0.0.1", "[::1]", "0:0:0:0:0:0:0:1");

  /** Whether the path is one of this resource. */
  public static boolean isAt(String path) {
    return path.equals("/access") || path.equals(DENIALS);
  }

  /** Answers a request, now or later, whatever happens. */
  public void handle(Exchange exchange) {
    try {
      if (exchange.request().path().equals(DENIALS)) {
        handleDenial(exchange);
      } else {
        handleCookie(exchange);
      }
    } catch (RuntimeException | Error e) {
      exchange.refuse(Problem.of(e));
    }
  }

  private void handleDenial(Exchange exchange) {
    if (!exchange.request().method().equals("POST")) {
      throw notAllowed("POST");
    }
    Guard guard = exchange.request().guard();
    guard.requireForAll(Action.DENY);
    exchange.receive(
        body -> {
          deny(guard, body);
          return CompletableFuture.completedFuture(new HttpAnswer(204, NOT_STORED, null));
        });
  }

  private void handleCookie(Exchange exchange) {
    String cookie =
        switch (exchange.request().method()) {
          case "POST" -> cookie(exchange);
          case "DELETE" -> cookie(exchange, "", 0);
          default -> throw notAllowed("POST, DELETE");
        };
    Map<String, String> headers = new HashMap<>(NOT_STORED);
    headers.put("Set-Cookie", cookie);
    exchange.answer(new HttpAnswer(204, headers, null));
  }

  private static Problem notAllowed(String allowed) {
    return new Problem(Ending.METHOD_NOT_ALLOWED, allowed + " is allowed").with("Allow", allowed);
  }

  private String cookie(Exchange exchange) {
    Caller caller = exchange.request().guard().caller();
    if (caller.token() == null) {
      throw new Problem(Ending.UNAUTHORIZED, "to get a cookie, send the token in Authorization")
          .with("WWW-Authenticate", "Bearer realm=\"switchboard\"");
    }
    requireSecure(exchange);
    Duration left = Duration.between(clocks.wall().instant(), caller.token().expiresAt());
    String written =
        Objects.requireNonNull(exchange.request().header("Authorization"))
            .strip()
            .split("\\s+", 2)[1];
    String cookie = cookie(exchange, written, Math.max(1, left.toSeconds()));
    if (cookie.length() > MAX_COOKIE_BYTES) {
      throw new Problem(
          Ending.TOO_LARGE,
          "the token has %d characters; browsers store cookies of at most %d bytes"
              .formatted(written.length(), MAX_COOKIE_BYTES));
    }
    return cookie;
  }

  private static String cookie(Exchange exchange, String value, long maxAgeSeconds) {
    String path = exchange.request().root().substring(0, exchange.request().root().length() - 1);
    return "%s=%s; Path=%s; Max-Age=%s; Secure; HttpOnly; SameSite=Strict"
        .formatted(Credentials.COOKIE, value, path, maxAgeSeconds);
  }

  // Browsers silently drop such a cookie over plain HTTP, except for this machine.
  private static void requireSecure(Exchange exchange) {
    if (!exchange.request().isSecure()
        && !LOOPBACK_NAMES.contains(exchange.request().serverName())) {
      throw new Problem(
          Ending.NOT_SECURE,
          "the request used plain HTTP; behind an HTTPS proxy, set switchboard.proxies.trusted");
    }
  }

  private void deny(Guard guard, byte[] body) {
    if (body.length > MAX_BODY_BYTES) {
      throw new Problem(Ending.TOO_LARGE, "the body has more than " + MAX_BODY_BYTES + " bytes");
    }
    JsonValue value =
        Problem.orElse(
            Ending.BAD_MESSAGE, () -> StrictJson.value(new String(body, StandardCharsets.UTF_8)));
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
