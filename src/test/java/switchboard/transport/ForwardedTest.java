package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.Collections;
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

  /** GET http://backend:8080/switchboard/channels/news from an address, with some headers. */
  private static HttpServletRequest request(String address, Map<String, List<String>> headers) {
    return (HttpServletRequest)
        Proxy.newProxyInstance(
            ForwardedTest.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "getRemoteAddr" -> address;
                  case "getHeaders" ->
                      Collections.enumeration(headers.getOrDefault(arguments[0], List.of()));
                  case "getHeader" -> arguments[0].equals("Host") ? "backend:8080" : null;
                  case "getScheme" -> "http";
                  case "getRequestURI" -> "/switchboard/channels/news";
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private static HttpServletRequest believed(Map<String, List<String>> headers) {
    return Forwarded.believe(request("10.0.0.1", headers), trusted("10.0.0.0/8, ::1"));
  }

  private static String url(String... headers) {
    Map<String, List<String>> map = new java.util.HashMap<>();
    for (String header : headers) {
      String[] parts = header.split(": ", 2);
      map.put(parts[0], List.of(parts[1]));
    }
    HttpServletRequest request = believed(map);
    return request.getRemoteAddr() + " " + request.getRequestURL();
  }

  @Test
  void headersOfAnAddressThatIsNoTrustedProxyAreIgnored() {
    Map<String, List<String>> headers =
        Map.of("Forwarded", List.of("for=1.2.3.4;proto=https;host=evil.test"));
    HttpServletRequest request = request("11.0.0.1", headers);
    assertSame(request, Forwarded.believe(request, trusted("10.0.0.0/8, ::1")));
    assertSame(request, Forwarded.believe(request, trusted("")));
  }

  @Test
  void aTrustedProxySaysWhoAskedAndHow() {
    String expected = "192.0.2.1 https://example.com/switchboard/channels/news";
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
        "proto=https | https://backend:8080/switchboard/channels/news",
        "host=\"example.com:8443\";proto=https | https://example.com:8443/switchboard/channels/news",
        "host=\"[2001:db8::1]\";proto=https | https://[2001:db8::1]/switchboard/channels/news",
        "host=\"[2001:db8::1]:81\" | http://[2001:db8::1]:81/switchboard/channels/news",
        "Host=a.test;PROTO=http | http://a.test/switchboard/channels/news",
      })
  void partsThatAreMissingAreThoseOfTheRequest(String header, String url) {
    assertEquals(url, believed(Map.of("Forwarded", List.of(header))).getRequestURL().toString());
  }

  @Test
  void whatStandsBeforeTheFirstProxyThatIsNotTrustedIsIgnored() {
    assertEquals(
        "192.0.2.7 https://real.test/switchboard/channels/news",
        url(
            "Forwarded: for=1.1.1.1;host=evil.test;proto=http, for=192.0.2.7;host=real.test;proto=https"));
    // Two trusted proxies in a row: the outer one is the nearest to the client.
    assertEquals(
        "192.0.2.7 https://real.test/switchboard/channels/news",
        url(
            "Forwarded: for=192.0.2.7;host=real.test;proto=https,"
                + " for=\"10.0.0.9:555\";host=inner;proto=http"));
    assertEquals(
        "192.0.2.7 https://backend:8080/switchboard/channels/news",
        url("X-Forwarded-for: 6.6.6.6, 192.0.2.7, 10.0.0.9", "X-Forwarded-proto: https"));
  }

  @Test
  void aTrustedProxyThatForwardsNonsenseIsToldSo() {
    for (String header : List.of("proto=gopher", "host=\"a/b\"", "host=\"a b\"")) {
      Problem problem =
          assertThrows(Problem.class, () -> believed(Map.of("Forwarded", List.of(header))), header);
      String value = header.split("=")[1].replace("\"", "");
      assertTrue(problem.getMessage().contains("\"" + value + "\""), problem.getMessage());
    }
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
