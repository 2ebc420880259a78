package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.testing.QuietSink;
import switchboard.testing.RecordingSink;
import switchboard.testing.RedisServer;
import switchboard.testing.RedisWire;

/**
 * Two servers on a real Redis Cluster keep all that they keep on one Redis, and what is its own.
 */
@Tag("redis")
class RedisClusterTest extends TwoNodesTest {

  private static RedisCluster cluster;

  @BeforeAll
  static void startCluster() {
    RedisServer.requireTheMachinesOwn();
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
  void eachChannelIsSubscribedOnlyAtTheMasterOfItsSlot() {
    try (Node node = Node.roomy(url())) {
      List<String> names = IntStream.range(0, 30).mapToObj(i -> "auto-" + i).toList();
      for (String name : names) {
        Channel channel = node.find(name);
        channel.subscription(channel.earliest(), RecordingSink.fast()).start();
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
  void presenceIsKnownAtTheOtherServer() {
    try (Node here = Node.at(url());
        Node there = Node.at(url())) {
      Channel channel = here.find("auto-c");
      var subscription =
          channel.subscription(channel.end(), new QuietSink(Transport.WEBSOCKET, "alice")).start();
      Node.await("it is counted", () -> present(there) == 1);
      assertEquals(
          Map.of(Transport.WEBSOCKET, 1), there.presence.of(there.find("auto-c")).counts());
      subscription.cancel();
      Node.await("it is counted no more", () -> present(there) == 0);
      channel.subscription(channel.end(), new QuietSink(Transport.WEBSOCKET, "bob")).start();
      Node.await("another one is counted", () -> present(there) == 1);
      here.abort();
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
  void aMasterThatHasOnlyAPartOfAChannelDoesNothingToIt() {
    try (Node node = Node.roomy(url());
        Node other = Node.roomy(url())) {
      Channel channel = node.create("c");
      Node.append(channel, "1", "2", "3");
      int slot = Slots.of("t:{c}");
      int from = cluster.owner(slot);
      int to = (from + 1) % 3;
      cluster.beginToMove(slot, to);
      for (String part : List.of("t:{c}:l", "t:{c}:m")) {
        cluster.hand(from, to, List.of(part));
        Refused refused = assertThrows(Refused.class, () -> Node.append(channel, "no"));
        assertEquals(Ending.STORE_UNAVAILABLE, refused.ending());
      }
      assertTrue(node.channels.isWell(), "whoever hands over a slot is there");
      cluster.move(slot, to);
      Node.append(channel, "4");
      assertEquals(List.of("1", "2", "3", "4"), read(node.find("c")));
      assertEquals(List.of("1", "2", "3", "4"), read(other.find("c")));
    }
  }

  @Test
  void aMasterWhosePubSubFailsIsNoticedThoughItAnswers() {
    RedisServer master = cluster.masters().get(0);
    try (RedisWire wire = new RedisWire(master.port())) {
      announce(master, wire.port());
      try (Node node = Node.roomy(url());
          Node other = Node.roomy(url())) {
        String name =
            IntStream.range(0, 100)
                .mapToObj(i -> "auto-" + i)
                .filter(n -> cluster.owner(Slots.of("t:{" + n + "}")) == 0)
                .findFirst()
                .orElseThrow();
        Channel channel = node.find(name);
        RecordingSink sink = RecordingSink.fast();
        channel.subscription(channel.earliest(), sink).start();
        Node.await("it hears each", node.channels::isWell);
        wire.deafen(true);
        Node.append(other.find(name), "1");
        Node.await("it knows that it is deaf", () -> !node.channels.isWell());
        assertTrue(node.store.isReachable(), "it answers");
        wire.deafen(false);
        Node.awaitEvents(List.of("1"), sink.events);
        Node.await("it hears again", node.channels::isWell);
      }
    } finally {
      announce(master, 0);
    }
  }

  private static void announce(RedisServer master, int port) {
    try (Jedis jedis = master.client()) {
      jedis.configSet("cluster-announce-port", Integer.toString(port));
    }
    String told = ":" + (port == 0 ? master.port() : port) + "@";
    for (int i = 0; i < 3; i++) {
      int each = i;
      Node.await(
          "all are told", () -> RedisClient.text(cluster.command(each, "NODES")).contains(told));
    }
  }

  @Test
  void aReplicaThatTakesTheMastersPlaceLosesNothingUntold() throws Exception {
    try (RedisCluster own = RedisCluster.start()) {
      int first = own.owner(Slots.of("t:{auto-0}"));
      RedisServer replica = own.replicate(first);
      List<Node> nodes = Stream.generate(() -> Node.roomy(own.url())).limit(3).toList();
      try (FaultRun run = new FaultRun(nodes)) {
        run.awaitMore(FaultRun.LOAD);
        own.masters().get(first).kill();
        Node.await("it takes the place", () -> isMaster(replica));
        run.awaitMore(FaultRun.LOAD);
        FaultRun.Verdict verdict = run.end();
        assertTrue(verdict.isClean(), verdict::toString);
        assertTrue(verdict.gaps() > 0, verdict::toString);
        Node.await("all is well", () -> nodes.stream().allMatch(n -> n.channels.isWell()));
      } finally {
        nodes.forEach(Node::close);
      }
    }
  }

  private static boolean isMaster(RedisServer server) {
    try (Jedis jedis = server.client()) {
      return jedis.info("replication").contains("role:master");
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
