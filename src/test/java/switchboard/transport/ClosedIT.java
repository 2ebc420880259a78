package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The WAR as it is packaged, with no setting that says who may do what: nobody may do anything. */
@ExtendWith(ArquillianExtension.class)
class ClosedIT {

  private final Http http = new Http(URI.create("http://127.0.0.1:18080/switchboard/"));

  @Deployment(testable = false)
  public static WebArchive war() {
    return ServerTest.packagedWar();
  }

  private static void assertRefused(Http.Answer answer) {
    assertEquals(403, answer.status(), answer.body());
    assertEquals(
        "urn:switchboard:problem:forbidden", answer.problem().getString("type"), answer.body());
  }

  // The ticker's channel exists: the application itself is not asked.
  @ParameterizedTest
  @ValueSource(strings = {"ticker", "no-such-channel", "auto-made"})
  void nobodyReadsByAnyTransportWhetherTheChannelExistsOrNot(String channel) throws Exception {
    for (String query :
        List.of("?offset=-1", "?offset=-1&live=long-poll", "?offset=-1&live=sse", "")) {
      assertRefused(http.get("channels/" + channel + query));
    }
    for (String live : List.of("", "&live=long-poll", "&live=sse")) {
      assertRefused(http.get("channels?channel=" + channel + "@-1" + live));
    }
    assertEquals(
        403,
        http.send(http.request("channels/" + channel).method("HEAD", BodyPublishers.noBody()))
            .status());
    try (RawFrames frames = RawFrames.connect(http.channel(channel, "?offset=-1"))) {
      assertEquals(4403, frames.closeCode());
      assertEquals(1, frames.heard().size(), frames.heard().toString());
      assertTrue(frames.heard().get(0).contains("urn:switchboard:problem:forbidden"));
    }
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      frames.send("{\"id\":1,\"subscribe\":\"%s\",\"offset\":\"-1\"}".formatted(channel));
      frames.send("{\"id\":2,\"channel\":\"%s\",\"append\":1}".formatted(channel));
      ServerTest.await("both are answered", () -> frames.heard().size() == 3);
      for (String answer : frames.heard().subList(1, 3)) {
        assertTrue(answer.contains("urn:switchboard:problem:forbidden"), answer);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ticker", "no-such-channel", "auto-made"})
  void nobodyAppendsCreatesOrDeletes(String channel) {
    assertRefused(http.append(channel, "1"));
    assertRefused(
        http.send(
            http.request("channels/" + channel)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.noBody())));
    assertRefused(http.delete(channel));
    assertRefused(
        http.send(
            http.request("channels/fork")
                .header("Stream-Forked-From", "/switchboard/channels/" + channel)
                .PUT(BodyPublishers.noBody())));
  }

  @Test
  void noSpellingOfThePathGetsAround() {
    for (String path :
        List.of(
            "channels//ticker?offset=-1",
            "channels/./ticker?offset=-1",
            "channels/x/../ticker?offset=-1",
            "channels/%74icker?offset=-1",
            "channels/ticker;a=b?offset=-1",
            "channels;a=b/ticker?offset=-1",
            "/switchboard//channels/ticker?offset=-1",
            "channels/ticker/?offset=-1",
            "channels/%2e/ticker?offset=-1",
            "channels/x%2f..%2fticker?offset=-1")) {
      Http.Answer answer = http.get(path);
      assertTrue(answer.status() >= 400, path + " was answered " + answer.status());
      assertTrue(!answer.body().contains("heapUsedBytes"), path);
    }
  }

  @Test
  void headersThatNameSomebodyNameNobody() {
    for (String header : List.of("Bearer x.y.z", "Basic YWRtaW46YWRtaW4=", "Bearer")) {
      assertRefused(
          http.send(http.request("channels/ticker?offset=-1").header("Authorization", header)));
    }
    assertRefused(
        http.send(
            http.request("channels/ticker?offset=-1").header("Cookie", "__Secure-switchboard=x")));
  }

  @Test
  void theLabIsClosedToo() {
    Http.Answer answer = http.get("lab/api");
    assertTrue(List.of(403, 404).contains(answer.status()), answer.body());
    Http.Answer flood =
        http.send(http.request("lab/api/flood").method("PUT", HttpRequest.BodyPublishers.noBody()));
    assertTrue(List.of(403, 404).contains(flood.status()), flood.body());
  }

  @Test
  void nothingIsDenied() {
    assertRefused(
        http.send(
            http.request("access/denials").POST(BodyPublishers.ofString("{\"sub\":\"alice\"}"))));
  }

  @Test
  void whoWatchesOverTheServerIsAnswered() {
    assertEquals(200, http.get("health/ready").status());
    assertEquals(200, http.get("metrics").status());
    assertTrue(Metrics.read(http, "switchboard_endings_total{ending=\"forbidden\"}") >= 0);
  }
}
