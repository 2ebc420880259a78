package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.channel.Transport;
import switchboard.testing.Certificates;
import switchboard.testing.ClosingRelay;
import switchboard.testing.Http;
import switchboard.testing.Programs;
import switchboard.testing.RawSocket;
import switchboard.testing.Reader;
import switchboard.testing.RunningProxy;
import switchboard.testing.ServerTest;

/** The real nginx and HAProxy in front, with the configurations of {@code deploy}. */
class ProxyIT extends ServerTest {

  private RunningProxy proxy;

  static Stream<Arguments> kindsAndTransports() {
    return Stream.of(RunningProxy.Kind.values())
        .flatMap(
            kind -> Stream.of(Transport.values()).map(transport -> Arguments.of(kind, transport)));
  }

  private Http start(RunningProxy.Kind kind) throws Exception {
    return start(kind, "server");
  }

  private Http start(RunningProxy.Kind kind, String certificate) throws Exception {
    Programs.require(kind.program());
    proxy = RunningProxy.start(kind, http.root().getPort(), certificate);
    return new Http(URI.create("https://127.0.0.1:" + RunningProxy.TLS_PORT + "/switchboard/"));
  }

  @AfterEach
  void stop() {
    if (proxy != null) {
      proxy.close();
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("kindsAndTransports")
  void everyTransportHearsEachMessageAtOnceBehindAProxyThatSpeaksTls(
      RunningProxy.Kind kind, Transport transport) throws Exception {
    Http outside = start(kind);
    String channel = newChannel();
    try (Reader reader =
        HandOverIT.OPENERS.get(transport).open(outside.channel(channel, ""), "-1")) {
      // Each before the next is said: a buffer on the way would hold the first.
      for (int i = 1; i <= 10; i++) {
        assertEquals(204, outside.append(channel, Integer.toString(i)).status());
        TransportContract.awaitHeard(reader, TransportContract.numbers(1, i));
      }
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("kindsAndTransports")
  void aReloadOfTheProxyLosesAndRepeatsNothing(RunningProxy.Kind kind, Transport transport)
      throws Exception {
    Http outside = start(kind);
    String channel = newChannel();
    int count = 200;
    CompletableFuture<Void> publisher = publishInBackground(channel, count);
    List<String> heard = new ArrayList<>();
    String offset = "-1";
    boolean isReloaded = false;
    while (heard.size() < count) {
      try (Reader reader =
          HandOverIT.OPENERS.get(transport).open(outside.channel(channel, ""), offset)) {
        if (!isReloaded) {
          await("some are heard", () -> messages(reader).size() >= 20);
          proxy.reload();
          isReloaded = true;
        }
        int known = heard.size();
        await(
            "the rest, or the end",
            () -> isOver(reader) || messages(reader).size() >= count - known);
        synchronized (reader) {
          heard.addAll(messages(reader));
          offset = reader.offset();
        }
      }
    }
    publisher.join();
    assertEquals(TransportContract.numbers(1, count), heard);
  }

  // What a reader notes beside messages is how its connection ended.
  private static List<String> messages(Reader reader) {
    return reader.heard().stream().filter(heard -> heard.matches("[0-9]+")).toList();
  }

  private static boolean isOver(Reader reader) {
    return reader.heard().stream().anyMatch(heard -> !heard.matches("[0-9]+"));
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void requestsGoToAllNodesInTurn(RunningProxy.Kind kind) throws Exception {
    Http outside = start(kind);
    String channel = newChannel();
    for (int i = 1; i <= 10; i++) {
      outside.append(channel, Integer.toString(i));
    }
    assertEquals(10, outside.get("channels/" + channel + "?offset=-1").messages().size());
    int second = proxy.postsToSecondNode();
    assertTrue(second >= 4 && second <= 6, second + " of 10");
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void whereAChannelIsIsSaidAsTheClientKnowsIt(RunningProxy.Kind kind) throws Exception {
    Http outside = start(kind);
    String name = newChannel() + "-2";
    HttpResponse<String> created = outside.put(name, "application/json");
    assertEquals(201, created.statusCode());
    assertEquals(
        outside.channel(name, "").toString(), created.headers().firstValue("Location").get());
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void whatAClientForwardsForItselfDoesNotComeThrough(RunningProxy.Kind kind) throws Exception {
    Http outside = start(kind);
    String name = newChannel() + "-2";
    HttpResponse<String> created =
        outside
            .send(
                outside
                    .request("channels/" + name)
                    .header("Forwarded", "for=6.6.6.6;host=evil.test;proto=http")
                    .header("X-Forwarded-Host", "evil.test")
                    .header("Content-Type", "application/json")
                    .PUT(HttpRequest.BodyPublishers.noBody()))
            .response();
    assertEquals(
        outside.channel(name, "").toString(), created.headers().firstValue("Location").get());
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void whoeverComesWithoutTlsIsSentToHttps(RunningProxy.Kind kind) throws Exception {
    start(kind);
    HttpResponse<Void> answer =
        Http.CLIENT.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:%d/switchboard/?a=b".formatted(RunningProxy.PORT)))
                .build(),
            BodyHandlers.discarding());
    assertEquals(308, answer.statusCode());
    String location = answer.headers().firstValue("Location").get();
    assertTrue(location.matches("https://127\\.0\\.0\\.1(:[0-9]+)?/switchboard/\\?a=b"), location);
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void aCertificateThatIsExpiredIsRefusedByTheClientWithTheReason(RunningProxy.Kind kind)
      throws Exception {
    Http outside = start(kind, "expired");
    assertTrue(refusal(outside).contains("NotAfter"), refusal(outside));
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void aCertificateForAnotherNameIsRefusedByTheClientWithTheReason(RunningProxy.Kind kind)
      throws Exception {
    Http outside = start(kind, "stranger");
    assertTrue(refusal(outside).contains("subject alternative names"), refusal(outside));
  }

  private static String refusal(Http outside) {
    SSLHandshakeException refusal =
        assertThrows(
            SSLHandshakeException.class,
            () ->
                Http.CLIENT.send(
                    HttpRequest.newBuilder(outside.root()).build(), BodyHandlers.discarding()));
    StringBuilder all = new StringBuilder();
    for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
      all.append(cause.getMessage()).append('\n');
    }
    return all.toString();
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void aProxyWithoutItsCertificateDoesNotStartAndNamesTheFile(RunningProxy.Kind kind)
      throws Exception {
    Programs.require(kind.program());
    String said = RunningProxy.refusesToStart(kind, http.root().getPort());
    assertTrue(said.contains("missing.pem"), said);
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void anAppendIsNotLostWhileTheServerClosesAnIdleConnection(RunningProxy.Kind kind)
      throws Exception {
    Programs.require(kind.program());
    try (ClosingRelay server = new ClosingRelay(http.root().getPort())) {
      // It closes after a twentieth of Payara's time, and so nginx must after a twentieth of its
      // own.
      proxy =
          RunningProxy.start(
              kind,
              server.port(),
              "server",
              text -> text.replace("keepalive_timeout 20s", "keepalive_timeout 1s"));
      Http outside =
          new Http(URI.create("https://127.0.0.1:" + RunningProxy.TLS_PORT + "/switchboard/"));
      String channel = newChannel();
      assertEquals(List.of(204), appendAtOnce(outside, channel));
      await("all are closed, or one closes", () -> server.isUnused() || server.isClosing());
      assertEquals(List.of(204), appendAtOnce(outside, channel));
      assertEquals(32, http.get("channels/" + channel + "?offset=-1").messages().size());
    }
  }

  /** The statuses that 16 appends get which come at the same time. */
  private static List<Integer> appendAtOnce(Http outside, String channel) {
    ExecutorService clients = Executors.newFixedThreadPool(16);
    try {
      return Stream.generate(
              () ->
                  CompletableFuture.supplyAsync(
                      () -> outside.append(channel, "1").status(), clients))
          .limit(16)
          .toList()
          .stream()
          .map(CompletableFuture::join)
          .distinct()
          .toList();
    } finally {
      clients.shutdown();
    }
  }

  @ParameterizedTest
  @EnumSource(RunningProxy.Kind.class)
  void nothingButAWebSocketIsUpgradedThroughAProxy(RunningProxy.Kind kind) throws Exception {
    start(kind);
    String handshake =
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            + "HTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n";
    String channel = newChannel();
    for (String upgrade :
        List.of(
            "h2c",
            "H2C",
            "h2c, websocket",
            "websocket, h2c",
            "h2c\r\nUpgrade: websocket",
            "TLS/1.0",
            "websocket/1",
            "foo")) {
      String status = status(channel, handshake + "Upgrade: " + upgrade + "\r\n");
      assertTrue(status.matches("HTTP/1.1 [2-5]0.*"), upgrade + ": " + status);
    }
    String status = status(channel, handshake + "Upgrade: WebSocket\r\n");
    assertTrue(status.startsWith("HTTP/1.1 101"), status);
  }

  /** The first line of what a GET is answered through the proxy. */
  private static String status(String channel, String headers) throws IOException {
    try (Socket socket =
        Certificates.trusting()
            .getSocketFactory()
            .createSocket("127.0.0.1", RunningProxy.TLS_PORT)) {
      String request =
          "GET /switchboard/channels/%s?offset=-1 HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"
              .formatted(channel, headers);
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
          .readLine();
    }
  }

  @Test
  void headersOfAClientThatIsNoTrustedProxyAreIgnored() {
    // 127.0.0.2 is this machine too, but not in switchboard.proxies.trusted; see pom.xml.
    String name = newChannel() + "-2";
    String answer =
        RawSocket.ask(
            "127.0.0.2",
            http.root(),
            "PUT /switchboard/channels/%s HTTP/1.1\r\nHost: real.test\r\nForwarded: host=evil.test;proto=https\r\n"
                    .formatted(name)
                + "Content-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assertTrue(answer.contains("Location: http://real.test/switchboard/channels/" + name), answer);
    assertNotEquals(404, http.get("channels/" + name).status());
  }

  @Test
  void aProxyThatForwardsNonsenseIsToldWhat() {
    Http.Answer answer =
        http.send(http.request("channels/ticker").header("Forwarded", "host=\"evil test\""));
    assertEquals(400, answer.status());
    assertTrue(answer.problem().getString("detail").contains("\"evil test\""), answer.body());
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aHostThatIsNoneOfThisServersNamesIsRefused(Transport transport) {
    String upgrade =
        transport == Transport.WEBSOCKET
            ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            : "Connection: close\r\n";
    String live =
        switch (transport) {
          case LONG_POLL -> "&live=long-poll";
          case EVENT_STREAM -> "&live=sse";
          default -> "";
        };
    String answer =
        RawSocket.ask(
            "127.0.0.1",
            http.root(),
            "GET /switchboard/channels/ticker?offset=-1%s HTTP/1.1\r\nHost: evil.test\r\n%s\r\n"
                .formatted(live, upgrade));
    assertTrue(answer.startsWith("HTTP/1.1 421"), answer);
    assertTrue(answer.contains("urn:switchboard:problem:wrong-host"), answer);
    assertTrue(answer.contains("evil.test"), answer);
  }
}
