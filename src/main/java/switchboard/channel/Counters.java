package switchboard.channel;

import java.util.concurrent.atomic.LongAdder;
import switchboard.log.Batch;
import switchboard.log.Gap;

/**
 * Counters since the start, for metrics; {@code docs/reference/metrics.md} says what each one
 * means.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> A few additions without contention for each append and each write, none for a
 * message; nothing is allocated.
 */
public final class Counters {

  private final LongAdder messagesIn = new LongAdder();
  private final LongAdder bytesIn = new LongAdder();
  private final LongAdder gaps = new LongAdder();
  private final LongAdder missed = new LongAdder();
  private final EnumTable<Transport, Distribution> batches =
      new EnumTable<>(Transport.class, Distribution::new);
  private final EnumTable<Transport, LongAdder> subscriptions =
      new EnumTable<>(Transport.class, LongAdder::new);
  private final EnumTable<Ending, LongAdder> endings =
      new EnumTable<>(Ending.class, LongAdder::new);
  private final Distribution lag = new Distribution();
  private final Distribution waitMicros = new Distribution();
  private final Distribution walkMicros = new Distribution();

  void appended(int messages, long bytes) {
    messagesIn.add(messages);
    bytesIn.add(bytes);
  }

  void subscribed(Transport transport, int change) {
    subscriptions.get(transport).add(change);
  }

  void lags(long messages) {
    lag.record(messages);
  }

  void dispatched(long waitedNanos, long walkedNanos) {
    waitMicros.record(waitedNanos / 1_000);
    walkMicros.record(walkedNanos / 1_000);
  }

  /** A batch is written to one client. */
  public void sent(Transport transport, Batch batch) {
    batches.get(transport).record(batch.messages().size());
  }

  /** A client is told that messages are missing. */
  public void told(Gap gap) {
    gaps.increment();
    missed.add(gap.missed());
  }

  /** A request or a connection ended this way, or a command was refused. */
  public void ended(Ending ending) {
    endings.get(ending).increment();
  }

  /** Messages appended. */
  public long messagesIn() {
    return messagesIn.sum();
  }

  /** Bytes appended. */
  public long bytesIn() {
    return bytesIn.sum();
  }

  /** Batches written to clients of a transport, by how many messages they had. */
  public Distribution batches(Transport transport) {
    return batches.get(transport);
  }

  /** How many subscriptions there are now. */
  long subscriptions() {
    return subscriptions.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** How many subscriptions a transport has now. */
  public long subscriptions(Transport transport) {
    return subscriptions.get(transport).sum();
  }

  /** How often a client was told that messages are missing. */
  public long gaps() {
    return gaps.sum();
  }

  /** How many messages those were, as far as is known. */
  public long missed() {
    return missed.sum();
  }

  /** How many requests and connections ended this way. */
  public long endings(Ending ending) {
    return endings.get(ending).sum();
  }

  /** How many messages each subscription was behind, sampled once a second. */
  public Distribution lag() {
    return lag;
  }

  /** How long a channel with new messages waited for a worker, in microseconds. */
  public Distribution waitMicros() {
    return waitMicros;
  }

  /** How long a walk over a channel's subscriptions took, in microseconds. */
  public Distribution walkMicros() {
    return walkMicros;
  }
}
