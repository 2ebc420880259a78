package switchboard.transport;

import static java.net.http.HttpRequest.BodyPublishers.noBody;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import redis.clients.jedis.Jedis;
import switchboard.channel.Transport;
import switchboard.testing.Follower;
import switchboard.testing.Http;
import switchboard.testing.Persistent;
import switchboard.testing.Ports;
import switchboard.testing.Programs;
import switchboard.testing.RawFrames;
import switchboard.testing.Reader;
import switchboard.testing.RedisServer;
import switchboard.testing.RedisWire;
import switchboard.testing.RunningProxy;
import switchboard.testing.ServerProcess;
import switchboard.testing.WebSocketReader;

/** Three nodes on one Redis are one server, with and without the real nginx in front. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("redis")
class ClusterIT {

  private static final int FIRST_PORT = Ports.port(81);
  private static final Duration PING_INTERVAL = Duration.ofSeconds(3);
  private static final Duration PONG_TIMEOUT = Duration.ofSeconds(2);
  private static final List<ServerProcess> NODES = new ArrayList<>();
  private static RedisServer redis;

  /** By which the last node comes to Redis. */
  private static RedisWire wire;

  @BeforeAll
  static void startTheCluster() throws Exception {
    Programs.require("nginx", "node", "npm");
    redis = RedisServer.start();
    wire = new RedisWire(redis.port());
    NodeIT.installTheClients();
    Path war = Path.of(System.getProperty("redis.war.under.test"));
    for (int i = 0; i < 3; i++) {
      String url = i == 2 ? wire.url() : redis.url();
      Map<String, String> environment =
          Map.of(
              "SWITCHBOARD_STORE_URL", url,
              "SWITCHBOARD_TICKER_CHANNEL", "ticker-" + i,
              "SWITCHBOARD_WEBSOCKET_PING_INTERVAL", "PT" + PING_INTERVAL.toSeconds() + "S",
              "SWITCHBOARD_WEBSOCKET_PONG_TIMEOUT", "PT" + PONG_TIMEOUT.toSeconds() + "S");
      NODES.add(ServerProcess.micro(FIRST_PORT + i, war, environment));
    }
    for (ServerProcess node : NODES) {
      await("node " + node.port() + " is ready", node::isReady);
    }
  }

  private static void await(String what, Callable<Boolean> condition) {
    Awaitility.await(what).atMost(Duration.ofMinutes(3)).until(condition);
  }

  @AfterAll
  static void stopTheCluster() {
    NODES.forEach(ServerProcess::close);
    if (redis != null) {
      wire.close();
      redis.close();
    }
  }

  @Test
  @Order(1)
  void theConformanceSuitePassesOnOneNode() throws Exception {
    conform("conformance-one-node", NODES.get(0).root().toString());
  }

  @Test
  @Order(2)
  void theConformanceSuitePassesWithEachRequestAtTheNextNode() throws Exception {
    String urls =
        String.join(",", NODES.subList(0, 2).stream().map(n -> n.root().toString()).toList());
    conform("conformance-two-nodes", urls);
  }

  @Test
  @Order(3)
  void whatRedisRefusesIsAProblemThatSaysSoAndNothingIsKeptOfIt() {
    Http one = new Http(NODES.get(0).root());
    Http other = new Http(NODES.get(1).root());
    String channel = "refused-" + UUID.randomUUID();
    one.put(channel, "application/json");
    one.append(channel, "1");
    try (Jedis jedis = redis.client()) {
      jedis.configSet("maxmemory", "1");
      assertRefused(507, "store-full", "maxmemory", one.append(channel, "2"));
      jedis.configSet("maxmemory", "0");
      jedis.configSet("min-replicas-to-write", "1");
      assertRefused(503, "store-unavailable", "NOREPLICAS", one.append(channel, "3"));
      jedis.configSet("min-replicas-to-write", "0");
    }
    assertEquals("[1]", other.get("channels/" + channel + "?offset=-1").body());
    one.append(channel, "4");
    assertEquals("[1,4]", other.get("channels/" + channel + "?offset=-1").body());
  }

  @Test
  @Order(4)
  void aNodeThatIsCutOffSaysSoByEveryTransportAndItsReadersGoOnWhenItIsBack() throws Exception {
    Http well = new Http(NODES.get(0).root());
    Http cut = new Http(NODES.get(2).root());
    String channel = "cut-" + UUID.randomUUID();
    String url = "channels/" + channel;
    well.put(channel, "application/json");
    String end = well.append(channel, "[1,2]").next();
    assertEquals("[1,2]", cut.get(url + "?offset=-1").body());
    Reader stream = Reader.of(Transport.EVENT_STREAM, cut.channel(channel, ""), "-1");
    WebSocketReader socket = new WebSocketReader(cut.channel(channel, ""), "-1");
    await("both have heard", () -> stream.heard().size() == 2 && socket.heard().size() == 2);
    RawFrames one = RawFrames.connect(cut.uri(url));
    RawFrames hub = RawFrames.connect(cut.uri("channels"));

    wire.hold(true); // as when packets are dropped
    long since = System.nanoTime();
    // It was sent, or waited for a connection.
    assertTold("outcome-unknown|store-unavailable", one, "{\"id\":1,\"append\":4}");
    await("it is not ready", () -> !NODES.get(2).isReady());
    assertTrue(System.nanoTime() - since < 2_500_000_000L, "it is known within a second");
    // The others lose the history, and begin another one.
    try (Jedis jedis = redis.client()) {
      jedis.flushAll();
    }
    well.put(channel, "application/json");
    String other = well.append(channel, "3").next();

    assertUnavailable(cut.append(channel, "4"));
    assertUnavailable(cut.delete(channel));
    assertUnavailable(new Http.Answer(cut.put("new-" + channel, "application/json")));
    assertEquals(503, cut.send(cut.request(url).method("HEAD", noBody())).status());
    for (String read : List.of("?offset=", "?live=long-poll&offset=", "?live=sse&offset=")) {
      assertUnavailable(cut.get(url + read + other));
    }
    assertUnavailable(cut.get(url + "?offset=" + end));
    assertUnavailable(cut.get(url + "?offset=now"));
    assertUnavailable(cut.get(url + "?live=long-poll&offset=" + end));
    Http.Answer old = cut.get(url + "?offset=-1");
    assertEquals("[1,2]", old.body());
    assertNull(old.header("Stream-Up-To-Date"));
    WebSocketReader late = new WebSocketReader(cut.channel(channel, ""), other);
    assertEquals(1013, late.closeCode().get(10, TimeUnit.SECONDS));
    assertTold("store-unavailable", one, "{\"id\":2,\"append\":4}");
    assertTold("store-unavailable", one, "{\"append\":4}");
    String again = "{\"id\":3,\"subscribe\":\"%s\",\"offset\":\"%s\"}".formatted(channel, other);
    for (String command :
        List.of(
            again,
            again.replace(other, "now"),
            again.replace(other, end),
            again.replace("\"id\":3,", ""),
            "{\"subscribe\":\"%s\",\"offset\":\"now\"}".formatted(channel),
            "{\"id\":4,\"subscribe\":\"new-%s\"}".formatted(channel),
            "{\"id\":5,\"channel\":\"%s\",\"append\":4}".formatted(channel),
            "{\"id\":6,\"channel\":\"new-%s\",\"append\":4}".formatted(channel))) {
      assertTold("store-unavailable", hub, command);
    }
    hub.send("{\"id\":7,\"subscribe\":\"%s\"}".formatted(channel));
    await("what is here can be read", () -> has(hub, "\"messages\":[1,2]"));
    hub.send("{\"id\":8,\"unsubscribe\":\"%s\"}".formatted(channel));
    assertEquals(List.of("1", "2"), stream.heard(), "who listens stays");

    wire.hold(false);
    await("it is ready", NODES.get(2)::isReady);
    for (Reader reader : List.of(stream, socket)) {
      await("it is heard", () -> reader.heard().contains("3"));
      assertTrue(reader.heard().contains("gap:epoch"), () -> reader.heard().toString());
      reader.vanish();
    }
    hub.send(again.replace("3,", "9,"));
    await("it may listen now", () -> has(hub, "{\"id\":9,\"channel\""));
    well.append(channel, "5");
    await("it is heard", () -> has(hub, "\"messages\":[5]"));
    hub.close();
    one.close();
  }

  @Test
  @Order(5)
  void aNodeThatWasSuspendedEndsNoConnectionAndItsReadersGoOn() throws Exception {
    ServerProcess node = NODES.get(1);
    Http other = new Http(NODES.get(0).root());
    String channel = "suspended-" + UUID.randomUUID();
    other.put(channel, "application/json");
    URI url = new Http(node.root()).channel(channel, "");
    List<WebSocketReader> sockets =
        IntStream.range(0, 10).mapToObj(i -> new WebSocketReader(url, "-1")).toList();
    Reader stream = Reader.of(Transport.EVENT_STREAM, url, "-1");
    List<Reader> readers = new ArrayList<>(sockets);
    readers.add(stream);
    other.append(channel, "1");
    await("all have heard", () -> readers.stream().allMatch(r -> r.heard().equals(List.of("1"))));

    long since = System.nanoTime();
    node.suspend(true);
    other.append(channel, "2");
    // By the wall clock, all pings and pongs are overdue then.
    Duration enough = PING_INTERVAL.plus(PONG_TIMEOUT).multipliedBy(2);
    await("time passes", () -> System.nanoTime() - since > enough.toNanos());
    node.suspend(false);

    await("2 is heard", () -> readers.stream().allMatch(r -> r.heard().contains("2")));
    // The clock of the node comes by, and would end what is overdue.
    long resumed = System.nanoTime();
    await("time passes", () -> System.nanoTime() - resumed > PONG_TIMEOUT.toNanos());
    other.append(channel, "3");
    for (WebSocketReader socket : sockets) {
      await("3 is heard", () -> socket.heard().equals(List.of("1", "2", "3")));
      assertFalse(socket.closeCode().isDone(), "it is still the same connection");
      socket.close();
    }
    await("3 is heard", () -> stream.heard().equals(List.of("1", "2", "3")));
    stream.vanish();
  }

  private static boolean has(RawFrames socket, String part) {
    return socket.heard().stream().anyMatch(frame -> frame.contains(part));
  }

  private static List<JsonObject> errors(RawFrames socket) {
    return socket.heard().stream()
        .map(Reader::object)
        .filter(frame -> frame.containsKey("error"))
        .toList();
  }

  private static void assertTold(String problem, RawFrames socket, String command) {
    int before = errors(socket).size();
    long since = System.nanoTime();
    socket.send(command);
    await(command + " is answered", () -> errors(socket).size() > before);
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since);
    JsonObject told = errors(socket).get(before);
    String type = told.getJsonObject("error").getString("type");
    assertTrue(type.matches(".*:(" + problem + ")"), () -> command + ": " + told);
    assertEquals(Reader.object(command).get("id"), told.get("id"), () -> command + ": " + told);
    assertTrue(millis < 1_500, () -> command + " took " + millis + " ms");
  }

  private static void assertUnavailable(Http.Answer answer) {
    assertRefused(503, "store-unavailable", "", answer);
    assertNotNull(answer.header("Retry-After"));
  }

  private static void assertRefused(int status, String problem, String why, Http.Answer answer) {
    assertEquals(status, answer.status(), answer.body());
    assertEquals("application/problem+json", answer.header("Content-Type"));
    assertTrue(answer.problem().getString("type").endsWith(problem), answer.body());
    assertTrue(answer.problem().getString("detail").contains(why), answer.body());
  }

  private static void conform(String name, String urls) throws Exception {
    String roots = urls.replaceAll("/(,|$)", "$1");
    int status = NodeIT.run(name, roots, "npx", "vitest", "run", "conformance.test.mjs");
    assertEquals(0, status, () -> NodeIT.tail(Path.of("target/node-" + name + ".log")));
  }

  private static List<Integer> ports() {
    return NODES.stream().map(ServerProcess::port).toList();
  }

  // Last: it takes a node away.
  @Test
  @Order(9)
  @SuppressWarnings("try") // the proxy is only there
  void aNodeIsKilledAndNoClientOfAnyTransportLosesRepeatsOrReordersAnything() throws Exception {
    int count = 2_000;
    try (RunningProxy proxy = RunningProxy.start(RunningProxy.Kind.NGINX, ports(), "server")) {
      Http http =
          new Http(URI.create("https://127.0.0.1:" + RunningProxy.TLS_PORT + "/switchboard/"));
      String channel = "killed-" + UUID.randomUUID();
      http.put(channel, "application/json");
      List<Follower> followers = new ArrayList<>();
      for (Transport transport : Transport.values()) {
        for (int i = 0; i < 5; i++) {
          followers.add(new Follower(http.channel(channel, ""), transport));
        }
      }
      CompletableFuture<Void> publisher =
          CompletableFuture.runAsync(() -> new Persistent(http, channel).publish(count));
      await("a quarter is heard", () -> heard(followers) > count / 4);
      NODES.get(1).kill();
      publisher.join();
      List<String> all = IntStream.rangeClosed(1, count).mapToObj(Integer::toString).toList();
      for (Follower follower : followers) {
        try {
          await("all is heard", () -> follower.heard().size() >= count);
        } finally {
          assertEquals(all, follower.heard(), follower.toString());
        }
      }
      assertTrue(followers.stream().anyMatch(f -> f.connections() > 1), "somebody was cut off");
      followers.forEach(Follower::close);
    }
  }

  // Two are left of the three; this takes another one away.
  @Test
  @Order(10)
  @SuppressWarnings("try") // the proxy is only there
  void clientsThatNobodyHereWroteGoOnAtAnotherNodeByThemselves() throws Exception {
    try (RunningProxy proxy = RunningProxy.start(RunningProxy.Kind.NGINX, ports(), "server")) {
      int status =
          NodeIT.run(
              "cluster",
              "https://127.0.0.1:" + RunningProxy.TLS_PORT + "/switchboard",
              Map.of(
                  "NODE_TLS_REJECT_UNAUTHORIZED",
                  "0",
                  "SWITCHBOARD_VICTIM",
                  Long.toString(NODES.get(2).pid())),
              "npx",
              "vitest",
              "run",
              "cluster.test.mjs");
      assertEquals(0, status, () -> NodeIT.tail(Path.of("target/node-cluster.log")));
    }
  }

  private static int heard(List<Follower> followers) {
    return followers.stream().mapToInt(f -> f.heard().size()).min().orElse(0);
  }
}
