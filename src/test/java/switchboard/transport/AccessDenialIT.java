package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.Metrics;
import switchboard.testing.RawFrames;
import switchboard.testing.ServerTest;

/** A connection lasts as long as its token is good, and nobody has denied it. */
class AccessDenialIT extends AccessServerTest {

  private static String shortLived(String id, Duration left) {
    return Issuer.token().id(id).grant("orders-*", "read").expiresIn(left).sign();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void atItsExpiryAConnectionIsToldAndEnds(Transport transport) throws Exception {
    Duration left = Duration.ofSeconds(4);
    assertEnds(transport, shortLived("short", left), () -> {}, "token-expired");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aDeniedTokenEndsItsConnections(Transport transport) throws Exception {
    String id = UUID.randomUUID().toString();
    assertEnds(
        transport,
        shortLived(id, Duration.ofMinutes(5)),
        () -> deny("{\"jti\":\"" + id + "\"}"),
        "token-denied");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aDeniedSubjectsConnectionsEnd(Transport transport) throws Exception {
    String subject = "subject-" + UUID.randomUUID();
    String token = Issuer.token().subject(subject).grant("orders-*", "read").sign();
    assertEnds(transport, token, () -> deny("{\"sub\":\"" + subject + "\"}"), "token-denied");
  }

  private void deny(String json) {
    Http.Answer answer = http.send(as(admin, "access/denials").POST(BodyPublishers.ofString(json)));
    assertEquals(204, answer.status(), answer.body());
  }

  private void assertEnds(Transport transport, String token, Runnable then, String problem)
      throws Exception {
    String query = "?offset=now";
    String path = "channels/" + channel + query;
    switch (transport) {
      case POLL -> {
        assertEquals(200, http.send(as(token, path)).status());
        then.run();
        ServerTest.await(
            "refused", () -> http.send(as(token, path)).body().contains(PROBLEM + problem));
      }
      case LONG_POLL -> {
        CompletableFuture<HttpResponse<String>> held =
            Http.CLIENT.sendAsync(
                as(token, path + "&live=long-poll").header("Prefer", "wait=20").build(),
                BodyHandlers.ofString());
        ServerTest.await("held", () -> connections() == 1);
        then.run();
        Http.Answer answer =
            new Http.Answer(held.get(ServerTest.BOUND.toSeconds(), TimeUnit.SECONDS));
        assertRefused(401, problem, answer);
        assertTrue(answer.header("WWW-Authenticate").contains("invalid_token"));
      }
      case EVENT_STREAM -> {
        try (Stream stream = new Stream(as(token, path + "&live=sse"))) {
          ServerTest.await("open", () -> stream.text().contains("retry:"));
          then.run();
          ServerTest.await("ended", stream::hasEnded);
          assertTrue(stream.text().contains("event: ending\ndata:{"), stream.text());
          assertTrue(stream.text().contains(PROBLEM + problem), stream.text());
        }
      }
      case WEBSOCKET -> {
        try (RawFrames frames = socket(token, query)) {
          ServerTest.await("open", () -> !frames.heard().isEmpty());
          then.run();
          assertEquals(4401, frames.closeCode());
          assertTrue(said(frames, PROBLEM + problem), frames.heard().toString());
        }
      }
    }
    // Nobody is made anonymous: the next request with it is refused too.
    assertRefused(401, problem, http.send(as(token, path)));
  }

  private double connections() {
    return Metrics.read(http, "switchboard_connections");
  }

  @Test
  void aWebSocketGoesOnWithANewerTokenOfTheSameSubject() throws Exception {
    try (RawFrames frames = socket(shortLived("a", Duration.ofSeconds(4)), "?offset=now")) {
      long start = System.nanoTime();
      ServerTest.await("open", () -> !frames.heard().isEmpty());
      String bob = Issuer.token().subject("bob").grant("orders-*", "read").sign();
      frames.send("{\"id\":1,\"token\":\"%s\"}".formatted(bob));
      frames.send("{\"id\":2,\"token\":\"rubbish\"}");
      frames.send("{\"id\":3,\"token\":\"%s\"}".formatted(reader()));
      ServerTest.await("refreshed", () -> said(frames, "{\"id\":3,\"tokenExpiresAt\""));
      assertTrue(said(frames, "{\"id\":1,\"error\":{\"type\":\"" + PROBLEM + "forbidden"));
      assertTrue(said(frames, "{\"id\":2,\"error\":{\"type\":\"" + PROBLEM + "invalid-token"));
      ServerTest.await(
          "the first one has expired",
          () -> System.nanoTime() - start > TimeUnit.SECONDS.toNanos(6));
      append(channel, "\"after\"");
      ServerTest.await("it goes on", () -> said(frames, "\"messages\":[\"after\"]"));
    }
  }

  @Test
  void aNewerTokenThatGrantsLessEndsWhatItDoesNotGrant() throws Exception {
    String less = Issuer.token().grant("news", "read").sign();
    try (RawFrames frames = socket(reader(), "?offset=now")) {
      ServerTest.await("open", () -> !frames.heard().isEmpty());
      frames.send("{\"token\":\"%s\"}".formatted(less));
      assertEquals(4403, frames.closeCode());
    }
    try (RawFrames frames = RawFrames.connect(http.uri("channels"))) {
      frames.send("{\"token\":\"%s\"}".formatted(reader()));
      frames.send("{\"id\":1,\"subscribe\":\"%s\",\"offset\":\"-1\"}".formatted(channel));
      ServerTest.await("it listens", () -> said(frames, "\"messages\":[1]"));
      frames.send("{\"token\":\"%s\"}".formatted(less));
      ServerTest.await("it listens no more", () -> said(frames, PROBLEM + "forbidden"));
      append(channel, "\"unheard\"");
      frames.send("{\"id\":2,\"unsubscribe\":\"%s\"}".formatted(channel));
      ServerTest.await("an answer", () -> said(frames, "{\"id\":2"));
      assertFalse(said(frames, "unheard"), frames.heard().toString());
    }
  }

  @Test
  void onlyWhoMayDeniesAndSaysWhat() {
    String token = Issuer.token().grant("*", "read", "append", "create", "delete").sign();
    String some = Issuer.token().grant("orders-*", "deny").sign();
    for (String one : List.of(token, some)) {
      assertRefused(
          403,
          "forbidden",
          http.send(as(one, "access/denials").POST(BodyPublishers.ofString("{\"sub\":\"x\"}"))));
    }
    for (String body : List.of("", "[]", "{}", "{\"sub\":7}", "{\"sub\":\"a\",\"jti\":\"b\"}")) {
      assertRefused(
          400,
          "bad-message",
          http.send(as(admin, "access/denials").POST(BodyPublishers.ofString(body))));
    }
    assertEquals(405, http.send(as(admin, "access/denials")).status());
  }
}
