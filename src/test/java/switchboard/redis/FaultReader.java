package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Sink;
import switchboard.channel.Transport;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;

/** Hears one channel at one node, comes again when it is sent away, and writes down what it got. */
final class FaultReader implements Sink {

  private static final long AGAIN_MILLIS = 20;

  /** A message, or {@code null} where something was told to be missing. */
  private record Event(String message, long nanos) {}

  private final Node node;
  private final String channel;
  private final ScheduledExecutorService again;
  private final List<Event> events = new ArrayList<>();
  private Offset next;
  private int gaps;

  FaultReader(Node node, String channel, ScheduledExecutorService again) {
    this.node = node;
    this.channel = channel;
    this.again = again;
    come();
  }

  private void come() {
    try {
      Channel there = node.channels.find(new ChannelName(channel)).orElseThrow();
      there.subscription(next == null ? there.earliest() : next, this).start();
    } catch (Channels.Refused e) {
      comeAgain();
    }
  }

  private void comeAgain() {
    again.schedule(this::come, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
  }

  String channel() {
    return channel;
  }

  @Override
  public Transport transport() {
    return Transport.WEBSOCKET;
  }

  @Override
  public synchronized void write(Batch batch, Runnable done) {
    long now = System.nanoTime();
    batch.messages().forEach(message -> events.add(new Event(new String(message, UTF_8), now)));
    next = batch.next();
    done.run();
  }

  @Override
  public synchronized void gap(Gap gap, Runnable done) {
    events.add(new Event(null, System.nanoTime()));
    gaps++;
    next = gap.earliest();
    done.run();
  }

  @Override
  public void closed(Offset end) {
    throw new IllegalStateException("nobody closes it");
  }

  @Override
  public void end(Ending ending) {
    comeAgain();
  }

  synchronized boolean hasHeard(String message) {
    return events.stream().anyMatch(event -> message.equals(event.message()));
  }

  synchronized int gaps() {
    return gaps;
  }

  /** What is wrong with what it got, of all that was accepted in this channel. */
  synchronized FaultRun.Verdict judge(Map<String, FaultRun.Sent> accepted) {
    Map<String, Integer> partOf = new HashMap<>();
    Map<Integer, Integer> last = new HashMap<>();
    long lastTold = Long.MIN_VALUE;
    int part = 0;
    long repeated = 0;
    long reordered = 0;
    for (Event event : events) {
      if (event.message() == null) {
        part++;
        last.clear();
        lastTold = event.nanos();
        continue;
      }
      Integer before = partOf.put(event.message(), part);
      repeated += before != null && before == part ? 1 : 0;
      // What nobody was answered to be accepted may come when it likes.
      FaultRun.Sent sent = accepted.get(event.message());
      if (sent != null) {
        Integer greatest = last.put(sent.publisher(), sent.number());
        reordered += greatest != null && greatest > sent.number() ? 1 : 0;
      }
    }
    long missing = 0;
    long silent = 0;
    for (Map.Entry<String, FaultRun.Sent> sent : accepted.entrySet()) {
      if (!partOf.containsKey(sent.getKey())) {
        missing++;
        silent += lastTold < sent.getValue().startNanos() ? 1 : 0;
      }
    }
    return new FaultRun.Verdict(0, missing, silent, repeated, reordered, gaps);
  }
}
