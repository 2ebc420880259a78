package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.Channels;
import switchboard.channel.RecordingSink;
import switchboard.config.StoreUrl;
import switchboard.log.Appended;

/** A master that a real Sentinel replaces: readers are told, and go on with the new one. */
class SentinelTest {

  private static final String TOLD = "gap of 0";

  private final List<AutoCloseable> open = new ArrayList<>();

  private <T extends AutoCloseable> T closed(T opened) {
    open.add(opened);
    return opened;
  }

  @AfterEach
  void stop() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private String startSentinel(RedisServer master) throws Exception {
    int port = RedisServer.freePort();
    Path file = master.folder().resolve("sentinel.conf");
    Files.writeString(
        file,
        """
        port %d
        bind 127.0.0.1
        dir %s
        sentinel monitor main 127.0.0.1 %d 1
        sentinel down-after-milliseconds main 1000
        sentinel failover-timeout main 5000
        """
            .formatted(port, master.folder(), master.port()));
    Process sentinel =
        new ProcessBuilder("redis-server", file.toString(), "--sentinel")
            .redirectErrorStream(true)
            .redirectOutput(new File("target/sentinel-" + port + ".log"))
            .start();
    open.add(sentinel::destroyForcibly);
    Node.await("the Sentinel knows the replica", () -> knowsReplica(port));
    return "redis-sentinel://127.0.0.1:" + port + "/0#main";
  }

  private static boolean knowsReplica(int port) {
    try (Jedis jedis = new Jedis("127.0.0.1", port)) {
      return jedis.sentinelReplicas("main").stream()
          .anyMatch(replica -> "ok".equals(replica.get("master-link-status")));
    } catch (redis.clients.jedis.exceptions.JedisException e) {
      return false; // not up yet
    }
  }

  private static void append(Node node, int first, int last) {
    Channel channel = node.find("auto-c");
    for (int i = first; i <= last; i++) {
      assertInstanceOf(Appended.Accepted.class, Node.append(channel, Integer.toString(i)));
    }
  }

  private static boolean isAccepted(Node node, String message) {
    try {
      return Node.append(node.find("auto-c"), message) instanceof Appended.Accepted;
    } catch (Channels.Refused e) {
      return false;
    }
  }

  private static List<String> numbers(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(Integer::toString).toList();
  }

  @Test
  void aFailoverIsToldAndNothingThatTheNewMasterHasIsLostOrRepeated() throws Exception {
    RedisServer master = closed(RedisServer.start());
    closed(RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(master.port())));
    String url = startSentinel(master);
    try (Link link = new Link(StoreUrl.parse(url))) {
      Fitness.require(link, "t:");
    }
    Node a = closed(Node.roomy(url));
    Node b = closed(Node.roomy(url));
    RecordingSink sink = RecordingSink.fast();
    Channel channel = b.find("auto-c");
    channel.subscribe(channel.earliest(), sink);
    append(a, 1, 50);
    Node.awaitEvents(numbers(1, 50), sink.events);
    try (Jedis jedis = master.client()) {
      jedis.set("t:last", "write"); // WAIT is about what its own connection wrote, and all before
      assertEquals(1, jedis.waitReplicas(1, 30_000), "the replica has it all");
    }
    master.kill();
    Node.await("the new master accepts", () -> isAccepted(a, "51"));
    append(a, 52, 80);
    Node.await("the last is heard", () -> sink.events.contains("80"));
    assertTrue(sink.events.contains(TOLD), () -> "told: " + sink.events);
    List<String> messages = sink.events.stream().filter(e -> !e.equals(TOLD)).toList();
    assertEquals(numbers(1, 80), messages);
    Node.await("both are well", () -> a.channels.isWell() && b.channels.isWell());
  }
}
