package switchboard.testing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** Makes tokens as an authorization server does; each part can be made wrong. */
public final class Issuer {

  public static final String NAME = "https://issuer.test/";
  public static final String AUDIENCE = "https://push.test/";
  public static final String SECRET =
      "a secret of the tests, long enough for every hash: 0123456789abcdef";

  /** The settings that trust it. */
  public static final List<String> TRUST =
      List.of(
          "switchboard.token.secret=" + SECRET,
          "switchboard.token.issuer=" + NAME,
          "switchboard.token.audience=" + AUDIENCE,
          "switchboard.token.leeway=PT0S");

  private Issuer() {}

  /** A token in the making. */
  public static final class Draft {

    private final JWTClaimsSet.Builder claims;
    private final Instant issued;
    private final List<Object> details = new ArrayList<>();
    private JWSHeader.Builder header =
        new JWSHeader.Builder(JWSAlgorithm.HS256).type(new JOSEObjectType("at+jwt"));
    private JWSSigner signer;

    private Draft(Instant issued) {
      this.issued = issued;
      this.claims =
          new JWTClaimsSet.Builder()
              .issuer(NAME)
              .audience(AUDIENCE)
              .subject("alice")
              .jwtID(UUID.randomUUID().toString())
              .issueTime(Date.from(issued))
              .expirationTime(Date.from(issued.plusSeconds(600)));
    }

    /** Grants actions with the channels of a pattern. */
    public Draft grant(String pattern, String... actions) {
      return detail(
          Map.of("type", "switchboard", "channels", List.of(pattern), "actions", List.of(actions)));
    }

    public Draft detail(Object detail) {
      details.add(detail);
      return this;
    }

    public Draft claim(String name, Object value) {
      claims.claim(name, value);
      return this;
    }

    public Draft subject(String subject) {
      claims.subject(subject);
      return this;
    }

    public Draft id(String id) {
      claims.jwtID(id);
      return this;
    }

    /** Negative for one that has expired. */
    public Draft expiresIn(Duration left) {
      claims.expirationTime(Date.from(issued.plus(left)));
      return this;
    }

    public Draft header(UnaryOperator<JWSHeader.Builder> change) {
      header = change.apply(header);
      return this;
    }

    public Draft by(JWSAlgorithm algorithm, JWSSigner other) {
      header = new JWSHeader.Builder(algorithm).type(new JOSEObjectType("at+jwt"));
      signer = other;
      return this;
    }

    public String sign() {
      if (!details.isEmpty()) {
        claims.claim("authorization_details", details);
      }
      try {
        SignedJWT token = new SignedJWT(header.build(), claims.build());
        token.sign(signer == null ? new MACSigner(SECRET) : signer);
        return token.serialize();
      } catch (JOSEException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A good one that grants nothing yet. */
  public static Draft token() {
    return token(Instant.now());
  }

  /** The same, issued at a time that a test says. */
  public static Draft token(Instant issued) {
    return new Draft(issued);
  }
}
