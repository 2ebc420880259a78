package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import switchboard.channel.Transport;
import switchboard.testing.Browser;
import switchboard.testing.Http;
import switchboard.testing.Programs;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** The Transport lab in a real browser; what a control does is looked up on the server. */
class LabPageIT extends ServerTest {

  private static final List<String> LANES = List.of("poll", "longPoll", "eventStream", "webSocket");

  private static Browser browser;

  private String told = "now";
  private final List<JsonObject> events = new ArrayList<>();

  @BeforeAll
  static void startTheBrowser() {
    Programs.require("chromium", "chromedriver");
    browser = new Browser("en");
  }

  @AfterAll
  static void stopTheBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void openThePage() {
    source(5, 128);
    told = endOf("lab-told");
    browser.screen(1360, 1000, false);
    openPage();
  }

  private void openPage() {
    browser.open(http.uri("").toString());
    LANES.forEach(this::awaitLive);
    // The lane's, and two by which the page hears the readings and what it is told.
    await("the page listens", () -> open(Transport.WEBSOCKET) == 3);
  }

  @AfterEach
  void thePageSaidNothingBadAndIsLeft() {
    List<String> complaints = browser.complaints();
    browser.open("about:blank");
    assertEquals(List.of(), complaints, "the browser's console");
  }

  // What is on the page

  @Test
  void everyLaneShowsTheMessagesOfTheChannel() {
    for (String lane : LANES) {
      await(lane + " counts", () -> number(lane, "messages") >= 10);
      assertEquals("0 / 0", figure(lane, "wrong"), lane);
    }
    await("latencies", () -> LANES.stream().allMatch(lane -> figure(lane, "p50").endsWith("s")));
    await("the chart is drawn", () -> !browser.all("#compare canvas").isEmpty());
  }

  @Test
  void aLaneShowsEachArrowsHeadersBytesAndTimesAlsoByKeyboard() {
    WebElement scope = browser.css("#lane-webSocket [data-field=scope]");
    await("an arrow", () -> number("webSocket", "messages") > 3);
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
    source(0.1, 128);
    field("interval", "60");
    field("wait", "20");
    quiet();
    nextReadings();
    JsonObject before = newestReadings().getJsonObject("requests");
    browser.click("#anew");
    long publishedBefore = published();
    int own = 30;
    for (int i = 0; i < own; i++) {
      http.append("lab", "{\"mark\":" + i + "}");
    }
    for (String lane : List.of("longPoll", "eventStream", "webSocket")) {
      await(
          lane + " has what was published",
          () -> number(lane, "messages") == own + published() - publishedBefore);
    }
    await(
        "the server counts as many long polls",
        () -> {
          int counted = newestReadings().getJsonObject("requests").getInt("longPoll");
          return counted - before.getInt("longPoll") == number("longPoll", "requests");
        });
    assertTrue(number("longPoll", "requests") > 0, figure("longPoll", "requests"));
    assertEquals(0, number("eventStream", "requests"));
    assertEquals(0, number("webSocket", "requests"));
  }

  @Test
  void bytesOfAnEventStreamEqualWhatAnotherClientCounts() {
    source(0.1, 128);
    quiet();
    try (Reader other = Reader.eventStream(http.channel("lab", ""), "now")) {
      await("both listen", () -> open(Transport.EVENT_STREAM) == 2);
      browser.click("#anew");
      for (int i = 0; i < 40; i++) {
        http.append("lab", "{\"mark\":\"" + "x".repeat(200) + "\"}");
      }
      await("the other has them", () -> other.heard().size() >= 40);
      await("so has the lane", () -> number("eventStream", "messages") >= 40);
    }
    // Two events a message at most, each with its own lines, as docs/protocol.md has them.
    double each = number("eventStream", "down");
    assertTrue(each > 211 && each < 211 + 200, figure("eventStream", "down"));
  }

  // Controls, and what the server saw

  @Test
  void rateAndSizeAreWhatTheServerPublishes() {
    field("rate", "20");
    field("bytes", "400");
    await("the server took them", () -> setting("rate") == 20 && setting("bytes") == 400);
    int before = number("webSocket", "messages");
    await("they come", () -> number("webSocket", "messages") > before + 60);
    await("they are larger", () -> number("webSocket", "down") > 400);
  }

  @Test
  void thePollIntervalIsHowOftenTheServerIsAsked() {
    field("interval", "0.5");
    browser.click("#anew");
    int before = requests("poll");
    await("many polls", () -> number("poll", "requests") >= 12);
    // The test itself polls for the readings.
    assertTrue(requests("poll") - before >= 12, "the server counted them, too");
  }

  @Test
  void aLongPollIsHeldAsLongAsIsSet() {
    source(0.1, 128);
    field("wait", "1");
    int before = newestReadings().getJsonObject("empty").getInt("longPoll");
    browser.click("#anew");
    await("useless answers", () -> number("longPoll", "useless") >= 4);
    await(
        "the server counted them, too",
        () -> newestReadings().getJsonObject("empty").getInt("longPoll") - before >= 4);
  }

  @Test
  void aCutEventStreamIsGoneFromTheServerAndComesBackWithoutLoss() {
    await("it is there", () -> open(Transport.EVENT_STREAM) == 1);
    browser.click(lane("eventStream") + " [data-field=cut]");
    awaitState("eventStream", "cut");
    await("the server let go", () -> open(Transport.EVENT_STREAM) == 0);
    awaitTold(event -> saw(event, "-eventStream-", "ended"));
    int before = number("eventStream", "messages");
    await("the others go on", () -> number("webSocket", "messages") > before + 10);
    browser.click(lane("eventStream") + " [data-field=cut]");
    await("it is back", () -> open(Transport.EVENT_STREAM) == 1);
    await("what it missed is there", () -> number("eventStream", "messages") > before + 10);
    assertEquals("0 / 0", figure("eventStream", "wrong"));
    assertTrue(note("eventStream").contains("none is missing"), note("eventStream"));
  }

  @Test
  void aCutWebSocketIsGoneFromTheServerAndComesBackWithoutLoss() {
    int before = open(Transport.WEBSOCKET);
    browser.click(lane("webSocket") + " [data-field=cut]");
    await("the server let go", () -> open(Transport.WEBSOCKET) == before - 1);
    browser.click(lane("webSocket") + " [data-field=cut]");
    await("it is back", () -> open(Transport.WEBSOCKET) == before);
    awaitLive("webSocket");
    // The figures are written once a second, and not before there is a message.
    int messages = number("webSocket", "messages");
    await("messages come again", () -> number("webSocket", "messages") > messages);
    assertEquals("0 / 0", figure("webSocket", "wrong"));
  }

  @Test
  void aStalledLaneAsksForNothingAndThenCatchesUp() {
    browser.click(lane("longPoll") + " [data-field=stall]");
    awaitState("longPoll", "stalled");
    nextReadings();
    int asked = requests("longPoll");
    int shown = number("longPoll", "messages");
    int others = number("webSocket", "messages");
    await("the others go on", () -> number("webSocket", "messages") > others + 12);
    // The figures are written once a second.
    assertTrue(number("longPoll", "messages") <= shown + 6, figure("longPoll", "messages"));
    assertTrue(requests("longPoll") <= asked + 1, "it goes on asking");
    await("it caught up", () -> number("longPoll", "messages") > shown + 12);
    assertEquals("0 / 0", figure("longPoll", "wrong"));
  }

  @Test
  void aPeerThatVanishesIsPingedAndGivenUpByTheServer() {
    int before = open(Transport.WEBSOCKET);
    browser.click(lane("webSocket") + " [data-field=vanish]");
    await("it is there", () -> open(Transport.WEBSOCKET) == before + 1);
    awaitTold(event -> saw(event, "-webSocket-gone", "ping"));
    awaitTold(event -> saw(event, "-webSocket-gone", "ended"));
    await("it is freed", () -> open(Transport.WEBSOCKET) == before);
    await("the page tells", () -> note("webSocket").contains("disconnected after"));
    assertTrue(note("webSocket").contains("ping sent after"), note("webSocket"));
    assertTrue(note("webSocket").contains("connection-lost"), note("webSocket"));
  }

  @Test
  void aLaneHopsThroughAllTransportsWithoutLoss() {
    int webSockets = open(Transport.WEBSOCKET);
    hop("longPoll");
    await("the server holds two long polls", () -> open(Transport.LONG_POLL) == 2);
    awaitText("#compare .values", "Poll (not in use)");
    awaitText("#compare .values", "Long poll (mean of 2 lanes)");
    hop("eventStream");
    await("the server holds two event streams", () -> open(Transport.EVENT_STREAM) == 2);
    hop("webSocket");
    await("one WebSocket more", () -> open(Transport.WEBSOCKET) == webSockets + 1);
    await("no event stream more", () -> open(Transport.EVENT_STREAM) == 1);
    hop("poll");
    await("no WebSocket more", () -> open(Transport.WEBSOCKET) == webSockets);
    assertEquals("0 / 0", figure("poll", "wrong"));
  }

  private void hop(String transport) {
    browser.click("#lane-poll [data-field=hop]");
    await(
        "it goes on by " + transport,
        () -> transport.equals(browser.css("#lane-poll").getAttribute("data-transport")));
    int before = number("poll", "messages");
    await("messages come by " + transport, () -> number("poll", "messages") > before + 3);
  }

  @Test
  void aFloodIsToldAsAGapToWhoWasAway() {
    double before = metric("switchboard_gaps_total");
    field("interval", "6");
    browser.click("#flood");
    awaitText("#bench-note", "Flood 1 of at most 3");
    with(30, "the page says who", () -> browser.text("#bench-note").matches(".*gap:.*\\bPoll.*"));
    assertTrue(note("poll").contains("messages are no longer kept"), note("poll"));
    assertTrue(metric("switchboard_gaps_total") > before, "the server counted it");
    assertEquals("0 / 0", figure("poll", "wrong"), "what is told is not lost");
    awaitLive("poll");
  }

  @Test
  void whatIsSaidOverALaneComesDownAllOfThem() {
    String text = "said by a test";
    String before = endOf("lab");
    browser.css("#chat-text").sendKeys(text + Keys.ENTER);
    await("it is there", () -> browser.text("#chat .said").contains(text));
    await("by four lanes", () -> browser.all("#chat .ways small").size() == 4);
    assertTrue(http.get("channels/lab?offset=" + before).body().contains(text), "the log has it");
    assertTrue(browser.text("#chat .receipt").startsWith("Accepted"), "it was taken");
  }

  @Test
  void theCrowdReadsByEachTransportAndIsMeasured() {
    for (String lane : LANES) {
      type("#crowd-" + lane, "5");
    }
    type("#crowd-seconds", "2");
    browser.click("#crowd [data-field=send]");
    with(60, "the server holds the crowd", () -> open(Transport.EVENT_STREAM) == 6);
    with(60, "the crowd is back", () -> browser.text("#crowd [data-field=state]").equals("done"));
    List<JsonObject> rows = crowdRows();
    assertEquals(6, rows.size(), rows.toString());
    for (JsonObject row : rows.subList(1, 5)) {
      assertEquals(5, row.getInt("connected"), row.toString());
      assertEquals(0, row.getInt("failures"), row.toString());
      // Five readers of five messages a second.
      double perSecond = row.getInt("messages") * 1000.0 / row.getInt("millis");
      assertTrue(perSecond > 15 && perSecond < 40, row.toString());
    }
    assertEquals(6, browser.all("#crowd tbody tr").size());
  }

  // Advice

  @Test
  void theAdvisorComputesAndRecommends() {
    Map<String, List<String>> cases = new LinkedHashMap<>();
    cases.put("poll", List.of("0.001", "60000", "none"));
    cases.put("webSocket", List.of("5", "500", "much"));
    cases.put("eventStream", List.of("5", "150", "none"));
    // Of 200 bytes an event costs about one and a half times a frame, as measured just now: which
    // of
    // the two is advised then hangs on whether frames came with one message or with two.
    type("#a-bytes", "1000");
    cases.forEach(
        (transport, need) -> {
          type("#a-rate", need.get(0));
          type("#a-latency", need.get(1));
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

  // Bad input

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
    int before = number("webSocket", "messages");
    field("interval", "-3");
    awaitText("#interval-error", expected.get("interval"));
    field("rate", "fast");
    awaitText("#rate-error", expected.get("rate"));
    type("#publish-channel", "a/b");
    type("#publish-json", "{oops");
    browser.click("#publish form button");
    awaitText("#publish-channel-error", expected.get("channel"));
    awaitText("#publish-json-error", expected.get("json"));
    assertEquals("true", browser.css("#publish-json").getAttribute("aria-invalid"));
    type("#publish-channel", "lab");
    browser.script(
        "document.querySelector('#publish-json').value = JSON.stringify('x'.repeat(1 << 20))");
    browser.click("#publish form button");
    awaitText("#publish-json-error", expected.get("long"));
    await("the lanes go on", () -> number("webSocket", "messages") > before + 3);
    assertEquals(5, setting("rate"), "nothing was set");
  }

  @Test
  void whatTheServerRefusesIsExplained() {
    type("#publish-channel", "never-made");
    type("#publish-json", "1");
    browser.click("#publish form button");
    awaitText("#publish-channel-error", "The channel does not exist");
    // A request that is refused is an error in the console of every browser.
    assertEquals(1, browser.complaints().size());
    browser.click("#publish [name=create]");
    browser.click("#publish form button");
    awaitText("#publish .receipt", "Accepted");
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

  // Who reads it, and on what

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
    browser.script("document.body.focus()");
    Set<String> reached = new TreeSet<>();
    browser.css("body").sendKeys(Keys.TAB);
    for (int i = 0; i < 90; i++) {
      WebElement focused = browser.focused();
      String name =
          (String)
              browser.script(
                  "const e = arguments[0]; return e.id || e.name || e.dataset.field || e.textContent",
                  focused);
      reached.add(name);
      focused.sendKeys(Keys.TAB);
    }
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
    source(20, 128);
    for (int width : new int[] {1440, 1024, 390, 360}) {
      boolean isDark = width == 1024 || width == 360;
      browser.screen(width, 844, isDark);
      openPage();
      await("something to see", () -> number("webSocket", "messages") > 20);
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

  // Helpers

  private static String lane(String key) {
    return "#lane-" + key;
  }

  private String figure(String lane, String name) {
    return browser.text(lane(lane) + " [data-figure=" + name + "] dd");
  }

  private int number(String lane, String name) {
    String digits = figure(lane, name).replaceAll("[^0-9.]", "");
    return digits.isEmpty() ? 0 : (int) Double.parseDouble(digits);
  }

  private String note(String lane) {
    return browser.text(lane(lane) + " .note");
  }

  private void awaitLive(String lane) {
    awaitState(lane, "live");
  }

  private void awaitState(String lane, String state) {
    await(
        lane + " is " + state,
        () ->
            Boolean.TRUE.equals(
                browser.script(
                    "return document.querySelector(arguments[0])?.dataset.state === arguments[1]",
                    lane(lane) + " [data-field=state]",
                    state)));
  }

  private void awaitText(String selector, String part) {
    await(selector + " says " + part, () -> browser.text(selector).contains(part));
  }

  /** As somebody types it: what was there is replaced. */
  private void type(String selector, String text) {
    WebElement input = browser.css(selector);
    input.sendKeys(Keys.chord(Keys.CONTROL, "a"), text);
  }

  private void field(String id, String text) {
    type("#" + id, text + Keys.TAB);
  }

  /** Waits until the lanes have what was published before. */
  private void quiet() {
    await(
        "the lanes have everything",
        () -> {
          int newest = number("webSocket", "messages");
          return List.of("longPoll", "eventStream").stream()
              .allMatch(lane -> number(lane, "messages") == newest);
        });
  }

  /** Waits for readings that are younger than now. */
  private void nextReadings() {
    for (int i = 0; i < 2; i++) {
      String time = newestReadings().getString("time");
      await("new readings", () -> !newestReadings().getString("time").equals(time));
    }
  }

  private void source(double rate, int bytes) {
    Http.Answer answer =
        http.send(
            http.request("lab/api/source?rate=" + rate + "&bytes=" + bytes)
                .PUT(BodyPublishers.noBody()));
    assertEquals(200, answer.status(), answer.body());
  }

  private JsonObject state() {
    return http.get("lab/api").problem();
  }

  private double setting(String name) {
    return state().getJsonObject("source").getJsonNumber(name).doubleValue();
  }

  private int published() {
    return state().getJsonObject("source").getInt("published");
  }

  private List<JsonObject> crowdRows() {
    return state().getJsonObject("crowd").getJsonArray("rows").getValuesAs(JsonObject.class);
  }

  private int requests(String transport) {
    return newestReadings().getJsonObject("requests").getInt(transport);
  }

  private static boolean saw(JsonObject event, String label, String what) {
    return event.getString("kind").equals("wire")
        && event.getString("label").contains(label)
        && event.getString("saw").equals(what);
  }

  private void awaitTold(java.util.function.Predicate<JsonObject> event) {
    await(
        "the server tells",
        () -> {
          Http.Answer answer = http.get("channels/lab-told?offset=" + told);
          answer.messages().forEach(news -> events.add(news.asJsonObject()));
          told = answer.next();
          return events.stream().anyMatch(event);
        });
  }

  private static void with(int seconds, String what, Callable<Boolean> condition) {
    org.awaitility.Awaitility.with()
        .dontCatchUncaughtExceptions()
        .await(what)
        .atMost(java.time.Duration.ofSeconds(seconds))
        .until(condition);
  }

  /** Where a channel ends now. */
  private String endOf(String channel) {
    return http.send(http.request("channels/" + channel).method("HEAD", BodyPublishers.noBody()))
        .next();
  }
}
