package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the lab's page recommends. */
class AdvisorPageIT extends LabPageTest {

  @Test
  void theAdvisorComputesAndRecommends() {
    Map<String, List<String>> cases = new LinkedHashMap<>();
    cases.put("poll", List.of("0.001", "60000", "none"));
    cases.put("webSocket", List.of("5", "500", "much"));
    cases.put("eventStream", List.of("5", "150", "none"));
    // Of 200 bytes an event costs about one and a half times a frame, as measured just now:
    // which of the two is advised then hangs on whether frames came with one message or with
    // two.
    page.type("#a-bytes", "1000");
    cases.forEach(
        (transport, need) -> {
          page.type("#a-rate", need.get(0));
          page.type("#a-latency", need.get(1));
          browser.script(
              "const up = document.querySelector('#a-up'); up.value = arguments[0];"
                  + "up.dispatchEvent(new Event('input', {bubbles: true}))",
              need.get(2));
          await(
              "it recommends " + transport,
              () ->
                  transport.equals(
                      browser.css("#advisor .verdict").getAttribute("data-transport")));
        });
    browser.click("#advisor [name=webSocket]");
    browser.click("#advisor [name=eventStream]");
    await(
        "what does not get through is not recommended",
        () -> "longPoll".equals(browser.css("#advisor .verdict").getAttribute("data-transport")));
  }

  @Test
  void theAdvisorsFormulasAreRight() {
    Map<?, ?> poll =
        (Map<?, ?>)
            browser.async(
                """
                const { offers } = await import(new URL('lab/advisor.js', document.baseURI));
                const need = {rate: 0.5, bytes: 200, clients: 1000, latency: 2, up: 'none', passes: {}};
                const same = (value) => ({poll: value, longPoll: value, eventStream: value, webSocket: value});
                const all = offers(need, {trip: 0.1, wait: 10, head: same(1000), cpu: same(0.001)});
                return Object.fromEntries(all.map((one) => [one.transport, one]));
                """);
    Map<?, ?> polls = (Map<?, ?>) poll.get("poll");
    // Every 1.9 s, so that a message is there after 2 s at the latest.
    assertEquals(526.3, value(polls, "requests"), 0.1);
    assertEquals(526.3 * Math.exp(-0.95), value(polls, "useless"), 0.1);
    assertEquals(1.0, value(polls, "mean"), 0.001);
    assertEquals(2.0, value(polls, "worst"), 0.001);
    assertEquals(526_316 + 100_000, value(polls, "bandwidth"), 1);
    assertEquals(0.526, value(polls, "cpu"), 0.001);
    Map<?, ?> longPolls = (Map<?, ?>) poll.get("longPoll");
    double cycle = 0.1 + (1 - Math.exp(-5)) / 0.5;
    assertEquals(1000 / cycle, value(longPolls, "requests"), 0.1);
    assertEquals(1000, value(longPolls, "held"), 0);
    Map<?, ?> sockets = (Map<?, ?>) poll.get("webSocket");
    assertEquals(500 * 1200, value(sockets, "bandwidth"), 1);
    assertEquals(0.05, value(sockets, "mean"), 0.001);
  }

  private static double value(Map<?, ?> offer, String key) {
    return ((Number) offer.get(key)).doubleValue();
  }
}
