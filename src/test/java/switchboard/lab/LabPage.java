package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static switchboard.testing.ServerTest.await;

import jakarta.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import switchboard.testing.Browser;
import switchboard.testing.Http;

/** The Transport lab as a test uses it: its lanes and fields, and what the server says of it. */
final class LabPage {

  static final List<String> LANES = List.of("poll", "longPoll", "eventStream", "webSocket");

  private final Browser browser;
  private final Http http;
  private final List<JsonObject> events = new ArrayList<>();
  private String told;

  LabPage(Browser browser, Http http) {
    this.browser = browser;
    this.http = http;
    told = endOf("lab-told");
  }

  /** Opens it anew and waits until all lanes hear the server. */
  void open() {
    browser.open(http.uri("").toString());
    LANES.forEach(this::awaitLive);
  }

  static String lane(String key) {
    return "#lane-" + key;
  }

  String figure(String lane, String name) {
    return browser.text(lane(lane) + " [data-figure=" + name + "] dd");
  }

  int number(String lane, String name) {
    String digits = figure(lane, name).replaceAll("[^0-9.]", "");
    return digits.isEmpty() ? 0 : (int) Double.parseDouble(digits);
  }

  String note(String lane) {
    return browser.text(lane(lane) + " .note");
  }

  void awaitLive(String lane) {
    awaitState(lane, "live");
  }

  void awaitState(String lane, String state) {
    await(
        lane + " is " + state,
        () ->
            Boolean.TRUE.equals(
                browser.script(
                    "return document.querySelector(arguments[0])?.dataset.state === arguments[1]",
                    lane(lane) + " [data-field=state]",
                    state)));
  }

  void awaitText(String selector, String part) {
    await(selector + " says " + part, () -> browser.text(selector).contains(part));
  }

  /** As somebody types it: what was there is replaced. */
  void type(String selector, String text) {
    WebElement input = browser.css(selector);
    input.sendKeys(Keys.chord(Keys.CONTROL, "a"), text);
  }

  void field(String id, String text) {
    type("#" + id, text + Keys.TAB);
  }

  /** Waits until the lanes have what was published before. */
  void quiet() {
    await(
        "the lanes have everything",
        () -> {
          int newest = number("webSocket", "messages");
          return List.of("longPoll", "eventStream").stream()
              .allMatch(lane -> number(lane, "messages") == newest);
        });
  }

  void source(double rate, int bytes) {
    Http.Answer answer =
        http.send(
            http.request("lab/api/source?rate=" + rate + "&bytes=" + bytes)
                .PUT(BodyPublishers.noBody()));
    assertEquals(200, answer.status(), answer.body());
  }

  JsonObject state() {
    return http.get("lab/api").problem();
  }

  double setting(String name) {
    return state().getJsonObject("source").getJsonNumber(name).doubleValue();
  }

  int published() {
    return state().getJsonObject("source").getInt("published");
  }

  List<JsonObject> crowdRows() {
    return state().getJsonObject("crowd").getJsonArray("rows").getValuesAs(JsonObject.class);
  }

  void awaitTold(java.util.function.Predicate<JsonObject> event) {
    await(
        "the server tells",
        () -> {
          Http.Answer answer = http.get("channels/lab-told?offset=" + told);
          answer.messages().forEach(news -> events.add(news.asJsonObject()));
          told = answer.next();
          return events.stream().anyMatch(event);
        });
  }

  /** Where a channel ends now. */
  String endOf(String channel) {
    return http.send(http.request("channels/" + channel).method("HEAD", BodyPublishers.noBody()))
        .next();
  }
}
