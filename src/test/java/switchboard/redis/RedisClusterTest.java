package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.QuietSink;
import switchboard.channel.RecordingSink;
import switchboard.channel.Transport;

/**
 * Two servers on a real Redis Cluster keep all that they keep on one Redis, and what is its own.
 */
class RedisClusterTest extends TwoNodesTest {

  private static RedisCluster cluster;

  @BeforeAll
  static void startCluster() {
    RedisCluster.assumeIsThere();
    cluster = RedisCluster.start();
  }

  @AfterAll
  static void stopCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  protected String url() {
    return cluster.url();
  }

  @BeforeEach
  @Override
  void forgetAll() {
    cluster.forgetAll();
  }

  @Override
  protected long subscribers(String channel) {
    return cluster.masters().stream().mapToLong(m -> subscribers(m, channel)).sum();
  }

  private static long subscribers(RedisServer master, String channel) {
    try (Jedis jedis = master.client()) {
      return jedis.pubsubShardNumSub(channel).get(channel);
    }
  }

  @Test
  void eachChannelIsHeardAtTheMasterThatHasItsSlotAndThereAlone() {
    try (Node node = Node.roomy(url())) {
      List<String> names = IntStream.range(0, 30).mapToObj(i -> "auto-" + i).toList();
      for (String name : names) {
        Channel channel = node.find(name);
        channel.subscribe(channel.earliest(), RecordingSink.fast());
      }
      for (String name : names) {
        String key = "t:{" + name + "}";
        int owner = cluster.owner(Slots.of(key));
        Node.await("it is heard", () -> subscribers(key) == 1);
        assertEquals(1, subscribers(cluster.masters().get(owner), key));
      }
      for (RedisServer master : cluster.masters()) {
        try (Jedis jedis = master.client()) {
          assertTrue(jedis.pubsubChannels().isEmpty(), "nothing by what goes to all masters");
          assertTrue(jedis.pubsubShardChannels().size() > 1, "each master has some of them");
        }
      }
      Node.await("it hears itself from each", node.channels::isWell);
    }
  }

  @Test
  void whoListensIsKnownAtTheOtherServer() {
    try (Node here = Node.at(url());
        Node there = Node.at(url())) {
      Channel channel = here.find("auto-c");
      var subscription =
          channel.subscribe(channel.end(), new QuietSink(Transport.WEBSOCKET, "alice"));
      Node.await("it is counted", () -> present(there) == 1);
      assertEquals(
          Map.of(Transport.WEBSOCKET, 1), there.presence.of(there.find("auto-c")).counts());
      subscription.cancel();
      Node.await("it is counted no more", () -> present(there) == 0);
      channel.subscribe(channel.end(), new QuietSink(Transport.WEBSOCKET, "bob"));
      Node.await("another one is counted", () -> present(there) == 1);
      here.die();
      Node.await("what a dead server had counts no more", () -> present(there) == 0);
    }
  }

  private static int present(Node node) {
    return node.presence.of(node.find("auto-c")).present();
  }

  @Test
  void aSlotThatMovesUnderLoadLosesNothingUntold() throws Exception {
    List<Node> nodes = Stream.generate(() -> Node.roomy(url())).limit(3).toList();
    try (FaultRun run = new FaultRun(nodes)) {
      run.awaitMore(FaultRun.LOAD);
      for (int round = 0; round < 3; round++) {
        for (String channel : List.of("auto-0", "auto-1", "auto-2")) {
          int slot = Slots.of("t:{" + channel + "}");
          cluster.move(slot, (cluster.owner(slot) + 1) % 3);
        }
        run.awaitMore(FaultRun.LOAD);
      }
      FaultRun.Verdict verdict = run.end();
      assertTrue(verdict.isClean(), verdict::toString);
      assertEquals(0, verdict.missing(), verdict::toString);
      assertTrue(verdict.gaps() > 0, verdict::toString);
    } finally {
      nodes.forEach(Node::close);
    }
  }

  @Test
  void aMasterThatIsKilledAndComesBackEmptyLosesNothingUntold() throws Exception {
    List<Node> nodes = Stream.generate(() -> Node.roomy(url())).limit(3).toList();
    try (FaultRun run = new FaultRun(nodes)) {
      run.awaitMore(FaultRun.LOAD);
      RedisServer master = cluster.masters().get(cluster.owner(Slots.of("t:{auto-0}")));
      master.kill();
      Node.await("that is noticed", () -> nodes.stream().noneMatch(node -> node.channels.isWell()));
      master.startAgain();
      cluster.awaitAgreement();
      run.awaitMore(FaultRun.LOAD);
      FaultRun.Verdict verdict = run.end();
      assertTrue(verdict.isClean(), verdict::toString);
      assertTrue(verdict.gaps() > 0, verdict::toString);
      Node.await("all is well again", () -> nodes.stream().allMatch(n -> n.channels.isWell()));
    } finally {
      nodes.forEach(Node::close);
    }
  }
}
