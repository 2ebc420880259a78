package switchboard.journey;

import static org.awaitility.Awaitility.with;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import switchboard.testing.Http;
import switchboard.testing.Ports;
import switchboard.testing.RedisServer;
import switchboard.testing.RunningProxy;
import switchboard.testing.ServerProcess;

/** Two nodes behind the real nginx, over TLS, on one Redis or each with a memory of its own. */
final class Cluster implements AutoCloseable {

  static final List<Integer> PORTS = List.of(Ports.port(91), Ports.port(92));
  static final URI ROOT =
      URI.create("https://127.0.0.1:" + RunningProxy.TLS_PORT + "/switchboard/");

  private final Map<String, String> environment = new HashMap<>();
  private final Map<Integer, ServerProcess> nodes = new TreeMap<>();
  private RedisServer redis;
  private RunningProxy proxy;
  private Path war;

  /** A setting of both nodes, as an environment variable. */
  void set(String variable, String value) {
    environment.put(variable, value);
  }

  /** Each request goes to the next node. */
  void startOnOneRedis() throws Exception {
    redis = RedisServer.start();
    set("SWITCHBOARD_STORE_URL", redis.url());
    startNodes("redis.war.under.test");
    proxy = RunningProxy.start(RunningProxy.Kind.NGINX, PORTS, "server");
  }

  /** Each channel is at one node. */
  void startWithMemories() throws Exception {
    startNodes("war.under.test");
    proxy = RunningProxy.startWithHomes(PORTS, "server");
  }

  private void startNodes(String property) {
    war = Path.of(System.getProperty(property));
    PORTS.forEach(this::begin);
    PORTS.forEach(this::awaitReady);
  }

  private void begin(int port) {
    nodes.put(port, ServerProcess.micro(port, war, environment));
  }

  private void awaitReady(int port) {
    with()
        .dontCatchUncaughtExceptions()
        .await("node " + port + " is ready")
        .atMost(Duration.ofMinutes(3))
        .until(nodes.get(port)::isReady);
  }

  /** Starts a node that was stopped, and waits until it is ready. */
  void start(int port) {
    begin(port);
    awaitReady(port);
  }

  /** Tells a node to stop, and waits until it has. */
  void stop(int port, Duration bound) throws InterruptedException {
    nodes.get(port).stop(bound);
  }

  /** No new request goes to this node. */
  void leaveOut(int port) throws Exception {
    proxy.leaveOut(port);
  }

  void putBack(int port) throws Exception {
    proxy.putBack(port);
  }

  /** Which node has the messages of the channel. */
  int home(String channel) {
    return PORTS.stream()
        .filter(
            port ->
                new Http(nodes.get(port).root())
                    .get("channels/" + channel + "?offset=-1")
                    .body()
                    .contains("1"))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() throws Exception {
    if (proxy != null) {
      proxy.close();
    }
    if (redis != null) {
      redis.close();
    }
    nodes.values().forEach(ServerProcess::close);
  }
}
