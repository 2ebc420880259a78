package switchboard.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import switchboard.config.Action;
import switchboard.config.Settings;
import switchboard.testing.FakeClocks;
import switchboard.testing.Issuer;

class AuthorizerTest {

  private static final String HERE = "192.0.2.1";
  private static final String THERE = "192.0.2.2";

  private final Logger log = Logger.getLogger("switchboard.access");
  private final List<String> lines = new ArrayList<>();
  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          lines.add(line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };
  private final FakeClocks time = new FakeClocks();

  @BeforeEach
  void listen() {
    log.setLevel(Level.INFO);
    log.setUseParentHandlers(false);
    log.addHandler(listener);
  }

  @AfterEach
  void listenNoMore() {
    log.removeHandler(listener);
    log.setUseParentHandlers(true);
  }

  private Authorizer authorizer(String... more) {
    Map<String, String> written = new HashMap<>();
    List<String> all = new ArrayList<>(Issuer.TRUST);
    all.addAll(List.of(more));
    for (String line : all) {
      String[] sides = line.split("=", 2);
      written.put(sides[0], sides[1]);
    }
    Settings settings = new Settings(setting -> written.get(setting.key()), written.keySet());
    return new Authorizer(settings, time.clocks(), name -> name.endsWith("~own"));
  }

  /** Issued at what the clock of the test says, however long the test takes. */
  private Issuer.Draft token() {
    return Issuer.token(time.wall());
  }

  private static Refusal.Reason reason(Runnable asking) {
    return assertThrows(Refusal.class, asking::run).reason();
  }

  @Test
  void whatAnyOfTheModesGrantsIsGranted() {
    Authorizer authorizer =
        authorizer(
            "switchboard.access.open=public-*:read",
            "switchboard.access.roles=clerk=orders-*:read+append",
            "switchboard.token.channels=orders-*,chat");
    Caller nobody = authorizer.identify(HERE, null, null);
    Caller token = authorizer.identify(HERE, token().grant("*", "read", "create").sign(), null);
    Caller clerk =
        authorizer.identify(HERE, null, authorizer.login("carol", role -> role.equals("clerk")));
    Caller guest = authorizer.identify(HERE, null, authorizer.login("dave", role -> false));
    for (Caller caller : List.of(nobody, token, clerk, guest)) {
      assertTrue(authorizer.permits(caller, Action.READ, "public-1"));
      assertFalse(authorizer.permits(caller, Action.APPEND, "public-1"));
      assertFalse(authorizer.permits(caller, Action.READ, "private"));
    }
    assertTrue(authorizer.permits(token, Action.CREATE, "orders-1"));
    assertFalse(authorizer.permits(token, Action.CREATE, "other"), "tokens do not count there");
    assertTrue(authorizer.permits(clerk, Action.APPEND, "orders-1"));
    assertFalse(authorizer.permits(clerk, Action.CREATE, "orders-1"));
    assertFalse(authorizer.permits(guest, Action.READ, "orders-1"));
    assertEquals(
        Refusal.Reason.UNAUTHORIZED,
        reason(() -> authorizer.require(nobody, Action.READ, "orders-1")));
    assertEquals(
        Refusal.Reason.FORBIDDEN, reason(() -> authorizer.require(guest, Action.READ, "orders-1")));
  }

  @Test
  void onlyTheServerCreatesAndAppendsToItsOwnChannelsWhateverIsGranted() {
    Authorizer authorizer = authorizer("switchboard.access.open=*:read+append+create+delete");
    Caller caller =
        authorizer.identify(HERE, token().grant("*", "read", "append", "create").sign(), null);
    for (Action action : List.of(Action.APPEND, Action.CREATE)) {
      assertFalse(authorizer.permits(caller, action, "a~own"));
      Refusal refusal =
          assertThrows(Refusal.class, () -> authorizer.require(caller, action, "a~own"));
      assertEquals(Refusal.Reason.FORBIDDEN, refusal.reason());
      assertEquals("only the server appends to this channel", refusal.getMessage());
      assertTrue(authorizer.permits(caller, action, "a~owner"));
    }
    assertTrue(authorizer.permits(caller, Action.READ, "a~own"));
    assertTrue(authorizer.permits(caller, Action.DELETE, "a~own"));
  }

  @Test
  void aTokenThatIsNotGoodMakesNobodyAnonymousEvenWhereAllIsOpen() {
    Authorizer authorizer = authorizer("switchboard.access.open=*");
    assertEquals(
        Refusal.Reason.INVALID_TOKEN, reason(() -> authorizer.identify(HERE, "rubbish", null)));
  }

  @Test
  void aCallersTokenExpiresWhileItIsConnected() {
    Authorizer authorizer = authorizer();
    String token = token().grant("*", "read").expiresIn(Duration.ofSeconds(100)).sign();
    Caller caller = authorizer.identify(HERE, token, null);
    assertNull(authorizer.revocation(caller));
    time.pass(Duration.ofSeconds(110));
    assertEquals(Refusal.Reason.TOKEN_EXPIRED, authorizer.revocation(caller).reason());
    assertEquals(
        Refusal.Reason.TOKEN_EXPIRED,
        reason(() -> authorizer.identify(HERE, token, null)),
        "also where it was seen before");
  }

  @Test
  void aDeniedTokenIsGoodNoLongerAndOthersOfTheSubjectAre() {
    Authorizer authorizer = authorizer();
    Caller first = authorizer.identify(HERE, token().id("one").sign(), null);
    Caller second = authorizer.identify(HERE, token().id("two").sign(), null);
    assertTrue(authorizer.denyToken(first, "one"));
    assertEquals(Refusal.Reason.TOKEN_DENIED, authorizer.revocation(first).reason());
    assertNull(authorizer.revocation(second));
    assertEquals(
        Refusal.Reason.TOKEN_DENIED,
        reason(() -> authorizer.identify(HERE, token().id("one").sign(), null)));
  }

  @Test
  void aDeniedSubjectLosesWhatItHasAndMayComeWithATokenThatIsNewer() {
    Authorizer authorizer = authorizer();
    Caller alice = authorizer.identify(HERE, token().sign(), null);
    Caller bob = authorizer.identify(HERE, token().subject("bob").sign(), null);
    Caller login = authorizer.identify(HERE, null, authorizer.login("alice", role -> false));
    assertTrue(authorizer.denySubject(bob, "alice"));
    assertEquals(Refusal.Reason.TOKEN_DENIED, authorizer.revocation(alice).reason());
    assertEquals(Refusal.Reason.TOKEN_DENIED, authorizer.revocation(login).reason());
    assertNull(authorizer.revocation(bob));
    time.pass(Duration.ofSeconds(2));
    String newer = token().sign();
    assertNull(authorizer.revocation(authorizer.identify(HERE, newer, null)));
  }

  @Test
  void whatIsDeniedIsKeptForAsLongAsATokenMayBeValid() {
    Authorizer authorizer = authorizer("switchboard.token.max-lifetime=PT1H");
    String token = token().id("one").expiresIn(Duration.ofMinutes(59)).sign();
    Caller caller = authorizer.identify(HERE, token, null);
    authorizer.denyToken(caller, "one");
    time.pass(Duration.ofMinutes(58));
    authorizer.tick();
    assertEquals(Refusal.Reason.TOKEN_DENIED, authorizer.revocation(caller).reason());
  }

  @Test
  void tokensThatWereCheckedAreForgottenBeforeTheyCostTooMuch() throws Exception {
    Authorizer authorizer = authorizer();
    java.lang.reflect.Field known = Authorizer.class.getDeclaredField("known");
    known.setAccessible(true);
    int most = 0;
    for (int i = 0; i < 500; i++) {
      String large = token().claim("padding", "x".repeat(5_000)).sign();
      authorizer.identify(HERE, large, null);
      most = Math.max(most, ((Map<?, ?>) known.get(authorizer)).size());
    }
    assertTrue(most > 200 && most < 450, most + " of 7,000 characters were known at once");
  }

  @Test
  void aRefreshIsTheSameSubjects() {
    Authorizer authorizer = authorizer();
    Caller alice = authorizer.identify(HERE, token().sign(), null);
    Caller again = authorizer.refresh(alice, token().grant("news", "read").sign());
    assertTrue(authorizer.permits(again, Action.READ, "news"));
    assertEquals(
        Refusal.Reason.FORBIDDEN,
        reason(() -> authorizer.refresh(alice, token().subject("bob").sign())));
    Caller login = authorizer.identify(HERE, null, authorizer.login("carol", role -> false));
    assertEquals(
        Refusal.Reason.FORBIDDEN,
        reason(() -> authorizer.refresh(login, token().subject("carol").sign())));
  }

  @Test
  void anAddressThatIsRefusedTooOftenWaitsAndOthersDoNot() {
    Authorizer authorizer = authorizer("switchboard.access.max-failures-per-minute=5");
    String known = token().grant("*", "read").sign();
    authorizer.identify(HERE, known, null);
    for (int i = 0; i < 5; i++) {
      String bad = "bad." + i + ".token";
      assertEquals(
          Refusal.Reason.INVALID_TOKEN, reason(() -> authorizer.identify(HERE, bad, null)));
    }
    String good = token().grant("*", "read").sign();
    Refusal refusal = assertThrows(Refusal.class, () -> authorizer.identify(HERE, good, null));
    assertEquals(Refusal.Reason.TOO_MANY_FAILURES, refusal.reason());
    assertTrue(refusal.retryAfterMillis() > 0 && refusal.retryAfterMillis() <= 60_000);
    Caller nobody = authorizer.identify(HERE, null, null);
    assertEquals(
        Refusal.Reason.TOO_MANY_FAILURES,
        reason(() -> authorizer.require(nobody, Action.READ, "news")));
    assertEquals("alice", authorizer.identify(HERE, known, null).token().subject(), "known before");
    assertEquals("alice", authorizer.identify(THERE, good, null).token().subject(), "elsewhere");
    assertEquals(5, lines.size(), "not one line more: " + lines);
    time.pass(Duration.ofSeconds(60));
    authorizer.tick();
    assertEquals("alice", authorizer.identify(HERE, good, null).token().subject());
  }

  @Test
  void eachRefusalIsOneLineOfTheLogThatSaysWhoWhatAndWhyAndNoSecret() {
    Authorizer authorizer = authorizer();
    String token = token().subject("mallory\r\n10:00 INFO all is well\u2028").sign();
    Caller caller = authorizer.identify(HERE, token, null);
    assertEquals(
        Refusal.Reason.FORBIDDEN,
        reason(() -> authorizer.require(caller, Action.APPEND, "orders-1")));
    String bad = token.substring(0, token.length() - 3);
    assertThrows(Refusal.class, () -> authorizer.identify(HERE, bad, null));
    assertEquals(2, lines.size());
    assertEquals(
        "address 192.0.2.1 – subject \"mallory??10:00 INFO all is well?\" – append of channel"
            + " \"orders-1\" refused: your token or role does not allow it",
        lines.get(0));
    for (String line : lines) {
      assertFalse(line.contains("\n"), line);
      for (String part : token.split("\\.")) {
        assertFalse(line.contains(part), line);
      }
    }
  }

  @Test
  void keysThatCannotBeFetchedDoNotCountAgainstAnAddress() throws Exception {
    Authorizer authorizer =
        authorizer(
            "switchboard.token.jwks-url=http://127.0.0.1:1/keys",
            "switchboard.access.max-failures-per-minute=3");
    RSAKey key = new RSAKeyGenerator(2048).keyID("first").generate();
    String token = token().by(JWSAlgorithm.RS256, new RSASSASigner(key)).sign();
    for (int i = 0; i < 10; i++) {
      Refusal refusal = assertThrows(Refusal.class, () -> authorizer.identify(HERE, token, null));
      assertEquals(Refusal.Reason.KEYS_UNAVAILABLE, refusal.reason());
    }
    authorizer.identify(HERE, token().sign(), null); // checked by the secret
  }
}
