package switchboard.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import switchboard.config.PublicKeys;
import switchboard.config.Settings;
import switchboard.time.MonotonicClock;

/**
 * The keys that the issuer publishes as a JWK Set (RFC 7517). An unusable entry is skipped and
 * logged, and does not affect the others.
 *
 * <p>Only a set that was fetched after the request shows that a key does not exist. In all other
 * cases – the issuer does not respond, its response is invalid, or it was asked too often – a
 * {@link KeySourceException} is thrown: the token may be valid.
 *
 * <p>A fetched set is used for the refresh interval, and for an hour more while the issuer does not
 * respond.
 *
 * <p><b>Threads.</b> Safe. One thread asks the issuer; others that need the response wait for it,
 * at most for seconds.
 */
final class PublishedKeys implements JWKSource<SecurityContext> {

  /** However many tokens have unknown keys, the issuer is asked at most twice in this time. */
  static final Duration NOT_TWICE_WITHIN = Duration.ofSeconds(5);

  private static final Logger LOG = Logger.getLogger(PublishedKeys.class.getName());
  private static final Duration OUTAGE = Duration.ofHours(1);
  private static final int TIMEOUT_MILLIS = 2_000;
  private static final long MOST_MILLIS = 2L * TIMEOUT_MILLIS;
  private static final int MAX_BYTES = 512 << 10;
  private static final int MAX_LINES = 10;

  /** A set and the time of its request. */
  private record Fetched(JWKSet keys, long atMillis) {}

  private final URL url;
  private final long refreshMillis;
  private final MonotonicClock clock;
  private final ReentrantLock fetching = new ReentrantLock();
  private volatile @Nullable Fetched fetched;

  // Guarded by fetching.
  private final List<Long> lastTwo = new ArrayList<>();
  private List<String> skipped = List.of();
  private boolean isAway;
  private boolean isEmpty;

  PublishedKeys(String url, Duration refresh, MonotonicClock clock) {
    try {
      this.url = URI.create(url).toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(Settings.TOKEN_JWKS_URL.key() + " " + url, e);
    }
    this.refreshMillis = refresh.toMillis();
    this.clock = clock;
  }

  @Override
  public List<JWK> get(JWKSelector selector, SecurityContext context) throws KeySourceException {
    long askedMillis = clock.millis();
    Fetched known = fetched;
    if (known == null || askedMillis - known.atMillis() >= refreshMillis) {
      known = refreshed(known, askedMillis);
    }
    List<JWK> keys = selector.select(known.keys());
    if (keys.isEmpty()) {
      known = fetchedSince(askedMillis);
      keys = selector.select(known.keys());
    }
    if (known.keys().getKeys().isEmpty()) {
      throw new KeySourceException("the issuer publishes no usable key");
    }
    return keys;
  }

  // Keys that were valid until now are better than none.
  private Fetched refreshed(@Nullable Fetched known, long askedMillis) throws KeySourceException {
    boolean isGood =
        known != null && askedMillis - known.atMillis() < refreshMillis + OUTAGE.toMillis();
    if (known != null && isGood && fetching.isLocked()) {
      return known; // another thread is fetching them
    }
    try {
      return fetchedSince(askedMillis);
    } catch (KeySourceException e) {
      if (known != null && isGood) {
        return known;
      }
      throw e;
    }
  }

  private Fetched fetchedSince(long askedMillis) throws KeySourceException {
    try {
      if (!fetching.tryLock(MOST_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new KeySourceException("the issuer did not return its keys in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KeySourceException("the server is stopping");
    }
    try {
      Fetched known = fetched;
      return known == null || known.atMillis() - askedMillis < 0 ? fetch() : known;
    } finally {
      fetching.unlock();
    }
  }

  private Fetched fetch() throws KeySourceException {
    long now = clock.millis();
    if (lastTwo.size() == 2 && now - lastTwo.get(0) < NOT_TWICE_WITHIN.toMillis()) {
      throw new KeySourceException("the issuer's keys were requested too often");
    }
    lastTwo.add(now);
    if (lastTwo.size() > 2) {
      lastTwo.remove(0);
    }
    try {
      Fetched fresh = new Fetched(parse(answer()), now);
      fetched = fresh;
      if (isAway) {
        LOG.info(() -> url + " – the keys can be fetched again");
      }
      isAway = false;
      return fresh;
    } catch (IOException | RuntimeException e) {
      if (!isAway) {
        LOG.warning(() -> url + " – the keys cannot be fetched: " + printable(e.getMessage()));
      }
      isAway = true;
      throw new KeySourceException("the issuer's keys cannot be fetched", e);
    }
  }

  private String answer() throws IOException {
    HttpURLConnection connection = (HttpURLConnection) url.openConnection();
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    connection.setUseCaches(false);
    // Plain HTTP is accepted only from this machine. Java follows redirects from https only to
    // https.
    connection.setInstanceFollowRedirects(url.getProtocol().equals("https"));
    connection.setRequestProperty(
        "Accept", "application/jwk-set+json, application/json, */*;q=0.1");
    try {
      int status = connection.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK) {
        throw new IOException("it responds with status " + status);
      }
      try (InputStream in = connection.getInputStream()) {
        return read(in);
      }
    } finally {
      connection.disconnect();
    }
  }

  // The read timeout applies to each read, so an issuer that sends a byte per second could take
  // days.
  private String read(InputStream in) throws IOException {
    long untilMillis = clock.millis() + MOST_MILLIS;
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] chunk = new byte[8_192];
    for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
      all.write(chunk, 0, count);
      if (all.size() > MAX_BYTES) {
        throw new IOException("it responds with more than " + MAX_BYTES + " bytes");
      }
      if (clock.millis() - untilMillis > 0) {
        throw new IOException("its response did not arrive in time");
      }
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  private JWKSet parse(String json) throws IOException {
    try {
      Map<String, Object> set = JSONObjectUtils.parse(json);
      if (set == null || !(set.get("keys") instanceof List<?> entries)) {
        throw new IOException("it responds with JSON without \"keys\"");
      }
      List<JWK> usable = new ArrayList<>();
      List<String> others = new ArrayList<>();
      for (Object entry : entries) {
        try {
          usable.add(usable(entry));
        } catch (ParseException | JOSEException | RuntimeException e) {
          others.add(printable(kid(entry) + " is skipped: " + e.getMessage()));
        }
      }
      tell(others, usable.size());
      return new JWKSet(usable);
    } catch (ParseException e) {
      throw new IOException("its response is not a JWK Set", e);
    }
  }

  // RFC 7517 §5: keys that are unknown, incomplete or out of range are ignored.
  private static JWK usable(Object entry) throws ParseException, JOSEException {
    if (!(entry instanceof Map<?, ?> members)) {
      throw new ParseException("it is not an object", 0);
    }
    @SuppressWarnings("unchecked")
    JWK key = JWK.parse((Map<String, Object>) members);
    if (!(key instanceof AsymmetricJWK asymmetric)) {
      throw new ParseException("it is not a public key", 0);
    }
    PublicKeys.requireUsable(asymmetric.toPublicKey());
    return key.toPublicJWK();
  }

  private static String kid(Object entry) {
    return entry instanceof Map<?, ?> members && members.get("kid") instanceof String kid
        ? "key \"" + kid + "\""
        : "a key without kid";
  }

  // Logged once, and again after a change.
  private void tell(List<String> others, int usable) {
    if (usable == 0 && !isEmpty) {
      LOG.warning(() -> url + " – there is no usable key");
    }
    isEmpty = usable == 0;
    if (!others.equals(skipped)) {
      others.stream().limit(MAX_LINES).forEach(line -> LOG.warning(() -> url + " – " + line));
      LOG.info(() -> "%s – keys (usable=%d, skipped=%d)".formatted(url, usable, others.size()));
    }
    skipped = List.copyOf(others);
  }

  // The text is from the issuer and must not forge log lines.
  private static String printable(@Nullable String text) {
    String one = String.valueOf(text).replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "?");
    return one.length() <= 300 ? one : one.substring(0, 300) + "…";
  }
}
