package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;
import switchboard.config.RedisUrl;
import switchboard.testing.RedisServer;
import switchboard.testing.RedisWire;

/**
 * Whatever happens to Redis under load: what was accepted is heard by everybody, or everybody is
 * told. The short form; the long one is in {@code docs/reports/cluster.md}.
 */
@Tag("redis")
class FaultRunsTest {

  private static final int ROUNDS = Integer.getInteger("faults.rounds", 1);
  private static final Path REPORT = Path.of("target/fault-runs.md");
  private static final String[] LASTING = {"--appendonly", "yes", "--appendfsync", "everysec"};

  /** What happens, and whether readers are told something. */
  private enum Fault {
    CONNECTIONS_KILLED("all connections killed, 20 times", false),
    NODE_CUT_OFF("a node is cut off, with a history of 100", true),
    RESTART_WITHOUT_PERSISTENCE("restart without persistence", true),
    KILL_WITH_APPEND_ONLY_FILE("`kill -9`, append-only file every second", true),
    OLD_SNAPSHOT("`kill -9`, an older snapshot comes back", true),
    FLUSHALL("`FLUSHALL`", true),
    FAILOVER_WITH_LAG("failover by Sentinel, the replica lags", true),
    LATE_RETURN("failover, nodes return one after the other", true),
    SPLIT_BRAIN("split brain", true);

    private final String words;
    private final boolean isTold;

    Fault(String words, boolean isTold) {
      this.words = words;
      this.isTold = isTold;
    }
  }

  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<RedisWire> wires = new ArrayList<>();
  private RedisServer redis;

  @BeforeAll
  static void beginTheReport() throws IOException {
    Files.writeString(
        REPORT,
        """
        | failure | round | accepted | not delivered | of those untold | repeated | out of order | gaps |
        |---|---|---|---|---|---|---|---|
        """);
  }

  private <T extends AutoCloseable> T closed(T opened) {
    open.add(opened);
    return opened;
  }

  @AfterEach
  void stop() throws Exception {
    closeAll();
  }

  private void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
    open.clear();
    wires.clear();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void whatWasAcceptedIsDeliveredOrReportedAsLost(Fault fault) throws Exception {
    for (int round = 1; round <= ROUNDS; round++) {
      FaultRun.Verdict verdict = run(fault);
      Files.writeString(
          REPORT,
          "| %s | %d | %,d | %,d | %d | %d | %d | %,d |%n"
              .formatted(
                  fault.words,
                  round,
                  verdict.accepted(),
                  verdict.missing(),
                  verdict.silent(),
                  verdict.repeated(),
                  verdict.reordered(),
                  verdict.gaps()),
          StandardOpenOption.APPEND);
      assertTrue(verdict.isClean(), verdict::toString);
      assertEquals(fault.isTold, verdict.gaps() > 0, verdict::toString);
      assertTrue(fault.isTold || verdict.missing() == 0, verdict::toString);
      closeAll();
    }
  }

  private FaultRun.Verdict run(Fault fault) throws Exception {
    return switch (fault) {
      case CONNECTIONS_KILLED -> on(redis(), this::killConnections);
      case NODE_CUT_OFF -> cutOff();
      case RESTART_WITHOUT_PERSISTENCE -> on(redis(), run -> restart());
      case KILL_WITH_APPEND_ONLY_FILE -> on(redis(LASTING), run -> restart());
      case OLD_SNAPSHOT -> on(redis(), this::restartFromSnapshot);
      case FLUSHALL -> on(redis(), run -> flush());
      case FAILOVER_WITH_LAG -> failOver();
      case LATE_RETURN -> failOverByHand(this::returnLate);
      case SPLIT_BRAIN -> failOverByHand(this::split);
    };
  }

  private interface Happening {
    void to(FaultRun run) throws Exception;
  }

  private RedisServer redis(String... options) {
    redis = closed(RedisServer.start(options));
    return redis;
  }

  private FaultRun.Verdict on(RedisServer server, Happening happening) throws Exception {
    return on(List.of(server.url(), server.url(), server.url()), false, happening);
  }

  private FaultRun.Verdict on(List<String> urls, boolean isSmall, Happening happening)
      throws Exception {
    List<Node> nodes =
        urls.stream().map(url -> closed(isSmall ? Node.at(url) : Node.roomy(url))).toList();
    try (FaultRun run = new FaultRun(nodes)) {
      run.awaitMore(FaultRun.LOAD);
      happening.to(run);
      for (int node = 0; node < nodes.size(); node++) {
        run.awaitMore(FaultRun.LOAD / 3, node);
      }
      return run.end();
    }
  }

  private void killConnections(FaultRun run) {
    for (int i = 0; i < 20; i++) {
      try (Jedis jedis = redis.client()) {
        jedis.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
        jedis.clientKill(
            new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES));
      }
      run.awaitMore(20);
    }
  }

  private void restart() {
    redis.kill();
    redis.startAgain();
  }

  private void restartFromSnapshot(FaultRun run) {
    try (Jedis jedis = redis.client()) {
      jedis.save();
    }
    run.awaitMore(FaultRun.LOAD);
    restart();
  }

  private void flush() {
    try (Jedis jedis = redis.client()) {
      jedis.flushAll();
    }
  }

  private List<String> wiresTo(RedisServer server) {
    for (int i = 0; i < 3; i++) {
      wires.add(closed(new RedisWire(server.port())));
    }
    return wires.stream().map(RedisWire::url).toList();
  }

  private FaultRun.Verdict cutOff() throws Exception {
    return on(
        wiresTo(redis()),
        true,
        run -> {
          wires.get(2).cut();
          run.awaitMore(FaultRun.LOAD * 3);
          wires.get(2).leadTo(redis.port());
        });
  }

  private FaultRun.Verdict failOver() throws Exception {
    // All, the Sentinel too, know the master by the wire that leads there.
    RedisWire wire = closed(new RedisWire(redis().port()));
    closed(RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(wire.port())));
    String url = closed(Sentinel.watch(wire.port(), redis.folder())).url();
    try (RedisClient link = new RedisClient(RedisUrl.parse(url), Thread::new)) {
      RedisRequirements.require(link, "t:");
    }
    return on(
        List.of(url, url, url),
        false,
        run -> {
          wire.loseReplication();
          run.awaitMore(FaultRun.LOAD);
          redis.kill();
          wire.cut();
        });
  }

  private interface Promotion {
    void of(RedisServer replica, FaultRun run);
  }

  /** The nodes come to their master by wires, and the replica lags when it takes over. */
  private FaultRun.Verdict failOverByHand(Promotion promotion) throws Exception {
    List<String> urls = wiresTo(redis());
    RedisWire behind = closed(new RedisWire(redis.port()));
    RedisServer replica =
        closed(RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(behind.port())));
    return on(
        urls,
        false,
        run -> {
          Node.await("the replica follows", () -> follows(replica));
          run.awaitMore(FaultRun.LOAD);
          behind.loseReplication();
          run.awaitMore(FaultRun.LOAD / 3);
          promotion.of(replica, run);
        });
  }

  private static boolean follows(RedisServer replica) {
    try (Jedis jedis = replica.client()) {
      return jedis.info("replication").contains("master_link_status:up");
    }
  }

  private static void promote(RedisServer replica) {
    try (Jedis jedis = replica.client()) {
      jedis.replicaofNoOne();
    }
  }

  private void returnLate(RedisServer replica, FaultRun run) {
    wires.forEach(RedisWire::cut);
    redis.kill();
    promote(replica);
    IntStream.range(0, wires.size())
        .forEach(
            i -> {
              wires.get(i).leadTo(replica.port());
              run.awaitMore(FaultRun.LOAD / 3, i);
            });
  }

  private void split(RedisServer replica, FaultRun run) {
    promote(replica);
    wires.get(1).leadTo(replica.port());
    wires.get(2).leadTo(replica.port());
    // Both masters accept.
    for (int node = 0; node < 3; node++) {
      run.awaitMore(FaultRun.LOAD / 3, node);
    }
    try (Jedis jedis = redis.client()) {
      jedis.replicaof("127.0.0.1", replica.port());
    }
    wires.get(0).leadTo(replica.port());
  }
}
