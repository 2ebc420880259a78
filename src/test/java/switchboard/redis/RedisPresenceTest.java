package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import switchboard.channel.Channel;
import switchboard.channel.Poller;
import switchboard.channel.PresenceSnapshot;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.testing.QuietSink;
import switchboard.testing.RecordingSink;

/** Who listens is known at every server, whichever it is at, and until that server is gone. */
class RedisPresenceTest extends OneRedis {

  private final List<Node> nodes = new ArrayList<>();
  private Node a;
  private Node b;

  @BeforeEach
  void startNodes() {
    a = node();
    b = node();
  }

  private Node node() {
    Node node = Node.at(redis.url());
    nodes.add(node);
    return node;
  }

  @AfterEach
  void stopNodes() {
    nodes.forEach(Node::close);
  }

  private static Subscription listen(Node node, String name, Transport transport, String member) {
    Channel channel = node.find(name);
    return channel.subscription(channel.end(), new QuietSink(transport, member)).start();
  }

  private static PresenceSnapshot at(Node node, String channel) {
    return node.presence.of(node.find(channel));
  }

  private static void awaitPresent(Node node, String channel, int count) {
    Node.await(count + " are present", () -> at(node, channel).present() == count);
  }

  private static List<String> changes(Node node, String channel) {
    List<String> heard = new CopyOnWriteArrayList<>();
    Channel beside = node.find(channel + "~presence");
    beside.subscription(beside.earliest(), RecordingSink.into(heard)).start();
    return heard;
  }

  @Test
  void readersAtOneServerAreCountedAtTheOtherByTransport() {
    Subscription socket = listen(a, "auto-c", Transport.WEBSOCKET, "alice");
    listen(a, "auto-c", Transport.EVENT_STREAM, null);
    listen(b, "auto-c", Transport.EVENT_STREAM, null);
    awaitPresent(b, "auto-c", 3);
    awaitPresent(a, "auto-c", 3);
    PresenceSnapshot known = at(b, "auto-c");
    assertEquals(Map.of(Transport.WEBSOCKET, 1, Transport.EVENT_STREAM, 2), known.counts());
    assertEquals(new TreeSet<>(), known.members(), "this channel does not tell names");
    socket.cancel();
    awaitPresent(b, "auto-c", 2);
  }

  @Test
  void aPollerIsCountedUntilItsNextPollIsOverdue() {
    Channel channel = a.find("auto-c");
    channel.visit(Transport.POLL, Poller.of("1"), null, 600_000);
    channel.visit(Transport.LONG_POLL, Poller.of("2"), null, 600);
    channel.visit(Transport.LONG_POLL, Poller.of("2"), null, 700);
    awaitPresent(b, "auto-c", 2);
    awaitPresent(b, "auto-c", 1);
    assertEquals(Map.of(Transport.POLL, 1), at(b, "auto-c").counts());
  }

  @Test
  void joiningAndLeavingIsReported() {
    List<String> heard = changes(b, "auto-changes");
    Subscription first = listen(a, "auto-changes", Transport.WEBSOCKET, "alice");
    Node.awaitEvents(List.of("{\"joined\":1,\"left\":0,\"present\":1}"), heard);
    listen(b, "auto-changes", Transport.EVENT_STREAM, null);
    Node.await("the second is told", () -> heard.size() == 2);
    first.cancel();
    Node.awaitEvents(
        List.of(
            "{\"joined\":1,\"left\":0,\"present\":1}",
            "{\"joined\":1,\"left\":0,\"present\":2}",
            "{\"joined\":0,\"left\":1,\"present\":1}"),
        heard);
  }

  @Test
  void aNameIsListedOnceWhereverItIsPresent() {
    String channel = "auto-changes-members";
    List<String> heard = changes(a, channel);
    Subscription here = listen(a, channel, Transport.WEBSOCKET, "alice");
    Node.await("alice is told", () -> heard.size() == 1);
    Subscription there = listen(b, channel, Transport.WEBSOCKET, "alice");
    awaitPresent(a, channel, 2);
    assertEquals(new TreeSet<>(List.of("alice")), at(a, channel).members());
    Node.await("another one of that name is told", () -> heard.size() == 2);
    here.cancel();
    Node.await("it is told that one left", () -> heard.size() == 3);
    there.cancel();
    Node.awaitEvents(
        List.of(
            told(1, 0, 1, "[\"alice\"]", "[]"),
            told(1, 0, 2, "[]", "[]"),
            told(0, 1, 1, "[]", "[]"),
            told(0, 1, 0, "[]", "[\"alice\"]")),
        heard);
  }

  private static String told(int joined, int left, int present, String came, String went) {
    return "{\"joined\":%d,\"left\":%d,\"present\":%d,\"members\":{\"joined\":%s,\"left\":%s}}"
        .formatted(joined, left, present, came, went);
  }

  @Test
  void whenAServerDiesItsReadersAreNoLongerCountedAndThatIsReported() {
    String channel = "auto-changes-members";
    listen(a, channel, Transport.WEBSOCKET, "alice");
    listen(a, channel, Transport.EVENT_STREAM, null);
    listen(b, channel, Transport.WEBSOCKET, "bob");
    awaitPresent(b, channel, 3);
    List<String> heard = changes(b, channel);
    int before = heard.size();
    a.abort();
    awaitPresent(b, channel, 1);
    assertEquals(new TreeSet<>(List.of("bob")), at(b, channel).members());
    String last = told(0, 2, 1, "[]", "[\"alice\"]");
    Node.await("it is told", () -> heard.subList(before, heard.size()).contains(last));
    try (Jedis jedis = redis.client()) {
      Node.await("nothing is left", () -> jedis.hlen("t:{" + channel + "}:w") == 1);
      Node.await("nor its place", () -> jedis.smembers("t:nodes").size() == 1);
    }
  }

  @Test
  void aServerThatWasRemovedButIsAliveIsCountedAgain() {
    listen(b, "auto-c", Transport.WEBSOCKET, null);
    awaitPresent(a, "auto-c", 1);
    try (Jedis jedis = redis.client()) {
      for (int i = 0; i < 30; i++) {
        jedis.del("t:node:" + b.store.id());
        Node.await("it has a lease", () -> jedis.exists("t:node:" + b.store.id()));
      }
      Node.await(
          "nobody takes it for gone", () -> !jedis.exists("t:node:" + b.store.id() + ":reap"));
      Node.await("it is counted", () -> jedis.hlen("t:{auto-c}:w") == 1);
      Node.await("it can be found", () -> jedis.scard("t:node:" + b.store.id() + ":at") == 1);
    }
    awaitPresent(a, "auto-c", 1);
  }

  @Test
  void whenAServerStopsTheOthersKnowAtOnce() {
    listen(a, "auto-c", Transport.WEBSOCKET, null);
    awaitPresent(b, "auto-c", 1);
    a.close();
    awaitPresent(b, "auto-c", 0);
  }

  @Test
  void whatRedisForgetsIsWrittenAgain() {
    listen(a, "auto-c", Transport.WEBSOCKET, null);
    awaitPresent(b, "auto-c", 1);
    forgetAll();
    awaitPresent(b, "auto-c", 1);
    Node.await("it is in Redis", () -> isIn("t:{auto-c}:w"));
  }

  private static boolean isIn(String key) {
    try (Jedis jedis = redis.client()) {
      return jedis.exists(key.getBytes(UTF_8));
    }
  }
}
