package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static switchboard.transport.HostileRequests.change;
import static switchboard.transport.HostileRequests.get;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.channel.Ending;
import switchboard.testing.Http;
import switchboard.testing.Issuer;
import switchboard.testing.Ports;
import switchboard.testing.RawExchange;
import switchboard.testing.RawFrames;
import switchboard.testing.RawSocket;
import switchboard.testing.ServerLog;
import switchboard.testing.ServerTest;
import switchboard.transport.HostileRequests.Way;

/**
 * Requests of somebody who should not get in, over all four transports, each with the answer that
 * it must get. After all of them whoever may still does, and nothing that is secret was said: not
 * in an answer, and not in the server's log.
 *
 * <p>The server trusts one RSA key, so that its public half could be mistaken for a secret.
 */
@ExtendWith(ArquillianExtension.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("adapters")
class HostileIT {

  private static final Path PEM = Path.of("target/hostile.pem").toAbsolutePath();
  static final String CHANNEL = "secret-" + UUID.randomUUID();
  private static final String MESSAGE = "top secret " + UUID.randomUUID();
  static final int ATTACKER_PORT = Ports.port(76);

  /** Everything the server answered. */
  private static final List<String> ANSWERS = new ArrayList<>();

  /** Every token that was sent, and every other thing that must not come out. */
  private static final List<String> SECRETS = new ArrayList<>();

  private static final AtomicInteger FETCHED_FROM_THE_ATTACKER = new AtomicInteger();
  private static HttpServer attacker;
  private static ServerLog log;

  private final Http http = new Http(Ports.SWITCHBOARD);

  @Deployment(testable = false)
  public static WebArchive war() throws IOException {
    Files.writeString(PEM, HostileTokens.pem(HostileTokens.KEY));
    return ServerTest.warWith(
        "switchboard.access.open=ticker:read,public-*",
        "switchboard.access.max-failures-per-minute=0",
        "switchboard.token.public-key=" + PEM.toString().replace('\\', '/'),
        "switchboard.token.issuer=" + Issuer.NAME,
        "switchboard.token.audience=" + Issuer.AUDIENCE,
        "switchboard.token.leeway=PT0S",
        "switchboard.token.timeout=PT1S");
  }

  @BeforeAll
  static void listen() throws IOException {
    log = ServerLog.listen();
    attacker =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), ATTACKER_PORT), 0);
    attacker.createContext(
        "/",
        exchange -> {
          FETCHED_FROM_THE_ATTACKER.incrementAndGet();
          byte[] keys =
              ("{\"keys\":[" + HostileTokens.OTHER_KEY.toPublicJWK().toJSONString() + "]}")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    attacker.start();
    SECRETS.add(MESSAGE);
    SECRETS.add(HostileRequests.GOOD);
  }

  @AfterAll
  static void stopListening() {
    attacker.stop(0);
    log.close();
  }

  @BeforeEach
  void thereIsASecret() {
    if (http.send(as(HostileTokens.good(), "channels/" + CHANNEL + "?offset=-1")).status() != 200) {
      http.send(
          as(HostileTokens.good(), "channels/" + CHANNEL)
              .header("Content-Type", "text/plain")
              .PUT(BodyPublishers.ofString(MESSAGE)));
      http.put("public-a", "text/plain");
    }
  }

  private HttpRequest.Builder as(String token, String relative) {
    return http.request(relative).header("Authorization", "Bearer " + token);
  }

  // ---- tokens

  private RawExchange.Answer send(HostileRequests.Request request) {
    RawExchange.Answer answer = RawExchange.send(http.root(), request.text(), request.frame());
    ANSWERS.add(answer.all());
    assertFalse(answer.all().contains(MESSAGE), "the secret: " + answer);
    return answer;
  }

  /** Over HTTP its status; over a WebSocket its close code, after a frame that says the same. */
  private void assertEnds(Ending ending, HostileRequests.Request request) {
    RawExchange.Answer answer = send(request);
    String all = answer.all();
    if (answer.status() == 101) {
      assertEquals(ending.closeCode(), answer.closeCode(), all);
    } else {
      assertEquals(ending.status(), answer.status(), all);
    }
    // Of a frame that is too large only the close frame tells.
    boolean isCloseAlone = answer.status() == 101 && ending == Ending.TOO_LARGE;
    assertTrue(isCloseAlone || all.contains('"' + ending.type() + '"'), all);
    if (ending.status() == 401 && answer.status() == 401) {
      assertTrue(answer.hasHeader("WWW-Authenticate"), all);
    }
  }

  @Order(1)
  @ParameterizedTest(name = "{0}")
  @MethodSource("switchboard.transport.HostileTokens#all")
  void aTokenThatIsNotGoodGetsNobodyInHoweverItTravels(String what, String token, Ending ending) {
    SECRETS.add(token);
    for (Way way : Way.values()) {
      if (way != Way.WEBSOCKET) {
        assertEnds(ending, get(way).bearer(token));
      }
    }
    String protocols = "Sec-WebSocket-Protocol: switchboard.v1, switchboard.bearer.";
    assertEnds(ending, get(Way.WEBSOCKET).header(protocols + token));
    assertEnds(ending, get(Way.WEBSOCKET).frame("{\"token\":\"" + token + "\"}"));
    if (!token.contains("=")) {
      // A cookie's value may lose its padding on the way.
      assertEnds(ending, get(Way.POLL).cookie(token));
    }
    if (ending != Ending.FORBIDDEN) {
      assertEnds(ending, change("POST").bearer(token));
    }
  }

  // ---- everything else that can be asserted by its ending

  @Order(2)
  @ParameterizedTest(name = "{0}")
  @MethodSource("switchboard.transport.HostileRequests#all")
  void aRequestOfSomebodyWhoMayNotEndsAsTheTableSays(
      String what, Ending ending, HostileRequests.Request request) {
    assertEnds(ending, request);
  }

  // ---- what the server software may answer by itself

  private static final Set<Integer> SERVERS_OWN = Set.of(301, 302, 500);

  @Order(3)
  @ParameterizedTest(name = "{0}")
  @MethodSource("switchboard.transport.HostileRequests#odd")
  void aRequestThatTheServerSoftwareMayAnswerByItselfSaysNothingEither(
      String what, Set<Integer> statuses, HostileRequests.Request request) {
    RawExchange.Answer answer = send(request);
    assertFalse(answer.hasHeader("Set-Cookie"), answer.head());
    if (answer.status() == 101) {
      // A path that is read as that of several channels hears nothing until it asks for one.
      boolean isRefused = answer.closeCode() >= 4_400 && answer.closeCode() < 4_500;
      boolean isOnlyGreeted =
          answer.body().startsWith("{\"hello\"") && !answer.body().contains("\"messages\"");
      assertTrue(isRefused || isOnlyGreeted, answer.all());
    } else if (answer.status() != 200) {
      // Grizzly fails on slashes in disguise; it is not we who fail.
      boolean isTheirs = SERVERS_OWN.contains(answer.status()) && !answer.all().contains("urn:");
      assertTrue(isTheirs || statuses.contains(answer.status()), answer.all());
    } else {
      // Grizzly answers a path that it cannot decode by itself, with nothing.
      assertEquals("", answer.body(), answer.all());
    }
  }

  // ---- after all of them

  @Order(4)
  @Test
  void whoeverMayStillReadsAndAppendsByEveryTransport() throws IOException {
    String path = "channels/" + CHANNEL + "?offset=-1";
    String good = HostileTokens.good();
    SECRETS.add(good);
    assertEquals(MESSAGE, http.send(as(good, path)).body());
    assertEquals(MESSAGE, http.send(as(good, path + "&live=long-poll")).body());
    try (RawSocket stream = RawSocket.connect(http.root())) {
      stream.send(get(Way.EVENT_STREAM).bearer(good).text());
      String line = stream.readLine();
      while (!line.contains(MESSAGE)) {
        line = stream.readLine();
      }
    }
    try (RawFrames frames =
        RawFrames.connect(
            http.channel(CHANNEL, "?offset=-1"),
            request -> request.subprotocols("switchboard.v1", "switchboard.bearer." + good))) {
      ServerTest.await("the message", () -> frames.heard().toString().contains(MESSAGE));
      frames.send("{\"id\":1,\"append\":\" and more\"}");
      ServerTest.await(
          "it is taken", () -> frames.heard().toString().contains("{\"id\":1,\"next\""));
    }
    assertTrue(http.send(as(good, path)).body().startsWith(MESSAGE));
  }

  @Order(5)
  @Test
  void nothingSecretWasSaidAndEachRefusalWasWrittenDown() throws IOException {
    assertTrue(ANSWERS.size() > 80, ANSWERS.size() + " answers");
    String answers = String.join("\n", ANSWERS);
    String written = log.text();
    for (String secret : SECRETS) {
      // A part that others do not have: what a token is signed with, or all of a short one.
      String telling = secret.substring(secret.lastIndexOf('.') + 1);
      if (telling.length() >= 20) {
        assertFalse(answers.contains(telling), "in an answer: " + secret);
        assertFalse(written.contains(telling), "in the log: " + secret);
      }
    }
    String pem = Files.readAllLines(PEM).get(1);
    assertFalse(written.contains(pem) || answers.contains(pem), "the key");
    for (String reason :
        List.of(
            "its issuer is wrong",
            "its type, algorithm, key or signature is wrong",
            "the token has expired",
            "a token is required",
            "does not allow it")) {
      assertTrue(written.contains(reason), "not in the log: " + reason);
    }
    assertFalse(written.contains("forged: line"), "a forged line");
    assertEquals(0, FETCHED_FROM_THE_ATTACKER.get(), "keys of the attacker were asked for");
  }
}
