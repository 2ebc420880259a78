package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import switchboard.testing.EventStreamReader;
import switchboard.testing.Http;
import switchboard.testing.PollReader;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;
import switchboard.testing.WebSocketReader;

/** Who listens, by all four transports; the lease of those who poll is two seconds here. */
@Tag("adapters")
class PresenceIT extends ServerTest {

  private JsonObject presence(String channel) {
    Http.Answer answer = http.get("channels/" + channel + "/presence");
    assertEquals(200, answer.status(), answer.body());
    assertEquals("no-store", answer.header("Cache-Control"));
    return answer.problem();
  }

  private void awaitCounts(String channel, int poll, int longPoll, int stream, int socket) {
    String expected =
        "{\"poll\":%d,\"longPoll\":%d,\"eventStream\":%d,\"webSocket\":%d}"
            .formatted(poll, longPoll, stream, socket);
    await(
        expected + " are counted",
        () -> presence(channel).getJsonObject("transports").toString().equals(expected));
    assertEquals(poll + longPoll + stream + socket, presence(channel).getInt("present"));
  }

  @Test
  void eachTransportIsCountedWhileItsClientListensAndNoLonger() {
    String channel = newChannel();
    Reader stream = new EventStreamReader(http.channel(channel, ""), "-1");
    Reader first = new WebSocketReader(http.channel(channel, ""), "-1");
    Reader second = new WebSocketReader(http.channel(channel, ""), "now");
    Reader longPoll = PollReader.longPoll(http.channel(channel, ""), "-1");
    awaitCounts(channel, 0, 1, 1, 2);
    second.close();
    stream.close();
    // An event stream's client cannot say goodbye: the next comment finds out.
    awaitCounts(channel, 0, 1, 0, 1);
    first.vanish();
    longPoll.close();
    awaitCounts(channel, 0, 0, 0, 0);
  }

  @Test
  void whoPollsIsCountedOnceUntilItsNextPollIsOverdue() {
    String channel = newChannel();
    Runnable poll = () -> http.get("channels/" + channel + "?offset=-1");
    poll.run();
    poll.run();
    awaitCounts(channel, 1, 0, 0, 0);
    http.get("channels/" + channel + "?offset=-1&member=ann");
    assertEquals(2, presence(channel).getInt("present"));
    assertFalse(presence(channel).containsKey("members"), "this channel does not tell names");
    awaitCounts(channel, 0, 0, 0, 0);
  }

  @Test
  void namesAreToldWhereTheChannelSaysSoWhicheverTransportTheirClientsUse() {
    String channel = "auto-members-" + UUID.randomUUID();
    try (Reader stream = new EventStreamReader(http.channel(channel, "?member=eve"), "now");
        Reader socket = new WebSocketReader(http.channel(channel, "?member=will"), "now")) {
      http.send(
          http.request("channels?channel=" + channel + "@now&live=long-poll&member=lou")
              .header("Prefer", "wait=1"));
      http.get("channels/" + channel + "?offset=now&member=paul");
      await(
          "all are told",
          () ->
              presence(channel)
                  .getJsonArray("members")
                  .toString()
                  .equals("[\"eve\",\"lou\",\"paul\",\"will\"]"));
    }
  }

  @Test
  void whoComesAndLeavesIsHeardOnTheChannelBeside() {
    String channel = "auto-members-" + UUID.randomUUID();
    try (Reader changes = new WebSocketReader(http.channel(channel + "~presence", ""), "-1")) {
      try (Reader reader = new WebSocketReader(http.channel(channel, "?member=will"), "now")) {
        await("it is told", () -> changes.heard().size() == 1);
      }
      await("it is told again", () -> changes.heard().size() == 2);
      assertEquals(
          List.of(
              "{\"joined\":1,\"left\":0,\"present\":1,"
                  + "\"members\":{\"joined\":[\"will\"],\"left\":[]}}",
              "{\"joined\":0,\"left\":1,\"present\":0,"
                  + "\"members\":{\"joined\":[],\"left\":[\"will\"]}}"),
          changes.heard());
    }
  }

  @Test
  void aClientCannotSayWhoComesAndLeaves() {
    String beside = "auto-members-" + UUID.randomUUID() + "~presence";
    http.get("channels/" + beside + "?offset=-1"); // creates it
    Http.Answer answer = http.append(beside, "{\"joined\":9}");
    assertEquals(403, answer.status());
    assertTrue(answer.body().contains("only the server appends to this channel"), answer.body());
    HttpRequest.Builder put = http.request("channels/" + beside).PUT(BodyPublishers.noBody());
    assertEquals(403, http.send(put).status());
    assertEquals(200, http.get("channels/" + beside + "?offset=-1").status());
    assertEquals(204, http.append("auto-" + UUID.randomUUID() + "~presence", "1").status());
  }

  @Test
  void whatIsWrongIsTold() {
    assertEquals(404, http.get("channels/none-" + UUID.randomUUID() + "/presence").status());
    assertEquals(400, http.get("channels/a%20b/presence").status());
    String channel = newChannel();
    assertEquals(400, http.get("channels/" + channel + "?member=a%20b").status());
    Http.Answer append = http.append(channel + "/presence", "1");
    assertEquals(405, append.status());
    assertEquals("GET, HEAD, OPTIONS", append.header("Allow"));
    HttpRequest.Builder put =
        http.request("channels/" + channel + "/presence").PUT(BodyPublishers.noBody());
    assertEquals(405, http.send(put).status());
  }
}
