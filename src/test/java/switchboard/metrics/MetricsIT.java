package switchboard.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import org.junit.jupiter.api.Test;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

class MetricsIT extends ServerTest {

  @Test
  void countsWhoListensAndWhatIsSent() {
    String channel = newChannel();
    double before = metric("switchboard_messages_out_total{transport=\"eventStream\"}");
    try (Reader reader = eventStream(channel)) {
      await("it listens", () -> subscriptions() == 1);
      assertEquals(1, open(Transport.EVENT_STREAM));
      await("the ticker tells of it", () -> openByTicker() == 1);
      http.append(channel, "[1,2,3]");
      await("it hears", () -> reader.heard().size() == 3);
      double sent = metric("switchboard_messages_out_total{transport=\"eventStream\"}") - before;
      assertEquals(3, sent);
    }
    await("nobody listens", () -> subscriptions() == 0);
    await("the ticker tells of it", () -> openByTicker() == 0);
  }

  private int openByTicker() {
    return newestReadings().getJsonObject("open").getInt(Transport.EVENT_STREAM.key());
  }

  private double subscriptions() {
    return metric("switchboard_subscriptions{transport=\"eventStream\"}");
  }

  @Test
  void countsRefusalsByTheirEnding() {
    String name = "switchboard_endings_total{ending=\"unknown-channel\"}";
    double before = metric(name);
    http.get("channels/nobody");
    http.get("channels/nobody?offset=now&live=sse");
    assertEquals(before + 2, metric(name));
  }

  @Test
  void saysThatItIsLiveAndReady() {
    for (String question : new String[] {"live", "ready"}) {
      Http.Answer answer = http.get("health/" + question);
      assertEquals(200, answer.status(), answer.body());
      assertEquals("UP", answer.problem().getString("status"));
    }
  }

  @Test
  void tellsMicroProfileHealthTheSameWhereTheServerHasIt() {
    Http.Answer answer = http.send(http.request("/health"));
    boolean hasMicroProfile = answer.status() == 200 && answer.body().contains("checks");
    org.junit.jupiter.api.Assumptions.assumeTrue(hasMicroProfile, "no MicroProfile Health here");
    JsonObject health = answer.problem();
    assertTrue(health.toString().contains("switchboard-live"), health.toString());
    assertTrue(health.toString().contains("switchboard-ready"), health.toString());
  }

  private Reader eventStream(String channel) {
    return Reader.eventStream(http.channel(channel, ""), "-1");
  }
}
