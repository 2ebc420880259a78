package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.channel.Ending;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.RawExchange;
import switchboard.testing.RawFrames;
import switchboard.testing.RawSocket;
import switchboard.testing.ServerLog;
import switchboard.testing.ServerTest;

/**
 * Requests of somebody who should not get in, over all four transports, each with the answer that
 * it must get. After all of them whoever may still does, and nothing that is secret was said: not
 * in an answer, and not in the server's log.
 *
 * <p>The server trusts one RSA key, so that its public half could be mistaken for a secret.
 */
@ExtendWith(ArquillianExtension.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostileIT {

  private static final RSAKey KEY = rsa();
  private static final RSAKey OTHER_KEY = rsa();
  private static final Path PEM = Path.of("target/hostile.pem").toAbsolutePath();
  private static final String CHANNEL = "secret-" + UUID.randomUUID();
  private static final String MESSAGE = "top secret " + UUID.randomUUID();
  private static final int ATTACKER_PORT = 18_076;

  /** Everything the server answered. */
  private static final List<String> ANSWERS = new ArrayList<>();

  /** Every token that was sent, and every other thing that must not come out. */
  private static final List<String> SECRETS = new ArrayList<>();

  private static final AtomicInteger FETCHED_FROM_THE_ATTACKER = new AtomicInteger();
  private static HttpServer attacker;
  private static ServerLog log;

  private final Http http = new Http(URI.create("http://127.0.0.1:18080/switchboard/"));

  @Deployment(testable = false)
  public static WebArchive war() throws IOException {
    Files.writeString(PEM, pem(KEY));
    return ServerTest.warWith(
        "switchboard.access.open=ticker:read,public-*",
        "switchboard.access.max-failures-per-minute=0",
        "switchboard.token.public-key=" + PEM.toString().replace('\\', '/'),
        "switchboard.token.issuer=" + Issuer.NAME,
        "switchboard.token.audience=" + Issuer.AUDIENCE,
        "switchboard.token.leeway=PT0S",
        "switchboard.token.timeout=PT1S");
  }

  private static RSAKey rsa() {
    try {
      return new RSAKeyGenerator(2_048).keyID("key").generate();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(RSAKey key) {
    try {
      String base64 =
          Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(key.toPublicKey().getEncoded());
      return "-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n";
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Signs; what the library's own checks would not let anybody sign is signed by hand. */
  private static JWSSigner signer(RSAKey key) {
    try {
      return new RSASSASigner(key);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Issuer.Draft draft() {
    return Issuer.token()
        .by(JWSAlgorithm.RS256, signer(KEY))
        .grant("secret-*", "read", "append", "create", "delete");
  }

  private static Issuer.Draft draftWithHeader(
      java.util.function.UnaryOperator<JWSHeader.Builder> change) {
    return draft().header(change);
  }

  private static String good() {
    return draft().sign();
  }

  private static String part(String json) {
    return Base64URL.encode(json).toString();
  }

  /** The payload of a good token behind another header and before another signature. */
  private static String forged(String header, String signature) {
    return part(header) + "." + good().split("\\.")[1] + "." + signature;
  }

  private static String signedWithSecret(byte[] secret) {
    try {
      return Issuer.token()
          .by(JWSAlgorithm.HS256, new MACSigner(secret))
          .grant("secret-*", "read")
          .sign();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeAll
  static void listen() throws IOException {
    log = ServerLog.listen();
    attacker =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), ATTACKER_PORT), 0);
    attacker.createContext(
        "/",
        exchange -> {
          FETCHED_FROM_THE_ATTACKER.incrementAndGet();
          byte[] keys = ("{\"keys\":[" + OTHER_KEY.toPublicJWK().toJSONString() + "]}").getBytes();
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    attacker.start();
    SECRETS.add(MESSAGE);
  }

  @AfterAll
  static void stopListening() {
    attacker.stop(0);
    log.close();
  }

  @BeforeEach
  void thereIsASecret() {
    if (http.send(as(good(), "channels/" + CHANNEL + "?offset=-1")).status() != 200) {
      http.send(
          as(good(), "channels/" + CHANNEL)
              .header("Content-Type", "text/plain")
              .PUT(BodyPublishers.ofString(MESSAGE)));
      http.put("public-a", "text/plain");
    }
  }

  private HttpRequest.Builder as(String token, String relative) {
    return http.request(relative).header("Authorization", "Bearer " + token);
  }

  // ---- tokens

  /** A token that is not good, and how that is called. */
  static Stream<Arguments> tokens() throws Exception {
    Map<String, String> invalid = new LinkedHashMap<>();
    invalid.put("rubbish", "rubbish");
    invalid.put("dots", "..");
    invalid.put("an empty object three times", "e30.e30.e30");
    for (String none : List.of("none", "None", "NONE", "nOnE")) {
      String header = "{\"alg\":\"%s\",\"typ\":\"at+jwt\"}".formatted(none);
      invalid.put("alg " + none, forged(header, ""));
    }
    String signature = good().split("\\.")[2];
    invalid.put(
        "alg none with a signature", forged("{\"alg\":\"none\",\"typ\":\"at+jwt\"}", signature));
    invalid.put("no alg", forged("{\"typ\":\"at+jwt\"}", signature));
    invalid.put("alg that is a number", forged("{\"alg\":256,\"typ\":\"at+jwt\"}", signature));
    invalid.put("alg nobody knows", forged("{\"alg\":\"RS1\",\"typ\":\"at+jwt\"}", signature));
    invalid.put("HS256 with the public key as the secret", signedWithSecret(pem(KEY).getBytes()));
    invalid.put(
        "HS256 with the key's bytes as the secret",
        signedWithSecret(KEY.toPublicKey().getEncoded()));
    invalid.put("HS256 with a secret of zeros", signedWithSecret(new byte[32]));
    invalid.put(
        "another key",
        Issuer.token().by(JWSAlgorithm.RS256, signer(OTHER_KEY)).grant("secret-*", "read").sign());
    invalid.put(
        "a key of another kind",
        Issuer.token()
            .by(JWSAlgorithm.ES256, new ECDSASigner(new ECKeyGenerator(Curve.P_256).generate()))
            .grant("secret-*", "read")
            .sign());
    invalid.put("typ JWT", draftWithHeader(h -> h.type(JOSEObjectType.JWT)).sign());
    invalid.put("no typ", draftWithHeader(h -> h.type(null)).sign());
    invalid.put(
        "typ of an ID token", draftWithHeader(h -> h.type(new JOSEObjectType("id+jwt"))).sign());
    invalid.put("another issuer", draft().claim("iss", "https://evil.test/").sign());
    invalid.put("an issuer without its slash", draft().claim("iss", "https://issuer.test").sign());
    invalid.put("no issuer", draft().claim("iss", null).sign());
    invalid.put("another audience", draft().claim("aud", "https://other.test/").sign());
    invalid.put(
        "an audience that begins alike", draft().claim("aud", Issuer.AUDIENCE + "x").sign());
    invalid.put("no audience", draft().claim("aud", null).sign());
    invalid.put("no end", draft().claim("exp", null).sign());
    invalid.put("an end that is text", draft().claim("exp", "never").sign());
    invalid.put("an end in a thousand years", draft().expiresIn(Duration.ofDays(365_000)).sign());
    Date soon = Date.from(Instant.now().plusSeconds(3_000));
    invalid.put("not valid yet", draft().claim("nbf", soon).sign());
    invalid.put("issued in the future", draft().claim("iat", soon).sign());
    invalid.put("no jti", draft().id(null).sign());
    invalid.put("no subject", draft().subject(null).sign());
    invalid.put(
        "critical parameters",
        draftWithHeader(h -> h.customParam("exp2", 1).criticalParams(Set.of("exp2"))).sign());
    String attackers = "http://127.0.0.1:" + ATTACKER_PORT + "/keys";
    Map<String, java.util.function.UnaryOperator<JWSHeader.Builder>> headers =
        new LinkedHashMap<>();
    headers.put("jku of the attacker", h -> h.jwkURL(URI.create(attackers)).keyID("key"));
    headers.put("x5u of the attacker", h -> h.x509CertURL(URI.create(attackers)));
    headers.put("jwk of the attacker", h -> h.jwk(OTHER_KEY.toPublicJWK()));
    headers.put("kid that is a path", h -> h.keyID("../../../../dev/null"));
    headers.put("kid that is SQL", h -> h.keyID("' OR 1=1 --"));
    headers.put("kid that is a command", h -> h.keyID("$(id)|`id`"));
    headers.put("kid with line breaks", h -> h.keyID("a\r\nforged: line"));
    headers.forEach(
        (what, change) ->
            invalid.put(
                what,
                Issuer.token()
                    .by(JWSAlgorithm.RS256, signer(OTHER_KEY))
                    .header(change::apply)
                    .grant("secret-*", "read")
                    .sign()));
    String good = good();
    invalid.put("cut short", good.substring(0, good.length() - 10));
    invalid.put("without its signature", good.substring(0, good.lastIndexOf('.') + 1));
    invalid.put("two parts", good.substring(0, good.lastIndexOf('.')));
    invalid.put("five parts, as if encrypted", good + ".a.b");
    invalid.put("padded", good + "==");
    String claims = new String(Base64.getUrlDecoder().decode(good.split("\\.")[1]));
    invalid.put(
        "claims changed after signing",
        good.split("\\.")[0] + "." + part(claims.replace("secret-*", "*")) + "." + signature);
    invalid.put("details that are no list", bare().claim("authorization_details", "all").sign());
    for (String detail :
        List.of(
            "{\"type\":\"switchboard\",\"channels\":[\"secret-*\"],\"actions\":[\"READ\"]}",
            "{\"type\":\"switchboard\",\"channels\":[\"secret-*\"],\"actions\":[\"admin\"]}",
            "{\"type\":\"switchboard\",\"channels\":[\"a,secret-*\"],\"actions\":[\"read\"]}",
            "{\"type\":\"switchboard\",\"channels\":[\"../secret-*\"],\"actions\":[\"read\"]}",
            "{\"type\":\"switchboard\",\"channels\":[\"s\\u0435cret-*\"],\"actions\":[\"read\"]}",
            "{\"type\":\"switchboard\",\"channels\":[\"[s]ecret-*\"],\"actions\":[\"read\"]}",
            "{\"type\":\"switchboard\",\"channels\":\"secret-*\",\"actions\":[\"read\"]}",
            "{\"type\":\"switchboard\",\"channels\":[\"secret-*\"],\"actions\":[\"read\"],\"not\":1}")) {
      invalid.put("details " + detail, bare().detail(map(detail)).sign());
    }

    Map<String, String> forbidden = new LinkedHashMap<>();
    forbidden.put("nothing granted", bare().sign());
    forbidden.put("another channel granted", bare().grant("news", "read").sign());
    forbidden.put("a name that begins alike", bare().grant("secret", "read").sign());
    forbidden.put("a pattern for one more character", bare().grant(CHANNEL + "x*", "read").sign());
    forbidden.put("a dot that is no wildcard", bare().grant("secret.*", "read").sign());
    forbidden.put("capitals", bare().grant("SECRET-*", "read").sign());
    forbidden.put("all but reading", bare().grant("*", "append", "create", "delete").sign());
    forbidden.put(
        "a pattern made to take long",
        bare().grant("s*e*c*r*e*t*-*-*-*-*-*-*-*-*-*-*-*-*-*-*-*-*x", "read").sign());
    forbidden.put(
        "details of another type",
        bare()
            .detail(map("{\"type\":\"other\",\"channels\":[\"*\"],\"actions\":[\"read\"]}"))
            .sign());

    List<Arguments> all = new ArrayList<>();
    invalid.forEach((what, token) -> all.add(Arguments.of(what, token, Ending.INVALID_TOKEN)));
    forbidden.forEach((what, token) -> all.add(Arguments.of(what, token, Ending.FORBIDDEN)));
    String expired = draft().expiresIn(Duration.ofMinutes(-1)).sign();
    all.add(Arguments.of("expired", expired, Ending.TOKEN_EXPIRED));
    return all.stream();
  }

  private static Issuer.Draft bare() {
    return Issuer.token().by(JWSAlgorithm.RS256, signer(KEY));
  }

  private static Map<String, Object> map(String json) throws java.text.ParseException {
    return com.nimbusds.jose.util.JSONObjectUtils.parse(json);
  }

  private static final String UPGRADE =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

  /** How each transport is asked for: the query and the headers that make it what it is. */
  private enum Way {
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

  private static String get(Way way, String path, String query, String... headers) {
    return "GET /switchboard/"
        + path
        + way.query
        + query
        + " HTTP/1.1\r\nHost: 127.0.0.1:18080\r\n"
        + way.headers
        + Stream.of(headers).map(line -> line + "\r\n").reduce("", String::concat)
        + "\r\n";
  }

  private static String change(String method, String path, String... headers) {
    boolean hasBody = !method.equals("DELETE");
    return method
        + " /switchboard/"
        + path
        + " HTTP/1.1\r\nHost: 127.0.0.1:18080\r\nConnection: close\r\n"
        + (hasBody ? "Content-Type: text/plain\r\nContent-Length: 1\r\n" : "")
        + Stream.of(headers).map(line -> line + "\r\n").reduce("", String::concat)
        + "\r\n"
        + (hasBody ? "x" : "");
  }

  private static String bearer(String token) {
    return "Authorization: Bearer " + token;
  }

  private static String cookie(String token) {
    return "Cookie: __Secure-switchboard=" + token;
  }

  private RawExchange.Answer send(String request, String frame) {
    RawExchange.Answer answer = RawExchange.send(http.root(), request, frame);
    ANSWERS.add(answer.all());
    assertFalse(answer.all().contains(MESSAGE), "the secret: " + answer);
    return answer;
  }

  /** Over HTTP its status; over a WebSocket its close code, after a frame that says the same. */
  private void assertEnds(Ending ending, String request, String frame) {
    RawExchange.Answer answer = send(request, frame);
    String all = answer.all();
    if (answer.status() == 101) {
      assertEquals(ending.closeCode(), answer.closeCode(), all);
    } else {
      assertEquals(ending.status(), answer.status(), all);
    }
    // Of a frame that is too large only the close frame tells.
    boolean isCloseAlone = answer.status() == 101 && ending == Ending.TOO_LARGE;
    assertTrue(isCloseAlone || all.contains('"' + ending.type() + '"'), all);
    if (ending.status() == 401 && answer.status() == 401) {
      assertTrue(answer.hasHeader("WWW-Authenticate"), all);
    }
  }

  @Order(1)
  @ParameterizedTest(name = "{0}")
  @MethodSource("tokens")
  void aTokenThatIsNotGoodGetsNobodyInHoweverItTravels(String what, String token, Ending ending) {
    SECRETS.add(token);
    String path = "channels/" + CHANNEL;
    for (Way way : Way.values()) {
      if (way != Way.WEBSOCKET) {
        assertEnds(ending, get(way, path, "", bearer(token)), null);
      }
    }
    String protocols = "Sec-WebSocket-Protocol: switchboard.v1, switchboard.bearer.";
    assertEnds(ending, get(Way.WEBSOCKET, path, "", protocols + token), null);
    assertEnds(ending, get(Way.WEBSOCKET, path, ""), "{\"token\":\"" + token + "\"}");
    if (!token.contains("=")) {
      // A cookie's value may lose its padding on the way.
      assertEnds(ending, get(Way.POLL, path, "", cookie(token)), null);
    }
    if (ending != Ending.FORBIDDEN) {
      assertEnds(ending, change("POST", path, bearer(token)), null);
    }
  }

  // ---- everything else that can be asserted by its ending

  /** What, the request, and how it ends. */
  static Stream<Arguments> requests() {
    String path = "channels/" + CHANNEL;
    String good = good();
    SECRETS.add(good);
    List<Arguments> all = new ArrayList<>();
    for (Way way : Way.values()) {
      all.add(ends("no token", Ending.UNAUTHORIZED, get(way, path, "")));
      all.add(
          ends("a password", Ending.UNAUTHORIZED, get(way, path, "", "Authorization: Basic YTpi")));
      all.add(
          ends(
              "a scheme alone", Ending.INVALID_TOKEN, get(way, path, "", "Authorization: Bearer")));
      for (String name :
          List.of("switchboard", "__secure-switchboard", "JSESSIONID", "Secure-switchboard")) {
        String cookie = "Cookie: " + name + "=" + good;
        all.add(ends("a cookie " + name, Ending.UNAUTHORIZED, get(way, path, "", cookie)));
      }
      all.add(
          ends("two tokens", Ending.BAD_PARAMETER, get(way, path, "", bearer(good), bearer(good))));
      for (String name : List.of("access_token", "token", "%74oken", "TOKEN", "jwt")) {
        String query = "&" + name + "=" + good;
        all.add(ends("a token in " + name, Ending.TOKEN_IN_URL, get(way, path, query)));
        all.add(
            ends("and in the header", Ending.TOKEN_IN_URL, get(way, path, query, bearer(good))));
      }
      for (String origin : ORIGINS) {
        all.add(
            ends(
                "a cookie and the origin " + origin,
                Ending.WRONG_ORIGIN,
                get(way, path, "", cookie(good), "Origin: " + origin)));
      }
      all.add(
          ends(
              "two origins",
              Ending.WRONG_ORIGIN,
              get(
                  way,
                  path,
                  "",
                  cookie(good),
                  "Origin: http://127.0.0.1:18080",
                  "Origin: https://evil.test")));
      all.add(
          ends(
              "a host that is none of this server's",
              Ending.WRONG_HOST,
              get(way, path, "", bearer(good))
                  .replace("Host: 127.0.0.1:18080", "Host: evil.test")));
      all.add(
          ends(
              "a line break in the offset",
              Ending.BAD_OFFSET,
              get(way, path, "", bearer(good))
                  .replace("offset=-1", "offset=%0d%0aSet-Cookie:%20evil=1")));
      all.add(
          ends(
              "nonsense for proxies",
              Ending.BAD_PARAMETER,
              get(way, path, "", bearer(good), "X-Forwarded-Host: evil.test\" onload=\"")));
      all.add(
          ends(
              "a channel whose name is too long",
              Ending.BAD_NAME,
              get(way, "channels/" + "s".repeat(4_000), "", bearer(good))));
      for (String name : NAMES) {
        all.add(
            ends(
                "the name " + name,
                Ending.BAD_NAME,
                get(way, "channels/" + name, "", bearer(good))));
      }
    }
    for (String method : List.of("POST", "PUT", "DELETE")) {
      all.add(ends(method + " without a token", Ending.UNAUTHORIZED, change(method, path)));
      all.add(ends(method + " by cookie", Ending.UNAUTHORIZED, change(method, path, cookie(good))));
      for (String origin : ORIGINS) {
        all.add(
            ends(
                method + " of the origin " + origin,
                Ending.WRONG_ORIGIN,
                change(method, path, bearer(good), "Origin: " + origin)));
      }
    }
    String upgrade = "Sec-WebSocket-Protocol: switchboard.v1, switchboard.bearer." + good;
    all.add(
        ends(
            "a token in the header and one in the subprotocol",
            Ending.BAD_PARAMETER,
            get(Way.WEBSOCKET, path, "", upgrade, bearer(good))));
    all.add(
        ends(
            "two tokens in the subprotocol",
            Ending.BAD_PARAMETER,
            get(Way.WEBSOCKET, path, "", upgrade + ", switchboard.bearer." + good)));
    for (String frame : List.of("{\"append\":1}", "{\"id\":1,\"append\":1}")) {
      all.add(ends("the frame " + frame, Ending.UNAUTHORIZED, get(Way.WEBSOCKET, path, ""), frame));
    }
    for (String frame :
        List.of("hello", "[]", "{\"token\":7}", "{\"token\":null}", "{\"token\":{}}")) {
      all.add(ends("the frame " + frame, Ending.BAD_COMMAND, get(Way.WEBSOCKET, path, ""), frame));
    }
    all.add(
        ends(
            "a frame with a token of 12 KB",
            Ending.TOO_LARGE,
            get(Way.WEBSOCKET, path, ""),
            "{\"token\":\"" + draft().claim("padding", "x".repeat(9_000)).sign() + "\"}"));
    all.add(ends("a cookie without a token", Ending.UNAUTHORIZED, change("POST", "access")));
    all.add(
        ends("a cookie for a cookie", Ending.UNAUTHORIZED, change("POST", "access", cookie(good))));
    all.add(
        ends(
            "a cookie for a page of another origin",
            Ending.WRONG_ORIGIN,
            change("POST", "access", bearer(good), "Origin: https://evil.test")));
    all.add(ends("denials by anybody", Ending.UNAUTHORIZED, change("POST", "access/denials")));
    all.add(
        ends(
            "denials by a reader",
            Ending.FORBIDDEN,
            change("POST", "access/denials", bearer(good))));
    all.add(
        ends(
            "a fork of the secret",
            Ending.UNAUTHORIZED,
            change(
                "PUT",
                "channels/public-f",
                "Stream-Forked-From: /switchboard/channels/" + CHANNEL)));
    all.add(
        ends(
            "both, and one is granted",
            Ending.UNAUTHORIZED,
            get(Way.POLL, "channels", "", "Accept: */*")
                .replace("?offset=-1", "?channel=public-a@-1&channel=" + CHANNEL + "@-1")));
    return all.stream();
  }

  /** Like those that may: in front, behind, in between, in another scheme, at another port. */
  private static final List<String> ORIGINS =
      List.of(
          "null",
          "https://evil.test",
          "https://127.0.0.1:18080",
          "http://127.0.0.1",
          "http://127.0.0.1:1808",
          "http://127.0.0.1:180800",
          "http://127.0.0.1:18080.evil.test",
          "http://127.0.0.1:18080@evil.test",
          "http://x127.0.0.1:18080",
          "http://127.0.0.1:18080/",
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

  private static Arguments ends(String what, Ending ending, String request) {
    return ends(what, ending, request, null);
  }

  private static Arguments ends(String what, Ending ending, String request, String frame) {
    String line = request.substring(0, Math.min(70, request.indexOf(" HTTP")));
    boolean isUpgrade = request.contains("Upgrade: websocket");
    return Arguments.of(
        what + " – " + line + (isUpgrade ? " (WebSocket)" : ""), ending, request, frame);
  }

  @Order(2)
  @ParameterizedTest(name = "{0}")
  @MethodSource("requests")
  void aRequestOfSomebodyWhoMayNotEndsAsTheTableSays(
      String what, Ending ending, String request, String frame) {
    assertEnds(ending, request, frame);
  }

  // ---- what the server software may answer by itself

  /** What, the request, and the statuses it may get. */
  static Stream<Arguments> oddRequests() {
    String good = good();
    SECRETS.add(good);
    List<Arguments> all = new ArrayList<>();
    Set<Integer> no = Set.of(400, 401, 403, 404, 421);
    for (Way way : Way.values()) {
      for (String path :
          List.of(
              "channels/../channels/" + CHANNEL,
              "channels/%2e%2e/channels/" + CHANNEL,
              "channels/public-a/../" + CHANNEL,
              "channels/public-a/..;/" + CHANNEL,
              "channels/public-a/..;x=y/" + CHANNEL,
              "channels/public-a%2f..%2f" + CHANNEL,
              "channels/public-a%252f..%252f" + CHANNEL,
              "channels/public-a%5c..%5c" + CHANNEL,
              "channels//" + CHANNEL,
              "channels/./" + CHANNEL,
              "channels/" + CHANNEL + "/",
              "channels/" + CHANNEL + ";public-a",
              "channels/" + CHANNEL + ";x=/public-a",
              "channels/" + CHANNEL + "%00",
              "channels/" + CHANNEL + "%3bpublic-a",
              "channels/" + CHANNEL + "%2f",
              "channels;x=y/" + CHANNEL,
              "Channels/" + CHANNEL,
              "channels%2f" + CHANNEL,
              "channels/%c0%ae%c0%ae/" + CHANNEL,
              "channels/secret-%zz",
              "channels/secret-%",
              "channels/[secret]",
              "lab/../channels/" + CHANNEL,
              "js/..;/channels/" + CHANNEL)) {
        all.add(odd(path, no, get(way, path, "")));
      }
      Set<Integer> tooLarge = Set.of(0, 400, 401, 403, 413, 414, 431);
      String huge = "x".repeat(70_000);
      String large = draft().claim("padding", "x".repeat(9_000)).sign();
      all.add(
          odd("a token of 12 KB", tooLarge, get(way, "channels/" + CHANNEL, "", bearer(large))));
      all.add(odd("a huge token", tooLarge, get(way, "channels/" + CHANNEL, "", bearer(huge))));
      all.add(odd("a huge cookie", tooLarge, get(way, "channels/" + CHANNEL, "", cookie(huge))));
      all.add(odd("a huge query", tooLarge, get(way, "channels/" + CHANNEL, "&x=" + huge)));
      all.add(odd("a huge name", tooLarge, get(way, "channels/" + huge, "")));
      all.add(
          odd(
              "a huge origin",
              tooLarge,
              get(way, "channels/" + CHANNEL, "", "Origin: https://" + huge)));
      all.add(
          odd(
              "a header over two lines",
              no,
              get(way, "channels/" + CHANNEL, "", "Authorization: Bearer\r\n " + good)
                  .replace(good, "x" + good)));
      all.add(
          odd("a zero in a header", no, get(way, "channels/" + CHANNEL, "", bearer("a\u0000b"))));
      all.add(
          odd(
              "a header without a name",
              no,
              get(way, "channels/" + CHANNEL, "", ": Bearer " + good)));
      all.add(
          odd(
              "an origin beyond ASCII",
              no,
              get(
                  way,
                  "channels/" + CHANNEL,
                  "",
                  cookie(good),
                  "Origin: https://ex\u00e4mple.com")));
      all.add(odd("two hosts", no, get(way, "channels/" + CHANNEL, "", "Host: evil.test")));
    }
    all.add(
        odd(
            "a length and chunks",
            Set.of(0, 400, 401),
            change("POST", "channels/" + CHANNEL, "Transfer-Encoding: chunked")));
    return all.stream();
  }

  private static Arguments odd(String what, Set<Integer> statuses, String request) {
    boolean isUpgrade = request.contains("Upgrade: websocket");
    return Arguments.of(
        what.substring(0, Math.min(100, what.length())) + (isUpgrade ? " (WebSocket)" : ""),
        statuses,
        request);
  }

  private static final Set<Integer> SERVERS_OWN = Set.of(301, 302, 500);

  @Order(3)
  @ParameterizedTest(name = "{0}")
  @MethodSource("oddRequests")
  void aRequestThatTheServerSoftwareMayAnswerByItselfSaysNothingEither(
      String what, Set<Integer> statuses, String request) {
    RawExchange.Answer answer = send(request, null);
    assertFalse(answer.hasHeader("Set-Cookie"), answer.head());
    if (answer.status() == 101) {
      // A path that is read as that of several channels hears nothing until it asks for one.
      boolean isRefused = answer.closeCode() >= 4_400 && answer.closeCode() < 4_500;
      boolean isOnlyGreeted =
          answer.body().startsWith("{\"hello\"") && !answer.body().contains("\"messages\"");
      assertTrue(isRefused || isOnlyGreeted, answer.all());
    } else if (answer.status() != 200) {
      // Grizzly fails on slashes in disguise; it is not we who fail.
      boolean isTheirs = SERVERS_OWN.contains(answer.status()) && !answer.all().contains("urn:");
      assertTrue(isTheirs || statuses.contains(answer.status()), answer.all());
    } else {
      // Grizzly answers a path that it cannot decode by itself, with nothing.
      assertEquals("", answer.body(), answer.all());
    }
  }

  // ---- after all of them

  @Order(4)
  @Test
  void whoeverMayStillReadsAndAppendsByEveryTransport() throws IOException {
    String path = "channels/" + CHANNEL + "?offset=-1";
    String good = good();
    SECRETS.add(good);
    assertEquals(MESSAGE, http.send(as(good, path)).body());
    assertEquals(MESSAGE, http.send(as(good, path + "&live=long-poll")).body());
    try (RawSocket stream = RawSocket.connect(http.root())) {
      stream.send(get(Way.EVENT_STREAM, "channels/" + CHANNEL, "", bearer(good)));
      String line = stream.readLine();
      while (!line.contains(MESSAGE)) {
        line = stream.readLine();
      }
    }
    try (RawFrames frames =
        RawFrames.connect(
            http.channel(CHANNEL, "?offset=-1"),
            request -> request.subprotocols("switchboard.v1", "switchboard.bearer." + good))) {
      ServerTest.await("the message", () -> frames.heard().toString().contains(MESSAGE));
      frames.send("{\"id\":1,\"append\":\" and more\"}");
      ServerTest.await(
          "it is taken", () -> frames.heard().toString().contains("{\"id\":1,\"next\""));
    }
    assertTrue(http.send(as(good, path)).body().startsWith(MESSAGE));
  }

  @Order(5)
  @Test
  void nothingSecretWasSaidAndEachRefusalWasWrittenDown() throws IOException {
    assertTrue(ANSWERS.size() > 80, ANSWERS.size() + " answers");
    String answers = String.join("\n", ANSWERS);
    String written = log.text();
    for (String secret : SECRETS) {
      // A part that others do not have: what a token is signed with, or all of a short one.
      String telling = secret.substring(secret.lastIndexOf('.') + 1);
      if (telling.length() >= 20) {
        assertFalse(answers.contains(telling), "in an answer: " + secret);
        assertFalse(written.contains(telling), "in the log: " + secret);
      }
    }
    String pem = Files.readAllLines(PEM).get(1);
    assertFalse(written.contains(pem) || answers.contains(pem), "the key");
    for (String reason :
        List.of(
            "its issuer is wrong",
            "its type, algorithm, key or signature is wrong",
            "the token has expired",
            "a token is required",
            "does not allow it")) {
      assertTrue(written.contains(reason), "not in the log: " + reason);
    }
    assertFalse(written.contains("forged: line"), "a forged line");
    assertEquals(0, FETCHED_FROM_THE_ATTACKER.get(), "keys of the attacker were asked for");
  }
}
