package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import switchboard.testing.Http;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** The server's half of the lab, without a browser. */
class LabIT extends ServerTest {

  private static final String CROWD = "crowd?seconds=1&pollInterval=1&wait=1";

  private Http.Answer put(String path) {
    return http.send(http.request("lab/api/" + path).PUT(BodyPublishers.noBody()));
  }

  @Test
  void theSourcePublishesNumberedMessagesOfTheSizeThatIsSet() {
    assertEquals(200, put("source?rate=20&bytes=300").status());
    try (Reader reader = Reader.eventStream(http.channel("lab", ""), "now")) {
      await("messages", () -> reader.heard().size() >= 20);
      List<String> heard = reader.heard().stream().map(Object::toString).toList();
      assertTrue(heard.stream().allMatch(one -> one.length() == 300), heard.get(0));
    }
  }

  private int published() {
    return http.get("lab/api").problem().getJsonObject("source").getInt("published");
  }

  @Test
  void aFloodIsMoreThanTheLogKeepsAndStaysInOrder() {
    put("source?rate=50&bytes=80");
    String before = endOf("lab");
    int published = published();
    JsonObject flood = put("flood").problem();
    assertTrue(flood.getInt("published") > flood.getInt("kept"), flood.toString());
    await("gone", () -> http.get("channels/lab?offset=" + before).status() == 410);
    Http.Answer gone = http.get("channels/lab?offset=" + before);
    int last = 0;
    String offset = gone.next();
    while (offset != null) {
      Http.Answer page = http.get("channels/lab?offset=" + offset);
      if (page.status() == 410) {
        last = 0; // the source has gone on meanwhile, and the log forgot the oldest
        offset = page.next();
        continue;
      }
      for (JsonObject message : page.messages().getValuesAs(JsonObject.class)) {
        assertTrue(last == 0 || message.getInt("n") == last + 1, message + " after " + last);
        last = message.getInt("n");
      }
      offset = page.header("Stream-Up-To-Date") == null ? page.next() : null;
    }
    assertTrue(last > 0, "nothing was read");
    await("it is over", () -> published() >= published + flood.getInt("published"));
    put("source?rate=2&bytes=128");
  }

  @Test
  void whatIsOutOfBoundsIsRefusedQuotingIt() {
    Map<String, String> cases =
        Map.ofEntries(
            Map.entry("source", "rate is missing"),
            Map.entry("source?rate=fast&bytes=128", "rate \"fast\""),
            Map.entry("source?rate=NaN&bytes=128", "rate \"NaN\""),
            Map.entry("source?rate=-1&bytes=128", "rate \"-1\""),
            Map.entry("source?rate=1e9&bytes=128", "rate \"1e9\""),
            Map.entry("source?rate=1&bytes=1.5", "bytes \"1.5\""),
            Map.entry("source?rate=1&bytes=99999999999", "bytes \"99999999999\""),
            Map.entry("vanish", "transport is missing"),
            Map.entry("vanish?transport=pigeon&label=a", "transport \"pigeon\""),
            Map.entry("vanish?transport=poll&label=a", "keeps no connection open"),
            Map.entry("vanish?transport=webSocket", "label is missing"),
            Map.entry("vanish?transport=webSocket&label=a%0d%0ab", "label \"a\r\nb\""),
            Map.entry("vanish?transport=webSocket&label=" + "a".repeat(41), "label \"aaa"),
            Map.entry("crowd", "seconds is missing"),
            Map.entry(CROWD + "&poll=-1", "poll \"-1\""),
            Map.entry(CROWD + "&poll=101", "whole number of 0 to 100"),
            Map.entry("crowd?seconds=31&pollInterval=1&wait=1", "seconds \"31\""),
            Map.entry("crowd?seconds=1&pollInterval=0&wait=1", "pollInterval \"0\""),
            Map.entry("crowd?seconds=1&pollInterval=1&wait=61", "wait \"61\""));
    cases.forEach(
        (path, expected) -> {
          Http.Answer answer = put(path);
          assertEquals(400, answer.status(), path);
          assertEquals(
              "urn:switchboard:problem:bad-parameter", answer.problem().getString("type"), path);
          String detail = answer.problem().getString("detail");
          assertTrue(detail.contains(expected), path + ": " + detail);
        });
    assertEquals(
        400,
        http.get("channels/lab?offset=now&watch=a%20b").status(),
        "a label that cannot be told");
  }

  @Test
  void nothingIsChangedByWhatAnotherSitesPageCanSend() {
    for (String path : List.of("source?rate=50&bytes=80", "flood", "vanish", "crowd")) {
      Http.Answer answer = http.send(http.request("lab/api/" + path).POST(BodyPublishers.noBody()));
      assertEquals(405, answer.status(), path);
    }
  }

  @Test
  void whoAsksToBeWatchedIsToldOfAndOthersAreNot() {
    String told = endOf("lab-told");
    for (String name : List.of("&watch=somebody", "")) {
      http.get("channels/lab?offset=now&live=long-poll" + name);
    }
    await(
        "it is told",
        () -> http.get("channels/lab-told?offset=" + told).body().contains("\"ended\""));
    String all = http.get("channels/lab-told?offset=" + told).body();
    assertTrue(all.contains("\"label\":\"somebody\""), all);
    assertEquals(1, all.split("\"opened\"", -1).length - 1, all);
  }

  /** Where a channel ends now. */
  private String endOf(String channel) {
    return http.send(http.request("channels/" + channel).method("HEAD", BodyPublishers.noBody()))
        .next();
  }
}
