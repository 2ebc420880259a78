package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import switchboard.config.Networks;
import switchboard.config.Settings;

class ForwardedTest {

  private static Networks trusted(String networks) {
    Settings settings =
        new Settings(
            s -> s.key().equals("switchboard.proxies.trusted") ? networks : null, List.of());
    return settings.get(Settings.TRUSTED_PROXIES);
  }

  /** POST http://backend:8080/switchboard/channels/news from an address, with some headers. */
  private static MemoryRequest request(String address, Map<String, List<String>> headers) {
    MemoryRequest request = new MemoryRequest("POST /channels/news").from(address);
    request.to("http", "backend", 8080).with("Host", "backend:8080");
    headers.forEach((name, lines) -> lines.forEach(line -> request.with(name, line)));
    return request;
  }

  private static Hop believed(Map<String, List<String>> headers) {
    return Forwarded.first(request("10.0.0.1", headers), trusted("10.0.0.0/8, ::1"));
  }

  private static MemoryRequest believedRequest(Map<String, List<String>> headers) {
    MemoryRequest request = request("10.0.0.1", headers);
    request.believe(believed(headers));
    return request;
  }

  private static String url(String... headers) {
    Map<String, List<String>> map = new java.util.HashMap<>();
    for (String header : headers) {
      String[] parts = header.split(": ", 2);
      map.put(parts[0], List.of(parts[1]));
    }
    Hop sent = believed(map);
    return sent.address() + " " + sent.origin();
  }

  @Test
  void headersOfAnAddressThatIsNoTrustedProxyAreIgnored() {
    Map<String, List<String>> headers =
        Map.of("Forwarded", List.of("for=1.2.3.4;proto=https;host=evil.test"));
    MemoryRequest request = request("11.0.0.1", headers);
    assertEquals(request.received(), Forwarded.first(request, trusted("10.0.0.0/8, ::1")));
    assertEquals(request.received(), Forwarded.first(request, trusted("")));
  }

  @Test
  void aTrustedProxySaysWhoAskedAndHow() {
    String expected = "192.0.2.1 https://example.com";
    assertEquals(
        expected, url("Forwarded: for=192.0.2.1;proto=https;host=example.com;by=10.0.0.1"));
    assertEquals(
        expected,
        url(
            "X-Forwarded-for: 192.0.2.1",
            "X-Forwarded-proto: https",
            "X-Forwarded-host: example.com"));
    assertTrue(believed(Map.of("Forwarded", List.of("proto=https"))).isSecure());
    assertFalse(believed(Map.of("Forwarded", List.of("proto=http"))).isSecure());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "proto=https | https://backend:8080",
        "host=\"example.com:8443\";proto=https | https://example.com:8443",
        "host=\"[2001:db8::1]\";proto=https | https://[2001:db8::1]",
        "host=\"[2001:db8::1]:81\" | http://[2001:db8::1]:81",
        "Host=a.test;PROTO=http | http://a.test",
      })
  void partsThatAreMissingAreThoseOfTheRequest(String header, String url) {
    assertEquals(url, believed(Map.of("Forwarded", List.of(header))).origin());
  }

  @Test
  void whatStandsBeforeTheFirstProxyThatIsNotTrustedIsIgnored() {
    assertEquals(
        "192.0.2.7 https://real.test",
        url(
            "Forwarded: for=1.1.1.1;host=evil.test;proto=http, for=192.0.2.7;host=real.test;proto=https"));
    // Two trusted proxies in a row: the outer one is the nearest to the client.
    assertEquals(
        "192.0.2.7 https://real.test",
        url(
            "Forwarded: for=192.0.2.7;host=real.test;proto=https,"
                + " for=\"10.0.0.9:555\";host=inner;proto=http"));
    assertEquals(
        "192.0.2.7 https://backend:8080",
        url("X-Forwarded-for: 6.6.6.6, 192.0.2.7, 10.0.0.9", "X-Forwarded-proto: https"));
  }

  @Test
  void aTrustedProxyThatForwardsNoHostIsToldSo() {
    for (String host : List.of("a/b", "a b", "a:99999", "a:0", "a:", "a@b", "<a>")) {
      String header = "host=\"%s\"".formatted(host);
      Problem problem =
          assertThrows(Problem.class, () -> believed(Map.of("Forwarded", List.of(header))), header);
      assertTrue(problem.getMessage().contains("\"" + host + "\""), problem.getMessage());
    }
  }

  /** What a page's origin is to be, for the headers that a kind of proxy writes. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "Traefik, a request | X-Forwarded-proto: https, X-Forwarded-host: a.test, X-Forwarded-port: 443 | https://a.test",
        "Traefik, a WebSocket | X-Forwarded-proto: wss, X-Forwarded-host: a.test, X-Forwarded-port: 443 | https://a.test",
        "Traefik, a WebSocket without TLS | X-Forwarded-proto: ws, X-Forwarded-host: a.test, X-Forwarded-port: 80 | http://a.test",
        "Caddy | X-Forwarded-proto: https, X-Forwarded-host: a.test:8443, X-Forwarded-for: 1.2.3.4 | https://a.test:8443",
        "nginx with $host | X-Forwarded-proto: https, X-Forwarded-host: a.test, X-Forwarded-port: 8443 | https://a.test:8443",
        "nginx with $http_host | X-Forwarded-proto: https, X-Forwarded-host: a.test:8443, X-Forwarded-port: 443 | https://a.test:8443",
        "HAProxy | X-Forwarded-proto: https, X-Forwarded-for: 1.2.3.4, X-Forwarded-host: a.test | https://a.test",
        "AWS ALB, which keeps Host | X-Forwarded-proto: https, X-Forwarded-port: 443, X-Forwarded-for: 1.2.3.4 | https://backend:8080",
        "Azure Application Gateway | X-Forwarded-proto: https, X-Forwarded-port: 443, X-Forwarded-for: 1.2.3.4:567, X-Forwarded-host: a.test | https://a.test",
        "Cloudflare before nginx | X-Forwarded-proto: https%2Chttps, X-Forwarded-for: 1.2.3.4%2C10.0.0.9, X-Forwarded-host: a.test | https://a.test",
        "capitals | X-Forwarded-proto: HTTPS, X-Forwarded-host: a.test | https://a.test",
        "RFC 7239 | Forwarded: for=1.2.3.4;proto=https;host=a.test | https://a.test",
        "RFC 7239, a WebSocket | Forwarded: for=1.2.3.4;Proto=WSS;host=a.test | https://a.test",
        "RFC 7239, quoted | Forwarded: for=\"[2001:db8::1]:4711\";proto=\"https\";host=\"a.test:8443\" | https://a.test:8443",
        "a scheme that nobody knows | X-Forwarded-proto: gopher, X-Forwarded-host: a.test | http://a.test",
        "RFC 7239, a scheme that nobody knows | Forwarded: proto=h2c;host=a.test | http://a.test",
        "RFC 7239, empty values | Forwarded: for=\"\";proto=\"\";host=\"\" | http://backend:8080",
        "a port that is none | X-Forwarded-proto: https, X-Forwarded-host: a.test, X-Forwarded-port: 99999 | https://a.test",
        "IPv6 | X-Forwarded-proto: https, X-Forwarded-host: [2001:db8::1], X-Forwarded-port: 8443 | https://[2001:db8::1]:8443",
        "X-Forwarded-Ssl is not read | X-Forwarded-ssl: on, X-Forwarded-host: a.test | http://a.test",
      })
  void aPageOfThisServerMayWhateverTheProxyCallsIt(String proxy, String headers, String origin) {
    String[] lines = headers.replace("%2C", ";;").split(", ");
    Map<String, List<String>> map = new java.util.HashMap<>(Map.of("Origin", List.of(origin)));
    for (String line : lines) {
      String[] parts = line.split(": ", 2);
      map.put(parts[0], List.of(parts[1].replace(";;", ",")));
    }
    MemoryRequest request = believedRequest(map);
    assertEquals(origin, request.origin());
    new Origins(List.of()).require(request);
  }

  @Test
  void theProxysOwnPortMayBeMappedToTheDefaultOne() {
    Map<String, List<String>> headers =
        Map.of(
            "X-Forwarded-proto", List.of("https"),
            "X-Forwarded-host", List.of("a.test"),
            "X-Forwarded-port", List.of("8443"),
            "Origin", List.of("https://a.test"));
    new Origins(List.of()).require(believedRequest(headers));
  }

  @Test
  void aQuoteThatAClientLeavesOpenHidesNothing() {
    Map<String, List<String>> twoLines =
        Map.of("Forwarded", List.of("for=\"", "for=192.0.2.7;proto=https"));
    assertEquals("192.0.2.7", believed(twoLines).address());
    Map<String, List<String>> oneLine =
        Map.of("Forwarded", List.of("for=\"x, for=192.0.2.7;proto=https"));
    assertEquals("10.0.0.1", believed(oneLine).address(), "the proxy's own");
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1",
    "192.0.2.1:4711, 192.0.2.1",
    "2001:db8::1, 2001:db8::1",
    "[2001:db8::1], 2001:db8::1",
    "[2001:db8::1]:4711, 2001:db8::1",
    "_hidden, _hidden",
    "_hidden:_port, _hidden",
    "unknown, unknown",
    "<script>, 10.0.0.1",
  })
  void anAddressMayHaveAPort(String written, String address) {
    assertEquals(address, believed(Map.of("X-Forwarded-for", List.of(written))).address(), written);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/8, 11.0.0.1, false",
    "192.168.4.0/22, 192.168.7.255, true",
    "192.168.4.0/22, 192.168.8.0, false",
    "0.0.0.0/0, 1.2.3.4, true",
    "0.0.0.0/0, ::1, false",
    "127.0.0.1, 127.0.0.1, true",
    "127.0.0.1, 127.0.0.2, false",
    "2001:db8::/32, 2001:db8:ffff::1, true",
    "2001:db8::/32, 2001:db9::1, false",
    "127.0.0.1, localhost, false",
    "127.0.0.1, unknown, false",
  })
  void aNetworkHasTheAddressesThatBeginAsItDoes(String network, String address, boolean isIn) {
    assertEquals(isIn, trusted(network).contain(address));
  }

  @ParameterizedTest
  @CsvSource({"localhost", "10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.1/x", "1.2.3.4.5", "::x"})
  void whatIsNoNetworkIsQuoted(String network) {
    var refusal = assertThrows(IllegalArgumentException.class, () -> trusted(network));
    assertTrue(refusal.getMessage().contains("\"" + network + "\""), refusal.getMessage());
  }
}
