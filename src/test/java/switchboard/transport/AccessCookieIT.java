package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import org.junit.jupiter.api.Test;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.RawFrames;
import switchboard.testing.ServerTest;

/** The cookie carries a token for a page that reads, and for nothing else. */
class AccessCookieIT extends AccessServerTest {

  @Test
  void theCookieCarriesTheTokenForWhateverReads() throws Exception {
    String token = reader();
    Http.Answer made = http.send(as(token, "access").POST(BodyPublishers.noBody()));
    assertEquals(204, made.status(), made.body());
    String cookie = made.header("Set-Cookie");
    for (String attribute :
        List.of(
            "Secure", "HttpOnly", "SameSite=Strict", "Path=/switchboard/channels", "Max-Age=")) {
      assertTrue(cookie.contains("; " + attribute), cookie);
    }
    String pair = cookie.split(";", 2)[0];
    assertEquals("__Secure-switchboard=" + token, pair);
    String path = "channels/" + channel + "?offset=-1";
    assertEquals("[1]", http.send(http.request(path).header("Cookie", pair)).body());
    assertEquals(
        "[1]", http.send(http.request(path + "&live=long-poll").header("Cookie", pair)).body());
    try (Stream stream = new Stream(http.request(path + "&live=sse").header("Cookie", pair))) {
      ServerTest.await("the message", () -> stream.text().contains("data:[1]"));
    }
    try (RawFrames frames =
        RawFrames.connect(
            http.channel(channel, "?offset=-1"), request -> request.header("Cookie", pair))) {
      ServerTest.await("the message", () -> said(frames, "\"messages\":[1]"));
    }
  }

  @Test
  void theCookieChangesNothing() {
    String pair = "__Secure-switchboard=" + admin;
    for (String method : List.of("POST", "PUT", "DELETE")) {
      Http.Answer answer =
          http.send(
              http.request("channels/" + channel)
                  .header("Cookie", pair)
                  .header("Content-Type", "application/json")
                  .method(
                      method,
                      method.equals("DELETE")
                          ? BodyPublishers.noBody()
                          : BodyPublishers.ofString("2")));
      assertRefused(401, "unauthorized", answer);
    }
    assertRefused(
        401,
        "unauthorized",
        http.send(
            http.request("access/denials")
                .header("Cookie", pair)
                .POST(BodyPublishers.ofString("{\"sub\":\"alice\"}"))));
    assertRefused(
        401,
        "unauthorized",
        http.send(http.request("access").header("Cookie", pair).POST(BodyPublishers.noBody())));
    assertEquals("[1]", http.send(as(admin, "channels/" + channel + "?offset=-1")).body());
  }

  @Test
  void theCookieIsTakenAway() {
    Http.Answer answer = http.send(http.request("access").DELETE());
    assertEquals(204, answer.status());
    assertTrue(answer.header("Set-Cookie").startsWith("__Secure-switchboard=; "));
    assertTrue(answer.header("Set-Cookie").contains("Max-Age=0"));
  }

  @Test
  void noCookieIsMadeOfATokenThatIsNotGoodOrTooLongOrOverPlainHttpFromElsewhere() {
    Http.Answer none = http.send(http.request("access").POST(BodyPublishers.noBody()));
    assertRefused(401, "unauthorized", none);
    assertNull(none.header("Set-Cookie"));
    assertRefused(
        401, "invalid-token", http.send(as("x.y.z", "access").POST(BodyPublishers.noBody())));
    String long4k = Issuer.token().claim("x", "x".repeat(4_000)).sign();
    assertRefused(413, "too-large", http.send(as(long4k, "access").POST(BodyPublishers.noBody())));
    assertRefused(
        403,
        "not-secure",
        http.send(
            as(reader(), "access")
                .header("X-Forwarded-Host", "real.test")
                .header("X-Forwarded-Proto", "http")
                .POST(BodyPublishers.noBody())));
    assertEquals(
        204,
        http.send(
                as(reader(), "access")
                    .header("X-Forwarded-Host", "real.test")
                    .header("X-Forwarded-Proto", "https")
                    .POST(BodyPublishers.noBody()))
            .status());
    assertEquals(405, http.send(as(reader(), "access")).status());
  }
}
