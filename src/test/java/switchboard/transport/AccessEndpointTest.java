package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Counters;
import switchboard.config.Settings;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.http.AccessEndpoint;
import switchboard.http.Credentials;
import switchboard.http.Guard;
import switchboard.http.HttpAnswer;
import switchboard.http.MemoryExchange;
import switchboard.testing.Issuer;
import switchboard.testing.Reader;
import switchboard.time.Clocks;

/** What {@code /access} answers, without a server. */
class AccessEndpointTest {

  private final Map<String, String> written = new TreeMap<>();
  private final Counters counters = new Counters();
  private final Connections connections = new Connections(counters, 10, 0, Admission.open());
  private final Instant wall = Instant.parse("2026-01-01T00:00:00Z");
  private final Clocks clocks = new Clocks(() -> wall, () -> 1_000, () -> 1_000);
  private final Authorizer authorizer = authorizer();
  private final AccessEndpoint access = new AccessEndpoint(authorizer, connections, clocks);
  private final String token = Issuer.token(wall).grant("*", "read").sign();

  private Authorizer authorizer() {
    Issuer.TRUST.forEach(line -> written.put(line.split("=", 2)[0], line.split("=", 2)[1]));
    Settings settings = new Settings(setting -> written.get(setting.key()), written.keySet());
    return new Authorizer(settings, clocks, name -> false);
  }

  private Guard guard(String token) {
    return new Guard(authorizer, authorizer.identify("192.0.2.1", token, null));
  }

  private MemoryExchange handled(String line, Guard guard, String body) {
    MemoryExchange exchange = new MemoryExchange(line, guard, counters).body(body);
    access.handle(exchange.with("Authorization", "Bearer " + token));
    return exchange;
  }

  private Guard admin() {
    return guard(Issuer.token(wall).subject("admin").grant("*", "deny").sign());
  }

  @Test
  void aTokenBecomesACookieAndIsTakenAway() {
    HttpAnswer made = handled("POST /access", guard(token), "").answer();
    assertEquals(204, made.status());
    String attributes =
        "; Path=/switchboard/channels; Max-Age=%d; Secure; HttpOnly; SameSite=Strict";
    assertEquals(
        Credentials.COOKIE + "=" + token + attributes.formatted(600),
        made.headers().get("Set-Cookie"));
    HttpAnswer gone = handled("DELETE /access", guard(token), "").answer();
    assertEquals(
        Credentials.COOKIE + "=" + attributes.formatted(0), gone.headers().get("Set-Cookie"));
    assertEquals("no-store", gone.headers().get("Cache-Control"));
  }

  @Test
  void whoHasNoTokenGetsNoCookie() {
    MemoryExchange answered = handled("POST /access", guard(null), "");
    assertEquals(401, answered.answer().status());
    assertNull(answered.answer().headers().get("Set-Cookie"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"sub":"alice"}           | 204
          {"jti":"x"}               | 204
          {"sub":"a","jti":"x"}     | 400
          {"sub":1}                 | 400
          {}                        | 400
          []                        | 400
          {                         | 400
          ''                        | 400
          """)
  void aDenialNamesATokenOrASubject(String body, int status) {
    MemoryExchange denial = handled("POST /access/denials", admin(), body);
    assertEquals(status, denial.answer().status(), denial::text);
    if (status == 400) {
      assertTrue(Reader.object(denial.text()).getString("type").endsWith(":bad-message"));
    }
  }

  @Test
  void aDeniedSubjectIsRevoked() {
    Caller alice = guard(token).caller();
    assertNull(authorizer.revocation(alice));
    handled("POST /access/denials", admin(), "{\"sub\":\"alice\"}");
    assertTrue(authorizer.revocation(alice) != null);
  }

  @Test
  void aDenialThatIsTooLargeIsRefused() {
    String large = "{\"sub\":\"" + "x".repeat(5_000) + "\"}";
    assertEquals(413, handled("POST /access/denials", admin(), large).answer().status());
  }

  @Test
  void onlyWhoMayDenyDenies() {
    MemoryExchange denial = handled("POST /access/denials", guard(token), "{\"sub\":\"alice\"}");
    assertEquals(403, denial.answer().status());
  }

  @ParameterizedTest
  @CsvSource({
    "GET /access, 'POST, DELETE'",
    "PUT /access, 'POST, DELETE'",
    "GET /access/denials, POST",
    "DELETE /access/denials, POST"
  })
  void anotherMethodIsToldWhichThereAre(String line, String allowed) {
    HttpAnswer answer = handled(line, admin(), "").answer();
    assertEquals(405, answer.status());
    assertEquals(allowed, answer.headers().get("Allow"));
  }
}
