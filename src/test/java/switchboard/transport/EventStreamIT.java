package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Test;
import switchboard.channel.Transport;
import switchboard.testing.EventStreamReader;
import switchboard.testing.Http;
import switchboard.testing.Reader;

class EventStreamIT extends TransportContract {

  @Override
  Transport transport() {
    return Transport.EVENT_STREAM;
  }

  @Test
  void aClientThatDoesNotKnowResetEventsIsToldAGapByTheStatus() {
    String channel = newChannel();
    http.append(channel, "1");
    Http.Answer gone = http.get("channels/" + channel + "?offset=00000001_000000001&live=sse");
    assertEquals(410, gone.status());
    assertEquals("epoch", gone.problem().getJsonObject("reset").getString("reason"));
  }

  @Test
  void anEventSourceThatComesAgainAtTheEndOfAClosedChannelIsStopped() {
    String channel = newChannel();
    String end = http.append(channel, "1").next();
    http.send(
        http.request("channels/" + channel)
            .header("Stream-Closed", "true")
            .POST(BodyPublishers.noBody()));
    Http.Answer again =
        http.send(
            http.request("channels/" + channel + "?offset=-1")
                .header("Accept", "text/event-stream")
                .header("Last-Event-ID", end));
    assertEquals(204, again.status());
  }

  @Test
  void firstBytesComeAtOnceAndProxiesAreAskedNotToHoldThemBack() {
    String channel = newChannel();
    http.put(channel + "-closed", "application/json");
    http.send(
        http.request("channels/" + channel + "-closed")
            .header("Stream-Closed", "true")
            .POST(BodyPublishers.noBody()));
    Http.Answer stream = http.get("channels/" + channel + "-closed?offset=-1&live=sse");
    assertEquals("text/event-stream", stream.header("Content-Type"));
    assertEquals("no", stream.header("X-Accel-Buffering"));
    assertTrue(stream.header("Cache-Control").contains("no-transform"));
    assertTrue(stream.body().startsWith("retry: "), stream.body());
    assertTrue(stream.body().contains("\"streamClosed\":true"), stream.body());
  }

  @Override
  Reader open(URI channel, String offset) {
    return new EventStreamReader(channel, offset);
  }
}
