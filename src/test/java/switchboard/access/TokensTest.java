package switchboard.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.config.Action;
import switchboard.config.Settings;

class TokensTest {

  private static RSAKey rsa;
  private static RSAKey otherRsa;
  private static ECKey ec;

  @BeforeAll
  static void makeKeys() throws Exception {
    rsa = new RSAKeyGenerator(2048).keyID("first").keyUse(KeyUse.SIGNATURE).generate();
    otherRsa = new RSAKeyGenerator(2048).keyID("second").keyUse(KeyUse.SIGNATURE).generate();
    ec = new ECKeyGenerator(Curve.P_256).keyID("curve").generate();
  }

  private static Settings settings(String... lines) {
    Map<String, String> written = new HashMap<>();
    for (String line : lines) {
      String[] sides = line.split("=", 2);
      written.put(sides[0], sides[1]);
    }
    written.putIfAbsent("switchboard.token.issuer", Issuer.NAME);
    written.putIfAbsent("switchboard.token.audience", Issuer.AUDIENCE);
    written.putIfAbsent("switchboard.token.leeway", "PT0S");
    return new Settings(setting -> written.get(setting.key()), written.keySet());
  }

  private static Tokens tokens(String... lines) {
    return new Tokens(settings(lines), InstantSource.system());
  }

  private static Tokens withSecret() {
    return tokens("switchboard.token.secret=" + Issuer.SECRET);
  }

  private static String pem(PublicKey key) {
    return "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----"
        .formatted(Base64.getMimeEncoder().encodeToString(key.getEncoded()));
  }

  private static Tokens withPublicKey(PublicKey... keys) {
    String all = Stream.of(keys).map(TokensTest::pem).reduce("", (a, b) -> a + "\n" + b);
    return tokens("switchboard.token.public-key=" + all);
  }

  private static Refusal.Reason refused(Tokens tokens, String token) {
    Refusal refusal = assertThrows(Refusal.class, () -> tokens.verify(token));
    // What it says goes into a header and a log.
    assertTrue(refusal.getMessage().matches("[ !#-\\[\\]-~]+"), refusal.getMessage());
    return refusal.reason();
  }

  @Test
  void aGoodTokenSaysWhoAndWhatAndUntilWhen() {
    Instant end = Instant.now().plusSeconds(600);
    Token token =
        withSecret()
            .verify(
                Issuer.token()
                    .id("t-1")
                    .subject("bob")
                    .grant("orders-*", "read", "append")
                    .grant("news", "read")
                    .sign());
    assertEquals("t-1", token.id());
    assertEquals("bob", token.subject());
    assertTrue(Duration.between(end, token.expiresAt()).abs().toSeconds() <= 2);
    assertTrue(token.grants().permit(Action.READ, "orders-1"));
    assertTrue(token.grants().permit(Action.APPEND, "orders-1"));
    assertFalse(token.grants().permit(Action.CREATE, "orders-1"));
    assertTrue(token.grants().permit(Action.READ, "news"));
    assertFalse(token.grants().permit(Action.APPEND, "news"));
    assertFalse(token.grants().permit(Action.READ, "news-2"));
  }

  @Test
  void detailsOfOtherTypesGrantNothingAndDoNoHarm() {
    Token token =
        withSecret()
            .verify(
                Issuer.token()
                    .detail(Map.of("type", "payment", "channels", List.of("*")))
                    .grant("news", "read")
                    .sign());
    assertFalse(token.grants().permit(Action.READ, "other"));
    assertTrue(token.grants().permit(Action.READ, "news"));
    assertTrue(withSecret().verify(Issuer.token().sign()).grants().isEmpty());
  }

  static Stream<Arguments> bad() throws Exception {
    String good = Issuer.token().grant("*", "read").sign();
    String[] parts = good.split("\\.");
    String none = base64("{\"alg\":\"none\",\"typ\":\"at+jwt\"}");
    Map<String, Object> restricted =
        Map.of(
            "type", "switchboard",
            "channels", List.of("*"),
            "actions", List.of("read"),
            "locations", List.of("https://elsewhere.test"));
    return Stream.of(
        Arguments.of("an empty one", ""),
        Arguments.of("no token", "hello"),
        Arguments.of("two parts", parts[0] + "." + parts[1]),
        Arguments.of("five parts", "e30.e30.e30.e30.e30"),
        Arguments.of("no signature", parts[0] + "." + parts[1] + "."),
        Arguments.of("algorithm none", none + "." + parts[1] + "."),
        Arguments.of("algorithm none, signed", none + "." + parts[1] + "." + parts[2]),
        Arguments.of(
            "algorithm nOnE",
            base64("{\"alg\":\"nOnE\",\"typ\":\"at+jwt\"}") + "." + parts[1] + "."),
        Arguments.of("another signature", parts[0] + "." + parts[1] + "." + swapped(parts[2])),
        Arguments.of("another payload", parts[0] + "." + base64("{}") + "." + parts[2]),
        Arguments.of("a space within", parts[0] + ". " + parts[1] + "." + parts[2]),
        Arguments.of("a line break", good + "\n"),
        Arguments.of("not base64url", parts[0] + "." + parts[1] + "=." + parts[2]),
        Arguments.of(
            "another secret",
            Issuer.token()
                .by(JWSAlgorithm.HS256, new MACSigner("another secret that is long enough too"))
                .sign()),
        Arguments.of("no type", Issuer.token().header(h -> h.type(null)).sign()),
        Arguments.of("type JWT", Issuer.token().header(h -> h.type(JOSEObjectType.JWT)).sign()),
        Arguments.of(
            "critical",
            Issuer.token()
                .header(h -> h.criticalParams(Set.of("exp")).customParam("exp", 1))
                .sign()),
        Arguments.of(
            "unencoded payload",
            base64("{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"b64\":false,\"crit\":[\"b64\"]}")
                + "."
                + parts[1]
                + "."
                + parts[2]),
        Arguments.of("another issuer", Issuer.token().claim("iss", "https://evil.test/").sign()),
        Arguments.of("no issuer", Issuer.token().claim("iss", null).sign()),
        Arguments.of("another audience", Issuer.token().claim("aud", "https://other.test/").sign()),
        Arguments.of("no audience", Issuer.token().claim("aud", null).sign()),
        Arguments.of("no expiry", Issuer.token().claim("exp", null).sign()),
        Arguments.of("an expiry that is text", Issuer.token().claim("exp", "never").sign()),
        Arguments.of("valid for ever", Issuer.token().claim("exp", Long.MAX_VALUE / 1_000).sign()),
        Arguments.of("not yet valid", Issuer.token().claim("nbf", later()).sign()),
        Arguments.of("issued in the future", Issuer.token().claim("iat", later()).sign()),
        Arguments.of("no id", Issuer.token().claim("jti", null).sign()),
        Arguments.of("no subject", Issuer.token().claim("sub", null).sign()),
        Arguments.of(
            "details that are no list",
            Issuer.token().claim("authorization_details", Map.of("type", "switchboard")).sign()),
        Arguments.of("a detail that is text", Issuer.token().detail("switchboard").sign()),
        Arguments.of(
            "a detail without channels",
            Issuer.token()
                .detail(Map.of("type", "switchboard", "actions", List.of("read")))
                .sign()),
        Arguments.of("a restriction that is not known", Issuer.token().detail(restricted).sign()),
        Arguments.of("an action that is not known", Issuer.token().grant("*", "shout").sign()),
        Arguments.of("an action in capitals", Issuer.token().grant("*", "READ").sign()),
        Arguments.of("a pattern with ..", Issuer.token().grant("../*", "read").sign()),
        Arguments.of("a pattern with %2f", Issuer.token().grant("a%2f*", "read").sign()),
        Arguments.of("two patterns in one", Issuer.token().grant("a,*", "read").sign()),
        Arguments.of("a look-alike", Issuer.token().grant("аdmin", "read").sign()),
        Arguments.of("too long", Issuer.token().claim("x", "x".repeat(8_192)).sign()));
  }

  private static Date later() {
    return Date.from(Instant.now().plusSeconds(60));
  }

  private static String base64(String json) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  private static String swapped(String signature) {
    char first = signature.charAt(0);
    return (first == 'A' ? 'B' : 'A') + signature.substring(1);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad")
  void aTokenThatIsNotGoodIsRefused(String what, String token) {
    assertEquals(Refusal.Reason.INVALID_TOKEN, refused(withSecret(), token));
  }

  @Test
  void anExpiredTokenIsToldSoWithinWhatClocksMayDiffer() {
    String token = Issuer.token().expiresIn(Duration.ofSeconds(-5)).sign();
    assertEquals(Refusal.Reason.TOKEN_EXPIRED, refused(withSecret(), token));
    Tokens lenient =
        tokens("switchboard.token.secret=" + Issuer.SECRET, "switchboard.token.leeway=PT30S");
    assertEquals("alice", lenient.verify(token).subject());
  }

  @Test
  void keysOfBothKindsCheckTheirOwnAlgorithmsAlone() throws Exception {
    String byRsa = Issuer.token().by(JWSAlgorithm.RS256, new RSASSASigner(rsa)).sign();
    String byPss = Issuer.token().by(JWSAlgorithm.PS384, new RSASSASigner(rsa)).sign();
    String byEc = Issuer.token().by(JWSAlgorithm.ES256, new ECDSASigner(ec)).sign();
    Tokens rsaAlone = withPublicKey(rsa.toPublicKey());
    assertEquals("alice", rsaAlone.verify(byRsa).subject());
    assertEquals("alice", rsaAlone.verify(byPss).subject());
    assertEquals(Refusal.Reason.INVALID_TOKEN, refused(rsaAlone, byEc));
    Tokens both = withPublicKey(otherRsa.toPublicKey(), rsa.toPublicKey(), ec.toPublicKey());
    assertEquals("alice", both.verify(byRsa).subject());
    assertEquals("alice", both.verify(byEc).subject());
    assertEquals(Refusal.Reason.INVALID_TOKEN, refused(withSecret(), byRsa));
    assertEquals(
        Refusal.Reason.INVALID_TOKEN, refused(withPublicKey(otherRsa.toPublicKey()), byRsa));
  }

  @Test
  void aPublicKeyIsNoSecretToSignWith() throws Exception {
    for (byte[] known :
        List.of(
            rsa.toPublicKey().getEncoded(),
            pem(rsa.toPublicKey()).getBytes(StandardCharsets.UTF_8),
            rsa.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8))) {
      String forged = Issuer.token().by(JWSAlgorithm.HS256, new MACSigner(known)).sign();
      assertEquals(Refusal.Reason.INVALID_TOKEN, refused(withPublicKey(rsa.toPublicKey()), forged));
    }
  }

  @Test
  void aKeyThatTheTokenBringsAlongIsNotLookedAt() throws Exception {
    String forged =
        Issuer.token()
            .by(JWSAlgorithm.RS256, new RSASSASigner(otherRsa))
            .header(h -> h.jwk(otherRsa.toPublicJWK()))
            .sign();
    assertEquals(Refusal.Reason.INVALID_TOKEN, refused(withPublicKey(rsa.toPublicKey()), forged));
  }

  @Test
  void aPublicKeyMayStandInAFile(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("key.pem"), pem(ec.toPublicKey()));
    String token = Issuer.token().by(JWSAlgorithm.ES256, new ECDSASigner(ec)).sign();
    assertEquals("alice", tokens("switchboard.token.public-key=" + file).verify(token).subject());
  }

  @Test
  void keysAreFetchedAgainWhenTheIssuerChangesThem() throws Exception {
    AtomicReference<JWKSet> published = new AtomicReference<>(new JWKSet((JWK) rsa));
    AtomicInteger fetched = new AtomicInteger();
    HttpServer server = serve(published, fetched);
    try {
      Tokens tokens = tokens("switchboard.token.jwks-url=" + url(server));
      String first = signedBy(rsa);
      for (int i = 0; i < 20; i++) {
        assertEquals("alice", tokens.verify(first).subject());
      }
      assertEquals(1, fetched.get(), "fetched once for many tokens");
      published.set(new JWKSet((JWK) otherRsa));
      assertEquals("alice", tokens.verify(signedBy(otherRsa)).subject());
      assertEquals(Refusal.Reason.INVALID_TOKEN, refused(tokens, first));
      // A flood of keys that nobody knows does not become one of requests to the issuer.
      for (int i = 0; i < 20; i++) {
        assertEquals(
            Refusal.Reason.INVALID_TOKEN,
            refused(
                tokens,
                Issuer.token()
                    .by(JWSAlgorithm.RS256, new RSASSASigner(rsa))
                    .header(h -> h.keyID("unknown"))
                    .sign()));
      }
      assertTrue(fetched.get() <= 3, fetched + " times fetched");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void keysThatCannotBeFetchedAreNotTheTokensFault() throws Exception {
    HttpServer server = serve(new AtomicReference<>(new JWKSet((JWK) rsa)), new AtomicInteger());
    String url = url(server);
    server.stop(0);
    assertEquals(
        Refusal.Reason.KEYS_UNAVAILABLE,
        assertThrows(
                Refusal.class,
                () -> tokens("switchboard.token.jwks-url=" + url).verify(signedBy(rsa)))
            .reason());
  }

  private static String signedBy(RSAKey key) throws Exception {
    return Issuer.token()
        .by(JWSAlgorithm.RS256, new RSASSASigner(key))
        .header(h -> h.keyID(key.getKeyID()))
        .sign();
  }

  private static HttpServer serve(AtomicReference<JWKSet> keys, AtomicInteger fetched)
      throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/keys",
        exchange -> {
          fetched.incrementAndGet();
          byte[] body = keys.get().toString().getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static String url(HttpServer server) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/keys";
  }
}
