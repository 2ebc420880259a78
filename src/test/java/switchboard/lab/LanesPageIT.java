package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static switchboard.lab.LabPage.LANES;
import static switchboard.lab.LabPage.lane;

import jakarta.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import switchboard.channel.Transport;
import switchboard.testing.Browser;
import switchboard.testing.Reader;

/** What the lab's page shows, in each language, on each screen and by keyboard. */
class LanesPageIT extends LabPageTest {

  @Test
  void everyLaneShowsTheMessagesOfTheChannel() {
    for (String lane : LANES) {
      await(lane + " counts", () -> page.number(lane, "messages") >= 10);
      assertEquals("0 / 0", page.figure(lane, "wrong"), lane);
    }
    await(
        "latencies", () -> LANES.stream().allMatch(lane -> page.figure(lane, "p50").endsWith("s")));
    await("the chart is drawn", () -> !browser.all("#compare canvas").isEmpty());
  }

  @Test
  void aLaneShowsEachArrowsHeadersBytesAndTimesAlsoByKeyboard() {
    WebElement scope = browser.css("#lane-webSocket [data-field=scope]");
    await("an arrow", () -> page.number("webSocket", "messages") > 3);
    scope.sendKeys(Keys.END);
    await("the last arrow", () -> spoken("webSocket").contains("frame"));
    String last = spoken("webSocket");
    assertTrue(last.contains("server → browser") && last.contains("bytes"), last);
    scope.sendKeys(Keys.HOME);
    await("the first arrow", () -> spoken("webSocket").contains("WebSocket upgrade request"));
    String headers = browser.text("#lane-webSocket [data-field=text]");
    assertTrue(headers.contains("upgrade: websocket"), headers);
    assertTrue(spoken("webSocket").contains("computed"), spoken("webSocket"));
    scope.sendKeys(Keys.ARROW_RIGHT);
    await("the next arrow", () -> spoken("webSocket").contains("101 Switching Protocols"));
    scope.sendKeys(Keys.ESCAPE);
    await("it lets go", () -> spoken("webSocket").isEmpty());
  }

  private String spoken(String lane) {
    return browser.text(lane(lane) + " [data-field=spoken]");
  }

  @Test
  void figuresEqualWhatTheServerCounts() {
    // Seldom, so that both can be looked at between two messages.
    page.source(0.1, 128);
    page.field("interval", "60");
    page.field("wait", "20");
    page.quiet();
    nextReadings();
    JsonObject before = newestReadings().getJsonObject("requests");
    browser.click("#anew");
    long publishedBefore = page.published();
    int own = 30;
    for (int i = 0; i < own; i++) {
      http.append("lab", "{\"mark\":" + i + "}");
    }
    for (String lane : List.of("longPoll", "eventStream", "webSocket")) {
      await(
          lane + " has what was published",
          () -> page.number(lane, "messages") == own + page.published() - publishedBefore);
    }
    await(
        "the server counts as many long polls",
        () -> {
          int counted = newestReadings().getJsonObject("requests").getInt("longPoll");
          return counted - before.getInt("longPoll") == page.number("longPoll", "requests");
        });
    assertTrue(page.number("longPoll", "requests") > 0, page.figure("longPoll", "requests"));
    assertEquals(0, page.number("eventStream", "requests"));
    assertEquals(0, page.number("webSocket", "requests"));
  }

  @Test
  void bytesOfAnEventStreamEqualWhatAnotherClientCounts() {
    page.source(0.1, 128);
    page.quiet();
    try (Reader other = Reader.eventStream(http.channel("lab", ""), "now")) {
      await("both listen", () -> open(Transport.EVENT_STREAM) == 2);
      browser.click("#anew");
      for (int i = 0; i < 40; i++) {
        http.append("lab", "{\"mark\":\"" + "x".repeat(200) + "\"}");
      }
      await("the other has them", () -> other.heard().size() >= 40);
      await("so has the lane", () -> page.number("eventStream", "messages") >= 40);
    }
    // Two events a message at most, each with its own lines, as docs/reference/protocol.md has
    // them.
    double each = page.number("eventStream", "down");
    assertTrue(each > 211 && each < 211 + 200, page.figure("eventStream", "down"));
  }

  @Test
  void bothLanguagesSayEverything() {
    Object keys =
        browser.async(
            """
            const load = async (name) => Object.entries((await import(new URL(`lab/${name}.js`, document.baseURI))).default);
            const holes = (text) => [...text.matchAll(/\\{\\w+\\}/g)].map(String).sort().join();
            return [await load('en'), await load('ko')].map((all) => all.map(([key, text]) => `${key} ${holes(text)}`));
            """);
    List<?> both = (List<?>) keys;
    Set<Object> english = new TreeSet<>((List<?>) both.get(0));
    Set<Object> korean = new TreeSet<>((List<?>) both.get(1));
    assertEquals(english, korean);
    assertEquals("en", browser.script("return document.documentElement.lang"));
    browser.click("[data-language=ko]");
    await("Korean", () -> browser.text("#lane-poll h3").equals("폴링"));
    openPage();
    assertEquals("ko", browser.script("return document.documentElement.lang"), "it is kept");
    assertEquals("true", browser.css("[data-language=ko]").getAttribute("aria-pressed"));
    browser.click("[data-language=en]");
  }

  @Test
  void aKoreanBrowserIsGreetedInKorean() {
    try (Browser korean = new Browser("ko")) {
      korean.open(http.uri("").toString());
      await("Korean", () -> korean.text("#lane-webSocket h3").equals("웹소켓"));
      assertEquals(List.of(), korean.complaints());
      korean.open("about:blank");
    }
  }

  @Test
  void everythingCanBeReachedByKeyboard() {
    browser.script(
        """
        document.body.focus();
        window.reached = [];
        const name = (e) => e.id || e.name || e.dataset.field || e.textContent;
        document.addEventListener('focusin', ({ target }) => reached.push(name(target)));
        """);
    browser.css("body").sendKeys(Keys.TAB.toString().repeat(91));
    Set<Object> reached = new TreeSet<>((List<?>) browser.script("return reached"));
    for (String expected :
        List.of(
            "rate",
            "interval",
            "flood",
            "scope",
            "cut",
            "hop",
            "vanish",
            "chat-text",
            "crowd-poll",
            "a-rate",
            "publish-json")) {
      assertTrue(reached.contains(expected), expected + " is not in " + reached);
    }
  }

  @Test
  void everyControlHasANameForScreenReaders() {
    Object nameless =
        browser.script(
            """
            const named = (e) => e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.[0]?.textContent.trim();
            return [...document.querySelectorAll('button, input, select, textarea, [tabindex="0"]')]
              .filter((e) => !named(e) && !e.getAttribute('aria-labelledby')).map((e) => e.outerHTML);
            """);
    assertEquals(List.of(), nameless);
  }

  @Test
  void thePageFitsDesktopAndPhoneLightAndDark() {
    page.source(20, 128);
    for (int width : new int[] {1440, 1024, 390, 360}) {
      boolean isDark = width == 1024 || width == 360;
      browser.screen(width, 844, isDark);
      openPage();
      await("something to see", () -> page.number("webSocket", "messages") > 20);
      String name = width + (isDark ? "-dark" : "-light");
      browser.screenshot(name);
      long content = (long) browser.script("return document.documentElement.scrollWidth");
      assertTrue(content <= width, name + " is " + content + " wide");
      // Good by web.dev/cls: what is there does not move when more comes.
      double shift = ((Number) browser.async(SHIFT)).doubleValue();
      assertTrue(shift <= 0.1, name + " shifts by " + shift);
    }
  }

  private static final String SHIFT =
      """
      return new Promise((done) => new PerformanceObserver((list) => done(list.getEntries()
          .filter((one) => !one.hadRecentInput).reduce((sum, { value }) => sum + value, 0) || 0))
        .observe({ type: 'layout-shift', buffered: true }) ?? setTimeout(done, 1000, 0));
      """;

  @Test
  void thePageTakesNothingFromElsewhere() {
    Object elsewhere =
        browser.script(
            "return performance.getEntriesByType('resource').map((entry) => entry.name)"
                + ".filter((name) => !name.startsWith(location.origin))");
    assertEquals(List.of(), elsewhere);
  }
}
