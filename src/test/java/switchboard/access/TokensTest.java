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
import java.io.IOException;
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
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.config.Action;
import switchboard.config.Settings;
import switchboard.testing.Issuer;
import switchboard.time.Clocks;
import switchboard.time.MonotonicClock;

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
    return new Tokens(settings(lines), Clocks.system());
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
    try (KeyServer server = new KeyServer(new JWKSet((JWK) rsa))) {
      Tokens tokens = server.tokens();
      String first = signedBy(rsa);
      for (int i = 0; i < 20; i++) {
        assertEquals("alice", tokens.verify(first).subject());
      }
      assertEquals(1, server.fetched.get(), "fetched once for many tokens");
      server.publish(new JWKSet((JWK) otherRsa));
      server.pass(Duration.ofSeconds(5));
      assertEquals("alice", tokens.verify(signedBy(otherRsa)).subject());
      assertEquals(Refusal.Reason.INVALID_TOKEN, refused(tokens, first));
      // A flood of keys that nobody knows does not become one of requests to the issuer. Each might
      // be among its keys by now.
      for (int i = 0; i < 20; i++) {
        assertEquals(Refusal.Reason.KEYS_UNAVAILABLE, refused(tokens, signedBy(unknown())));
      }
      assertEquals(3, server.fetched.get());
      assertEquals("alice", tokens.verify(signedBy(otherRsa)).subject());
      server.pass(Duration.ofSeconds(5));
      assertEquals(Refusal.Reason.INVALID_TOKEN, refused(tokens, signedBy(unknown())));
    }
  }

  private static RSAKey unknown() {
    return new RSAKey.Builder(rsa).keyID("unknown").build();
  }

  @Test
  void keysThatCannotBeFetchedAreNotTheTokensFault() throws Exception {
    KeyServer server = new KeyServer(new JWKSet((JWK) rsa));
    Tokens tokens = server.tokens();
    server.close();
    for (int i = 0; i < 10; i++) {
      assertEquals(Refusal.Reason.KEYS_UNAVAILABLE, refused(tokens, signedBy(rsa)));
      server.pass(Duration.ofSeconds(1));
    }
  }

  @Test
  void keysThatWereFetchedServeForAnHourMoreButAnotherMayBeAmongThoseThatAreThereNow()
      throws Exception {
    try (KeyServer server = new KeyServer(new JWKSet((JWK) rsa))) {
      Tokens tokens = server.tokens();
      assertEquals("alice", tokens.verify(signedBy(rsa)).subject());
      server.answer(500, "");
      server.pass(Duration.ofMinutes(64));
      for (int i = 0; i < 10; i++) {
        assertEquals("alice", tokens.verify(signedBy(rsa)).subject());
        assertEquals(Refusal.Reason.KEYS_UNAVAILABLE, refused(tokens, signedBy(otherRsa)));
      }
      server.pass(Duration.ofMinutes(2));
      assertEquals(Refusal.Reason.KEYS_UNAVAILABLE, refused(tokens, signedBy(rsa)));
      server.publish(new JWKSet((JWK) otherRsa));
      server.pass(Duration.ofSeconds(5));
      assertEquals("alice", tokens.verify(signedBy(otherRsa)).subject());
    }
  }

  static Stream<Arguments> answersWithoutKeys() {
    return Stream.of(
        Arguments.of(500, "{}"),
        Arguments.of(404, "{}"),
        Arguments.of(204, ""),
        Arguments.of(302, ""),
        Arguments.of(200, ""),
        Arguments.of(200, "<html><body>Sign in</body></html>"),
        Arguments.of(200, "[]"),
        Arguments.of(200, "null"),
        Arguments.of(200, "{}"),
        Arguments.of(200, "{\"keys\":{}}"),
        Arguments.of(200, "{\"keys\":[]}"),
        Arguments.of(200, "{\"keys\":[null,1,\"x\",[],{}]}"),
        Arguments.of(200, "{\"keys\":[" + rsa.toPublicJWK().toJSONString()),
        Arguments.of(200, "[".repeat(100_000)),
        Arguments.of(200, " ".repeat(600_000) + "{\"keys\":[]}"));
  }

  @ParameterizedTest
  @MethodSource("answersWithoutKeys")
  void whatTheIssuerAnswersInsteadOfKeysIsNotTheTokensFault(int status, String body)
      throws Exception {
    try (KeyServer server = new KeyServer(new JWKSet())) {
      server.answer(status, body);
      Tokens tokens = server.tokens();
      for (int i = 0; i < 4; i++) {
        assertEquals(Refusal.Reason.KEYS_UNAVAILABLE, refused(tokens, signedBy(rsa)));
      }
      assertTrue(server.fetched.get() <= 2, server.fetched + " times fetched");
    }
  }

  @Test
  void anIssuerThatTakesItsTimeIsNotWaitedForByteByByte() throws Exception {
    try (KeyServer server = new KeyServer(new JWKSet((JWK) rsa))) {
      server.passesAtEachLook(Duration.ofSeconds(5)); // as if each read had taken so long
      assertEquals(Refusal.Reason.KEYS_UNAVAILABLE, refused(server.tokens(), signedBy(rsa)));
    }
  }

  static Stream<Arguments> entriesThatCannotBeUsed() throws Exception {
    String small =
        new RSAKeyGenerator(1024, true).keyID("small").generate().toPublicJWK().toJSONString();
    String strong = otherRsa.toPublicJWK().toJSONString();
    String other = strong.substring(0, strong.length() - 1);
    return Stream.of(
        Arguments.of("no kty", "{\"kid\":\"a\"}"),
        Arguments.of("a kty that nobody knows", "{\"kty\":\"FOO\"}"),
        Arguments.of("a kty that is no text", "{\"kty\":1}"),
        Arguments.of("ML-DSA", "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AAAA\"}"),
        Arguments.of("X25519", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AAAA\"}"),
        Arguments.of("a secret", "{\"kty\":\"oct\",\"k\":\"AAAA\"}"),
        Arguments.of("RSA of 1024 bits", small),
        Arguments.of("RSA without n", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}"),
        Arguments.of("RSA with an empty n", "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}"),
        Arguments.of("n that is no base64url", "{\"kty\":\"RSA\",\"n\":\"!!\",\"e\":\"AQAB\"}"),
        Arguments.of("n that is a number", "{\"kty\":\"RSA\",\"n\":5,\"e\":\"AQAB\"}"),
        Arguments.of(
            "RSA of 100,000 bits",
            "{\"kty\":\"RSA\",\"n\":\"" + "x".repeat(16_667) + "\",\"e\":\"AQAB\"}"),
        Arguments.of("a curve that nobody knows", point("P-999", "AA", "AA")),
        Arguments.of("secp256k1", point("secp256k1", "AA", "AA")),
        Arguments.of("a point off the curve", point("P-256", "AAAA", "AAAA")),
        Arguments.of("a point without y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\"}"),
        Arguments.of("x5c that is none", other + ",\"x5c\":[\"zzz\"]}"),
        Arguments.of("x5c that is a text", other + ",\"x5c\":\"zzz\"}"),
        Arguments.of("key_ops against use", other + ",\"key_ops\":[\"encrypt\"]}"),
        Arguments.of("key_ops that are a text", other + ",\"key_ops\":\"verify\"}"),
        Arguments.of("the same kid", "{\"kty\":\"RSA\",\"kid\":\"first\"}"),
        Arguments.of("another key of the same kid", strong.replace("second", "first")),
        Arguments.of("a line break in its kid", "{\"kty\":\"FOO\",\"kid\":\"a\\nb\"}"),
        Arguments.of("a text", "\"x\""),
        Arguments.of("null", "null"),
        Arguments.of("an array", "[[]]"));
  }

  private static String point(String curve, String x, String y) {
    return "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}".formatted(curve, x, y);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("entriesThatCannotBeUsed")
  void anEntryThatCannotBeUsedDoesTheOthersNoHarm(String what, String entry) throws Exception {
    try (KeyServer server = new KeyServer(new JWKSet())) {
      server.answer(
          200, "{\"keys\":[%s,%s,%s]}".formatted(entry, rsa.toPublicJWK().toJSONString(), entry));
      assertEquals("alice", server.tokens().verify(signedBy(rsa)).subject());
    }
  }

  private static String signedBy(RSAKey key) throws Exception {
    return Issuer.token()
        .by(JWSAlgorithm.RS256, new RSASSASigner(key))
        .header(h -> h.keyID(key.getKeyID()))
        .sign();
  }

  /** Where an issuer publishes its keys, and a clock for what is waited for. */
  private static final class KeyServer implements AutoCloseable {

    private final AtomicInteger fetched = new AtomicInteger();
    private final AtomicLong millis = new AtomicLong(1);
    private final HttpServer server;
    private volatile long atEachLookMillis = 1;
    private volatile int status = 200;
    private volatile String body;

    private KeyServer(JWKSet keys) throws IOException {
      publish(keys);
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/keys",
          exchange -> {
            fetched.incrementAndGet();
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.getResponseHeaders().set("Location", "/keys/elsewhere");
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
          });
      server.start();
    }

    private void publish(JWKSet keys) {
      answer(200, keys.toString());
    }

    private void answer(int status, String body) {
      this.status = status;
      this.body = body;
    }

    private void pass(Duration time) {
      millis.addAndGet(time.toMillis());
    }

    private void passesAtEachLook(Duration time) {
      atEachLookMillis = time.toMillis();
    }

    private Tokens tokens() {
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/keys";
      MonotonicClock elapsed = () -> millis.addAndGet(atEachLookMillis);
      return new Tokens(
          settings("switchboard.token.jwks-url=" + url),
          new Clocks(InstantSource.system(), elapsed, elapsed));
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
