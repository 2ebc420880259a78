package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the lab's page says of bad input and of refusals. */
class BadInputPageIT extends LabPageTest {

  @Test
  void badInputIsExplainedBesideTheFieldAndTheLanesGoOn() {
    badInput(
        Map.of(
            "interval", "is negative",
            "rate", "is not a number",
            "json", "is not JSON: see line 1",
            "channel", "is not a channel name",
            "long", "Too long"));
  }

  @Test
  void badInputIsExplainedInKorean() {
    browser.click("[data-language=ko]");
    badInput(
        Map.of(
            "interval", "음수는 쓸 수 없습니다",
            "rate", "숫자가 아닙니다",
            "json", "JSON이 아닙니다. 1행",
            "channel", "채널 이름이 될 수 없습니다",
            "long", "너무 깁니다"));
    browser.click("[data-language=en]");
  }

  private void badInput(Map<String, String> expected) {
    int before = page.number("webSocket", "messages");
    page.field("interval", "-3");
    page.awaitText("#interval-error", expected.get("interval"));
    page.field("rate", "fast");
    page.awaitText("#rate-error", expected.get("rate"));
    page.type("#publish-channel", "a/b");
    page.type("#publish-json", "{oops");
    browser.click("#publish form button");
    page.awaitText("#publish-channel-error", expected.get("channel"));
    page.awaitText("#publish-json-error", expected.get("json"));
    assertEquals("true", browser.css("#publish-json").getAttribute("aria-invalid"));
    page.type("#publish-channel", "lab");
    browser.script(
        "document.querySelector('#publish-json').value = JSON.stringify('x'.repeat(1 << 20))");
    browser.click("#publish form button");
    page.awaitText("#publish-json-error", expected.get("long"));
    await("the lanes go on", () -> page.number("webSocket", "messages") > before + 3);
    assertEquals(5, page.setting("rate"), "nothing was set");
  }

  @Test
  void whatTheServerRefusesIsExplained() {
    page.type("#publish-channel", "never-made");
    page.type("#publish-json", "1");
    browser.click("#publish form button");
    page.awaitText("#publish-channel-error", "The channel does not exist");
    // A request that is refused is an error in the console of every browser.
    assertEquals(1, browser.complaints().size());
    browser.click("#publish [name=create]");
    browser.click("#publish form button");
    page.awaitText("#publish .receipt", "Accepted");
    assertEquals("[1]", http.get("channels/never-made?offset=-1").body());
    http.delete("never-made");
  }

  @Test
  void aSubscriptionIsLiveAtOnceWhenTheBrowserIsOnlineAgain() {
    browser.async(
        """
        const { open } = await import(new URL('js/poll.js', document.baseURI));
        const backoff = [600_000, 600_000]; // never by itself
        window.mine = open('channels/lab', { pollInterval: 50, backoff, offset: 'now' });
        window.mine.addEventListener('message', () => {});
        addEventListener('online', () => (window.onlineAt = performance.now()));
        window.mine.addEventListener('status', ({ detail }) => {
          window.backIn = detail.status === 'live' ? performance.now() - window.onlineAt : undefined;
        });
        """);
    await("it is live", () -> "live".equals(browser.script("return mine.status")));
    browser.network(true);
    browser.network(false);
    await("it is away", () -> "reconnecting".equals(browser.script("return mine.status")));
    browser.network(true);
    await("it is back", () -> "live".equals(browser.script("return mine.status")));
    double millis =
        ((Number) browser.script("const millis = backIn; mine.close(); return millis"))
            .doubleValue();
    assertTrue(millis < 2_000, millis + " ms after the event");
    browser.ownNetwork();
    browser.complaints(); // of requests that failed meanwhile
  }
}
