package switchboard.access;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.proc.JWSKeySelector;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import java.security.Key;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import switchboard.config.PublicKeys;
import switchboard.config.Secret;
import switchboard.config.Settings;
import switchboard.time.MonotonicClock;

/**
 * The keys that verify the signatures of tokens. The kinds of keys determine the allowed
 * algorithms, never the token: a public key must not be used as an HMAC secret (RFC 8725 §3.1).
 */
final class Keys implements JWSKeySelector<SecurityContext> {

  private static final Set<JWSAlgorithm> SECRET =
      Set.of(JWSAlgorithm.HS256, JWSAlgorithm.HS384, JWSAlgorithm.HS512);
  private static final Set<JWSAlgorithm> RSA =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512);
  private static final Set<JWSAlgorithm> EC =
      Set.of(JWSAlgorithm.ES256, JWSAlgorithm.ES384, JWSAlgorithm.ES512);

  private final Secret secret;
  private final PublicKeys publicKeys;
  private final @Nullable JWSKeySelector<SecurityContext> published;

  Keys(Settings settings, MonotonicClock clock) {
    secret = settings.get(Settings.TOKEN_SECRET);
    publicKeys = settings.get(Settings.TOKEN_PUBLIC_KEY);
    String url = settings.get(Settings.TOKEN_JWKS_URL);
    Set<JWSAlgorithm> algorithms = new HashSet<>(RSA);
    algorithms.addAll(EC);
    published =
        url.isEmpty()
            ? null
            : new JWSVerificationKeySelector<>(
                algorithms,
                new PublishedKeys(url, settings.get(Settings.TOKEN_JWKS_REFRESH), clock));
  }

  @Override
  public List<? extends Key> selectJWSKeys(JWSHeader header, SecurityContext context)
      throws KeySourceException {
    JWSAlgorithm algorithm = header.getAlgorithm();
    if (SECRET.contains(algorithm)) {
      return secret.isEmpty() ? List.of() : List.of(new SecretKeySpec(secret.bytes(), "HMAC"));
    }
    List<Key> keys = new ArrayList<>();
    for (PublicKey key : publicKeys.keys()) {
      if ((key instanceof RSAPublicKey && RSA.contains(algorithm))
          || (key instanceof ECPublicKey && EC.contains(algorithm))) {
        keys.add(key);
      }
    }
    if (published != null && keys.isEmpty()) {
      keys.addAll(published.selectJWSKeys(header, context));
    }
    return keys;
  }
}
