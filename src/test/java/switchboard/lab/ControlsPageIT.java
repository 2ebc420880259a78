package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static switchboard.lab.LabPage.LANES;
import static switchboard.lab.LabPage.lane;

import jakarta.json.JsonObject;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import switchboard.channel.Transport;

/** What the controls of the lab's page do, and what the server saw of it. */
class ControlsPageIT extends LabPageTest {

  @Test
  void rateAndSizeAreWhatTheServerPublishes() {
    page.field("rate", "20");
    page.field("bytes", "400");
    await("the server took them", () -> page.setting("rate") == 20 && page.setting("bytes") == 400);
    int before = page.number("webSocket", "messages");
    await("they come", () -> page.number("webSocket", "messages") > before + 60);
    await("they are larger", () -> page.number("webSocket", "down") > 400);
  }

  @Test
  void thePollIntervalIsHowOftenTheServerIsAsked() {
    page.field("interval", "0.5");
    browser.click("#anew");
    int before = requests("poll");
    await("many polls", () -> page.number("poll", "requests") >= 12);
    // The test itself polls for the readings.
    assertTrue(requests("poll") - before >= 12, "the server counted them, too");
  }

  @Test
  void aLongPollIsHeldAsLongAsIsSet() {
    page.field("wait", "1"); // while messages still end the long polls that wait longer
    page.source(0.1, 128);
    int before = newestReadings().getJsonObject("empty").getInt("longPoll");
    browser.click("#anew");
    await("useless answers", () -> page.number("longPoll", "useless") >= 4);
    await(
        "the server counted them, too",
        () -> newestReadings().getJsonObject("empty").getInt("longPoll") - before >= 4);
  }

  @Test
  void aCutEventStreamIsGoneFromTheServerAndComesBackWithoutLoss() {
    await("it is there", () -> open(Transport.EVENT_STREAM) == 1);
    browser.click(lane("eventStream") + " [data-field=cut]");
    page.awaitState("eventStream", "cut");
    await("the server let go", () -> open(Transport.EVENT_STREAM) == 0);
    page.awaitTold(event -> saw(event, "-eventStream-", "ended"));
    int before = page.number("eventStream", "messages");
    await("the others go on", () -> page.number("webSocket", "messages") > before + 10);
    browser.click(lane("eventStream") + " [data-field=cut]");
    await("it is back", () -> open(Transport.EVENT_STREAM) == 1);
    await("what it missed is there", () -> page.number("eventStream", "messages") > before + 10);
    assertEquals("0 / 0", page.figure("eventStream", "wrong"));
    assertTrue(page.note("eventStream").contains("None is missing"), page.note("eventStream"));
  }

  @Test
  void aCutWebSocketIsGoneFromTheServerAndComesBackWithoutLoss() {
    int before = open(Transport.WEBSOCKET);
    browser.click(lane("webSocket") + " [data-field=cut]");
    await("the server let go", () -> open(Transport.WEBSOCKET) == before - 1);
    browser.click(lane("webSocket") + " [data-field=cut]");
    await("it is back", () -> open(Transport.WEBSOCKET) == before);
    page.awaitLive("webSocket");
    // The figures are written once a second, and not before there is a message.
    int messages = page.number("webSocket", "messages");
    await("messages come again", () -> page.number("webSocket", "messages") > messages);
    assertEquals("0 / 0", page.figure("webSocket", "wrong"));
  }

  @Test
  void aStalledLaneAsksForNothingAndThenCatchesUp() {
    browser.click(lane("longPoll") + " [data-field=stall]");
    page.awaitState("longPoll", "stalled");
    nextReadings();
    int asked = requests("longPoll");
    int shown = page.number("longPoll", "messages");
    int others = page.number("webSocket", "messages");
    await("the others go on", () -> page.number("webSocket", "messages") > others + 12);
    // The figures are written once a second.
    assertTrue(
        page.number("longPoll", "messages") <= shown + 6, page.figure("longPoll", "messages"));
    assertTrue(requests("longPoll") <= asked + 1, "it goes on asking");
    await("it caught up", () -> page.number("longPoll", "messages") > shown + 12);
    assertEquals("0 / 0", page.figure("longPoll", "wrong"));
  }

  @Test
  void aPeerThatVanishesIsPingedAndGivenUpByTheServer() {
    int before = open(Transport.WEBSOCKET);
    browser.click(lane("webSocket") + " [data-field=vanish]");
    await("it is there", () -> open(Transport.WEBSOCKET) == before + 1);
    page.awaitTold(event -> saw(event, "-webSocket-gone", "ping"));
    page.awaitTold(event -> saw(event, "-webSocket-gone", "ended"));
    await("it is freed", () -> open(Transport.WEBSOCKET) == before);
    await("the page tells", () -> page.note("webSocket").contains("disconnected after"));
    assertTrue(page.note("webSocket").contains("ping sent after"), page.note("webSocket"));
    assertTrue(page.note("webSocket").contains("connection-lost"), page.note("webSocket"));
  }

  @Test
  void aLaneHopsThroughAllTransportsWithoutLoss() {
    int webSockets = open(Transport.WEBSOCKET);
    hop("longPoll");
    await("the server holds two long polls", () -> open(Transport.LONG_POLL) == 2);
    page.awaitText("#compare .values", "Poll (not in use)");
    page.awaitText("#compare .values", "Long poll (mean of 2 lanes)");
    hop("eventStream");
    await("the server holds two event streams", () -> open(Transport.EVENT_STREAM) == 2);
    hop("webSocket");
    await("one WebSocket more", () -> open(Transport.WEBSOCKET) == webSockets + 1);
    await("no event stream more", () -> open(Transport.EVENT_STREAM) == 1);
    hop("poll");
    await("no WebSocket more", () -> open(Transport.WEBSOCKET) == webSockets);
    assertEquals("0 / 0", page.figure("poll", "wrong"));
  }

  private void hop(String transport) {
    browser.click("#lane-poll [data-field=hop]");
    await(
        "it goes on by " + transport,
        () -> transport.equals(browser.css("#lane-poll").getAttribute("data-transport")));
    int before = page.number("poll", "messages");
    await("messages come by " + transport, () -> page.number("poll", "messages") > before + 3);
  }

  @Test
  void aFloodIsToldAsAGapToWhoWasAway() {
    double before = metric("switchboard_gaps_total");
    page.field("interval", "6");
    browser.click("#flood");
    page.awaitText("#bench-note", "Flood 1 of at most 3");
    with(30, "the page says who", () -> browser.text("#bench-note").matches(".*gap:.*\\bPoll.*"));
    assertTrue(page.note("poll").contains("messages are no longer kept"), page.note("poll"));
    assertTrue(metric("switchboard_gaps_total") > before, "the server counted it");
    assertEquals("0 / 0", page.figure("poll", "wrong"), "what is told is not lost");
    page.awaitLive("poll");
  }

  @Test
  void whatIsSaidOverALaneComesDownAllOfThem() {
    String text = "said by a test";
    String before = page.endOf("lab");
    browser.css("#chat-text").sendKeys(text + Keys.ENTER);
    await("it is there", () -> browser.text("#chat .said").contains(text));
    await("by four lanes", () -> browser.all("#chat .ways small").size() == 4);
    assertTrue(http.get("channels/lab?offset=" + before).body().contains(text), "the log has it");
    assertTrue(browser.text("#chat .receipt").startsWith("Accepted"), "it was taken");
  }

  @Test
  void theCrowdReadsByEachTransportAndIsMeasured() {
    for (String lane : LANES) {
      page.type("#crowd-" + lane, "5");
    }
    page.type("#crowd-seconds", "2");
    browser.click("#crowd [data-field=send]");
    with(60, "the server holds the crowd", () -> open(Transport.EVENT_STREAM) == 6);
    with(60, "the crowd is back", () -> browser.text("#crowd [data-field=state]").equals("done"));
    List<JsonObject> rows = page.crowdRows();
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

  private static boolean saw(JsonObject event, String label, String what) {
    return event.getString("kind").equals("wire")
        && event.getString("label").contains(label)
        && event.getString("saw").equals(what);
  }

  private static void with(int seconds, String what, Callable<Boolean> condition) {
    org.awaitility.Awaitility.with()
        .dontCatchUncaughtExceptions()
        .await(what)
        .atMost(java.time.Duration.ofSeconds(seconds))
        .until(condition);
  }
}
