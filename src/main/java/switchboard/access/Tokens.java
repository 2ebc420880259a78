package switchboard.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import switchboard.config.Action;
import switchboard.config.Grants;
import switchboard.config.NamePatterns;
import switchboard.config.Settings;
import switchboard.time.Clocks;

/**
 * Verifies access tokens: JSON Web Tokens of RFC 9068, signed, with {@code authorization_details}
 * (RFC 9396) of the type {@code switchboard}:
 *
 * <pre>
 *   [{"type":"switchboard", "channels":["orders-*"], "actions":["read","append"]}]
 * </pre>
 *
 * <p><b>Threads.</b> Safe. May wait for the issuer's keys, at most for seconds.
 *
 * <p><b>Cost.</b> A signature: 10 to 100 µs.
 */
final class Tokens {

  /** Longer ones do not fit into a header on every server. */
  static final int MAX_BYTES = 8 << 10;

  private static final String DETAILS = "authorization_details";
  private static final String TYPE = "switchboard";
  private static final Set<String> KNOWN = Set.of("type", "channels", "actions");
  private static final Pattern COMPACT =
      Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*");

  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
  private final String issuer;
  private final String audience;
  private final Duration leeway;
  private final Duration maxLifetime;
  private final InstantSource clock;

  Tokens(Settings settings, Clocks clocks) {
    this.issuer = settings.get(Settings.TOKEN_ISSUER);
    this.audience = settings.get(Settings.TOKEN_AUDIENCE);
    this.leeway = settings.get(Settings.TOKEN_LEEWAY);
    this.maxLifetime = settings.get(Settings.TOKEN_MAX_LIFETIME);
    this.clock = clocks.wall();
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt")));
    processor.setJWSKeySelector(new Keys(settings, clocks.elapsed()));
    processor.setJWTClaimsSetVerifier(null); // below, with words for each
  }

  /**
   * The content of a token.
   *
   * @throws Refusal if it is not good; nothing of the token is in its words
   */
  Token verify(String written) {
    if (written.length() > MAX_BYTES) {
      throw invalid("it has more than " + MAX_BYTES + " characters");
    }
    if (!COMPACT.matcher(written).matches()) {
      throw invalid("it is not a signed JSON Web Token");
    }
    try {
      SignedJWT token = SignedJWT.parse(written);
      requirePlainHeader(token.getHeader());
      return read(processor.process(token, null));
    } catch (KeySourceException e) {
      throw new Refusal(Refusal.Reason.KEYS_UNAVAILABLE, e.getMessage());
    } catch (ParseException | IllegalArgumentException e) {
      throw invalid("it is malformed");
    } catch (BadJOSEException | JOSEException e) {
      throw invalid("its type, algorithm, key or signature is wrong");
    }
  }

  // RFC 7515 §4.1.11: unknown critical parameters must be refused; none are known.
  private static void requirePlainHeader(JWSHeader header) {
    if (header.getCriticalParams() != null || !header.isBase64URLEncodePayload()) {
      throw invalid("its header has critical parameters");
    }
  }

  private Token read(JWTClaimsSet claims) throws ParseException {
    Instant now = clock.instant();
    if (!issuer.equals(claims.getIssuer())) {
      throw invalid("its issuer is wrong");
    }
    if (!claims.getAudience().contains(audience)) {
      throw invalid("its audience is wrong");
    }
    Instant expiresAt = instant(claims.getExpirationTime());
    if (expiresAt == null) {
      throw invalid("it has no expiry");
    }
    Instant end = expiresAt.plus(leeway);
    if (!now.isBefore(end)) {
      throw new Refusal(Refusal.Reason.TOKEN_EXPIRED, "the token has expired");
    }
    if (expiresAt.isAfter(now.plus(maxLifetime).plus(leeway))) {
      throw invalid("it is valid for longer than " + maxLifetime);
    }
    Instant notBefore = instant(claims.getNotBeforeTime());
    Instant issuedAt = instant(claims.getIssueTime());
    if (isFuture(notBefore, now) || isFuture(issuedAt, now)) {
      throw invalid("it is not valid yet");
    }
    return new Token(
        required("jti", claims.getJWTID()),
        required("sub", claims.getSubject()),
        issuedAt == null ? Instant.EPOCH : issuedAt,
        end,
        grants(claims.getClaim(DETAILS)));
  }

  private boolean isFuture(@Nullable Instant instant, Instant now) {
    return instant != null && instant.isAfter(now.plus(leeway));
  }

  private static @Nullable Instant instant(Date date) {
    return date == null ? null : date.toInstant();
  }

  private static String required(String claim, String value) {
    if (value == null || value.isEmpty()) {
      throw invalid("it has no " + claim);
    }
    return value;
  }

  private static Grants grants(Object details) {
    if (details == null) {
      return Grants.NONE;
    }
    List<Grants.Grant> grants = new ArrayList<>();
    for (Object detail : list(details)) {
      if (!(detail instanceof Map<?, ?> members)) {
        throw malformed();
      }
      if (TYPE.equals(members.get("type"))) {
        grants.add(grant(members));
      }
    }
    return new Grants(List.copyOf(grants));
  }

  private static Grants.Grant grant(Map<?, ?> members) {
    // An unknown member may be a restriction.
    if (!KNOWN.containsAll(members.keySet())) {
      throw invalid("its " + DETAILS + " have members other than type, channels and actions");
    }
    try {
      Set<Action> actions = EnumSet.noneOf(Action.class);
      strings(members.get("actions")).forEach(written -> actions.add(Action.parse(written)));
      List<String> patterns = strings(members.get("channels"));
      if (patterns.stream().anyMatch(pattern -> pattern.contains(",") || pattern.isBlank())) {
        throw malformed();
      }
      return new Grants.Grant(NamePatterns.parse(String.join(",", patterns)), actions);
    } catch (IllegalArgumentException e) {
      throw malformed();
    }
  }

  private static List<String> strings(@Nullable Object array) {
    List<String> strings = new ArrayList<>();
    for (Object element : list(array)) {
      if (!(element instanceof String string)) {
        throw malformed();
      }
      strings.add(string);
    }
    return strings;
  }

  private static List<?> list(@Nullable Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw malformed();
  }

  private static Refusal malformed() {
    return invalid("its " + DETAILS + " are malformed");
  }

  private static Refusal invalid(String why) {
    return new Refusal(Refusal.Reason.INVALID_TOKEN, "the token is not valid: " + why);
  }
}
