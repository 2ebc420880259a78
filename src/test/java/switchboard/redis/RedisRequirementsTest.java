package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.config.RedisUrl;
import switchboard.testing.RecordingSink;
import switchboard.testing.RedisServer;

/** A store that cannot be used is told at the start, with its address and the reason. */
@Tag("redis")
class RedisRequirementsTest {

  private static RedisServer redis;

  @BeforeAll
  static void startRedis() {
    redis = RedisServer.start();
    try (Jedis jedis = redis.client()) {
      jedis.aclSetUser("poor", "on", ">secret", "~*", "&*", "+@all", "-@scripting");
    }
  }

  @AfterAll
  static void stopRedis() {
    if (redis != null) {
      redis.close();
    }
  }

  private static void require(String url) {
    try (RedisClient link = new RedisClient(RedisUrl.parse(url), Thread::new)) {
      RedisRequirements.require(link, "t:");
    }
  }

  private static void assertUnfit(String url, String... words) {
    String message = assertThrows(IllegalStateException.class, () -> require(url)).getMessage();
    assertTrue(message.startsWith("switchboard.store.url redis"), message);
    assertFalse(message.contains("secret"), message);
    for (String word : words) {
      assertTrue(message.contains(word), message);
    }
  }

  @Test
  void aMasterThatRunsScriptsIsFit() {
    assertDoesNotThrow(() -> require(redis.url()));
  }

  @Test
  void theUserOfDeployMayDoAllThatANodeNeeds() throws Exception {
    String rule =
        Files.readAllLines(Path.of("deploy/redis/switchboard.conf")).stream()
            .filter(line -> line.startsWith("# user switchboard "))
            .findFirst()
            .orElseThrow();
    String[] words = rule.substring("# user switchboard ".length()).replace("sb:", "t:").split(" ");
    try (Jedis jedis = redis.client()) {
      jedis.aclSetUser("switchboard", words);
    }
    String url = "redis://switchboard:password@127.0.0.1:" + redis.port();
    require(url);
    try (Node a = Node.at(url);
        Node b = Node.at(url)) {
      RecordingSink sink = RecordingSink.fast();
      Channel channel = b.find("auto-c");
      channel.subscription(channel.earliest(), sink).start();
      Node.append(a.find("auto-c"), "1", "2");
      Node.awaitEvents(List.of("1", "2"), sink.events);
      a.channels.delete(new ChannelName("auto-c"));
      Node.awaitEvents(List.of("1", "2", "channel-deleted"), sink.events);
      Node.await("it hears itself", b.channels::isWell);
    }
  }

  @Test
  void noServerListensAtTheAddress() {
    int port = RedisServer.freePort();
    assertUnfit("redis://127.0.0.1:" + port, "127.0.0.1:" + port, "cannot be reached");
    assertUnfit("redis://no-such-host.invalid", "no-such-host.invalid:6379", "cannot be reached");
  }

  @Test
  void thePasswordIsWrong() {
    assertUnfit(
        "redis://poor:secret2@127.0.0.1:" + redis.port(),
        ":***@",
        "user and password",
        "WRONGPASS");
  }

  @Test
  void aPasswordIsAskedForAndNoneIsGiven() {
    try (RedisServer closed = RedisServer.start("--requirepass", "secret")) {
      assertUnfit(closed.url(), "NOAUTH");
    }
  }

  @Test
  void theServerNeverAnswers() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + silent.getLocalPort();
      assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> assertUnfit("redis://" + address, address, "cannot be reached", "timed out"));
    }
  }

  @Test
  void theServerIsNoRedis() throws IOException {
    HttpServer web = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    web.start();
    try {
      String address = "127.0.0.1:" + web.getAddress().getPort();
      assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> assertUnfit("redis://" + address, address, "cannot be reached", "Unknown reply"));
    } finally {
      web.stop(0);
    }
  }

  @Test
  void itRunsNoScripts() {
    assertUnfit("redis://poor:secret@127.0.0.1:" + redis.port(), "runs no scripts", "NOPERM");
  }

  @Test
  void itIsAReplica() {
    try (RedisServer replica =
        RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(redis.port()))) {
      assertUnfit(replica.url(), "replica of 127.0.0.1:" + redis.port(), "name the master");
    }
  }

  @Test
  void itIsPartOfARedisCluster() {
    try (RedisServer cluster = RedisServer.start("--cluster-enabled", "yes")) {
      assertUnfit(cluster.url(), "Redis Cluster", "redis-cluster://");
    }
  }

  @Test
  void itIsARedisClusterWithoutAllSlots() {
    RedisServer.requireTheMachinesOwn();
    try (RedisServer cluster = RedisServer.start("--cluster-enabled", "yes")) {
      String url = cluster.url().replace("redis:", "redis-cluster:");
      assertUnfit(url, "16384 of the 16384 slots", "have no master");
    }
  }

  @Test
  void itIsNoRedisCluster() {
    RedisServer.requireTheMachinesOwn();
    assertUnfit(redis.url().replace("redis:", "redis-cluster:"), "not a Redis Cluster", "redis://");
  }

  @Test
  void noServerOfTheRedisClusterIsThere() {
    assertUnfit("redis-cluster://127.0.0.1:" + RedisServer.freePort(), "cannot be reached");
  }

  @Test
  void aRedisClusterIsFitWhenOneOfThoseNamedIsThere() {
    RedisServer.requireTheMachinesOwn();
    try (RedisCluster cluster = RedisCluster.start()) {
      assertDoesNotThrow(() -> require(cluster.url()));
      String also = "127.0.0.1:" + RedisServer.freePort() + ",";
      String url = "redis-cluster://" + also + "127.0.0.1:" + cluster.masters().get(1).port();
      assertDoesNotThrow(() -> require(url));
    }
  }

  @Test
  void noSentinelKnowsTheMaster() {
    assertUnfit(
        "redis-sentinel://127.0.0.1:" + RedisServer.freePort() + "/0#main", "#main", "no Sentinel");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1",
        "127.0.0.1:6379",
        "redis://",
        "redis://h:0",
        "redis://h:70000",
        "redis://a,b",
        "redis://h/x",
        "redis-sentinel://h:1",
        "redis-cluster://h:1/1",
        "redis-cluster://h:1#main",
        "rediss-cluster://h:1/1",
        "rediss-sentinel://h:1/0#main",
        "redis://u@h"
      })
  void aMalformedUrlIsRefused(String url) {
    assertThrows(IllegalArgumentException.class, () -> RedisUrl.parse(url));
  }

  @Test
  void aUrlIsReadAsItIsWrittenAndToldWithoutItsPassword() {
    RedisUrl url = RedisUrl.parse("rediss://u:p%40ss@h:1/3");
    assertEquals("p@ss", url.password());
    assertTrue(url.isSecure());
    assertEquals("rediss://u:***@h:1/3", url.toString());
    RedisUrl sentinels = RedisUrl.parse("redis-sentinel://a,b:2/0#main");
    assertEquals("redis-sentinel://a:26379,b:2/0#main", sentinels.toString());
    RedisUrl cluster = RedisUrl.parse("redis-cluster://u:p@a,b:2");
    assertTrue(cluster.isCluster());
    assertFalse(cluster.isSecure());
    assertEquals("redis-cluster://u:***@a:6379,b:2", cluster.toString());
    RedisUrl secure = RedisUrl.parse("rediss-cluster://u:p@a,b:2");
    assertTrue(secure.isCluster());
    assertTrue(secure.isSecure());
    assertEquals("rediss-cluster://u:***@a:6379,b:2", secure.toString());
  }
}
