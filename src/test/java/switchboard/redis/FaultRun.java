package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import switchboard.channel.Channels;
import switchboard.log.Append;
import switchboard.log.Appended;

/**
 * Three nodes, a reader of each channel at each, and publishers that go on whatever happens; then
 * what was accepted is held against what each reader got.
 */
final class FaultRun implements AutoCloseable {

  /** How many channels, and how many messages are accepted before, while and after it happens. */
  private static final int CHANNELS = Integer.getInteger("faults.channels", 5);

  static final int LOAD = Integer.getInteger("faults.load", 300);

  private static final int PUBLISHERS = 6;

  /** One message that somebody was answered to be accepted. */
  record Sent(int publisher, int number, long startNanos) {}

  /**
   * What went wrong.
   *
   * @param missing deliveries that never happened
   * @param silent those of them that no reader was told of after they were sent
   * @param repeated deliveries that happened twice without a gap told in between
   * @param reordered deliveries before an earlier one of the same publisher, in the same way
   * @param gaps that were told
   */
  record Verdict(
      long accepted, long missing, long silent, long repeated, long reordered, long gaps) {

    Verdict plus(Verdict other) {
      return new Verdict(
          accepted,
          missing + other.missing,
          silent + other.silent,
          repeated + other.repeated,
          reordered + other.reordered,
          gaps + other.gaps);
    }

    boolean isClean() {
      return silent + repeated + reordered == 0;
    }
  }

  private final List<Node> nodes;
  private final List<FaultReader> readers = new ArrayList<>();
  private final List<Thread> publishers = new ArrayList<>();
  private final ScheduledExecutorService again = Executors.newSingleThreadScheduledExecutor();
  private final Map<String, Map<String, Sent>> accepted = new ConcurrentHashMap<>();
  private final AtomicLongArray byNode;
  private volatile boolean isOver;

  /** Starts to publish and to read. */
  FaultRun(List<Node> nodes) {
    this.nodes = nodes;
    this.byNode = new AtomicLongArray(nodes.size());
    for (int c = 0; c < CHANNELS; c++) {
      accepted.put(name(c), new ConcurrentHashMap<>());
      for (Node node : nodes) {
        readers.add(new FaultReader(node, name(c), again));
      }
    }
    for (int p = 0; p < PUBLISHERS; p++) {
      int publisher = p;
      Thread thread = new Thread(() -> publish(publisher), "publisher-" + p);
      publishers.add(thread);
      thread.start();
    }
  }

  private static String name(int channel) {
    return "auto-" + channel;
  }

  private void publish(int publisher) {
    int node = publisher % nodes.size();
    for (int number = 1; !isOver; number++) {
      String channel = name(number % CHANNELS);
      String message = publisher + ":" + number;
      Sent sent = new Sent(publisher, number, System.nanoTime());
      if (isAccepted(nodes.get(node), channel, message)) {
        accepted.get(channel).put(message, sent);
        byNode.incrementAndGet(node);
      } else {
        Node.await("its node is there", () -> isOver || nodes.get(node).store.isReachable());
      }
    }
  }

  private static boolean isAccepted(Node node, String channel, String message) {
    try {
      Append once = Append.of(List.of(message.getBytes(UTF_8)));
      return node.find(channel).append(once) instanceof Appended.Accepted;
    } catch (Channels.Refused e) {
      return false;
    }
  }

  private long accepted(int node) {
    return byNode.get(node);
  }

  private long accepted() {
    return IntStream.range(0, nodes.size()).mapToLong(this::accepted).sum();
  }

  /** Waits until so many more were accepted. */
  void awaitMore(int count) {
    long before = accepted();
    Node.await(count + " more are accepted", () -> accepted() >= before + count);
  }

  /** Waits until so many more were accepted at one node. */
  void awaitMore(int count, int node) {
    long before = accepted(node);
    Node.await(
        count + " more are accepted at node " + node, () -> accepted(node) >= before + count);
  }

  /** Stops to publish, waits until all has settled, and judges. */
  Verdict end() throws InterruptedException {
    isOver = true;
    for (Thread publisher : publishers) {
      publisher.join();
    }
    for (int c = 0; c < CHANNELS; c++) {
      String channel = name(c);
      Node.await("the last is accepted", () -> isAccepted(nodes.get(0), channel, "last"));
    }
    Node.await("the last is heard", () -> readers.stream().allMatch(r -> r.hasHeard("last")));
    try {
      Node.await("what is lost is told", () -> judge().isClean());
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      return judge(); // which says what is wrong
    }
    return judge();
  }

  private Verdict judge() {
    Map<String, Map<String, Sent>> all = new HashMap<>(accepted);
    Verdict sum = new Verdict(accepted(), 0, 0, 0, 0, 0);
    for (FaultReader reader : readers) {
      sum = sum.plus(reader.judge(all.get(reader.channel())));
    }
    return sum;
  }

  @Override
  public void close() {
    isOver = true;
    again.shutdownNow();
  }
}
