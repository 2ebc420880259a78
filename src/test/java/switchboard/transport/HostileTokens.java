package switchboard.transport;

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
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import switchboard.channel.Ending;
import switchboard.testing.Issuer;

/** Tokens that are not good, and a good one. The good ones are signed with one RSA key. */
final class HostileTokens {

  static final RSAKey KEY = rsa();
  static final RSAKey OTHER_KEY = rsa();

  private HostileTokens() {}

  private static RSAKey rsa() {
    try {
      return new RSAKeyGenerator(2_048).keyID("key").generate();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  static String pem(RSAKey key) {
    try {
      String base64 =
          Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.UTF_8))
              .encodeToString(key.toPublicKey().getEncoded());
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

  static Issuer.Draft draft() {
    return Issuer.token()
        .by(JWSAlgorithm.RS256, signer(KEY))
        .grant("secret-*", "read", "append", "create", "delete");
  }

  private static Issuer.Draft draftWithHeader(
      java.util.function.UnaryOperator<JWSHeader.Builder> change) {
    return draft().header(change);
  }

  static String good() {
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

  /** A token that is not good, and how that is called. */
  static Stream<Arguments> all() throws Exception {
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
    invalid.put(
        "HS256 with the public key as the secret",
        signedWithSecret(pem(KEY).getBytes(StandardCharsets.UTF_8)));
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
    String attackers = "http://127.0.0.1:" + HostileIT.ATTACKER_PORT + "/keys";
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
    String claims =
        new String(Base64.getUrlDecoder().decode(good.split("\\.")[1]), StandardCharsets.UTF_8);
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
    forbidden.put(
        "a pattern for one more character", bare().grant(HostileIT.CHANNEL + "x*", "read").sign());
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
}
