package switchboard.log;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import switchboard.log.LogState.ProducerState;

/**
 * What a log remembers of its writers: each {@linkplain Producer producer}'s last sequence number,
 * the last ordering token ({@code Stream-Seq}), and which producer closed it. From that it tells a
 * retry from a new append (Durable Streams PROTOCOL.md §5.2). For logs in Redis, {@code store.lua}
 * holds the same table and applies the same rules.
 *
 * <p>A producer that has been silent for seven days is forgotten at the next producer's append.
 *
 * <p><b>Threads.</b> Confined to the log's lock.
 *
 * <p><b>Cost.</b> O(1) an append, no allocation for one without a producer. About 200 bytes a
 * producer.
 */
final class ProducerTable {

  /** How long a silent producer is remembered: what the protocol recommends (§5.2.1). */
  private static final long PRODUCER_MILLIS = Duration.ofDays(7).toMillis();

  /** What a producer costs beside its name, roughly. */
  private static final int PRODUCER_BYTES = 200;

  // By id, the one that has been silent for longest first. Most logs have no producer.
  private Map<String, ProducerState> producers = Map.of();
  private @Nullable String lastSeq;
  private @Nullable Producer closedBy;
  private long bytes;

  /** What it costs to remember all this. */
  long bytes() {
    return bytes;
  }

  /** How many more bytes it will cost once an append is remembered; negative if fewer. */
  long addedBytes(Append append) {
    Producer producer = append.producer();
    long added = producer == null || isKnown(producer) ? 0 : cost(producer);
    return append.seq() == null ? added : added + cost(append.seq()) - cost(lastSeq);
  }

  /** Whether no more than {@code max} producers are remembered when this one is, too. */
  boolean hasRoomFor(Producer producer, int max) {
    return isKnown(producer) || producers.size() < max;
  }

  /**
   * Why {@code log}, as it is now, takes no such append; {@code null} if it does.
   *
   * <p>The order is the protocol's (PROTOCOL.md §5.2 "Error Precedence"): a producer with an old
   * epoch is told so even by a closed log, and a retry of the append that closed it succeeds.
   */
  @Nullable Appended refusalOf(Append append, RingLog log) {
    if (log.willBeClosed()) {
      return refusalWhenClosed(append, log);
    }
    if (append.producer() != null) {
      Appended refusal = refusalOf(append.producer(), log);
      if (refusal != null) {
        return refusal;
      }
    }
    if (append.seq() != null && lastSeq != null && compareBytes(append.seq(), lastSeq) <= 0) {
      return new Appended.SeqRegression(lastSeq);
    }
    return null;
  }

  private Appended refusalWhenClosed(Append append, RingLog log) {
    Producer producer = append.producer();
    if (producer == null) {
      return append.messages().isEmpty()
          ? new Appended.Duplicate(log.nextEnd(), true, -1)
          : new Appended.LogClosed(log.nextEnd());
    }
    if (producer.equals(closedBy)) {
      return new Appended.Duplicate(log.nextEnd(), true, producer.seq());
    }
    Producer last = lastOf(producer);
    return last != null && producer.epoch() < last.epoch()
        ? new Appended.StaleEpoch(last.epoch())
        : new Appended.LogClosed(log.nextEnd());
  }

  private @Nullable Appended refusalOf(Producer producer, RingLog log) {
    Producer last = lastOf(producer);
    if (last == null || producer.epoch() > last.epoch()) {
      if (producer.seq() == 0) {
        return null;
      }
      return last == null
          ? new Appended.ProducerGap(0, producer.seq())
          : new Appended.EpochNotAtZero(producer.seq());
    }
    if (producer.epoch() < last.epoch()) {
      return new Appended.StaleEpoch(last.epoch());
    }
    if (producer.seq() <= last.seq()) {
      return new Appended.Duplicate(log.nextEnd(), false, last.seq());
    }
    return producer.seq() == last.seq() + 1
        ? null
        : new Appended.ProducerGap(last.seq() + 1, producer.seq());
  }

  // PROTOCOL.md §5.2: "simple byte-wise lexicographic ordering".
  private static int compareBytes(String a, String b) {
    return Arrays.compareUnsigned(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }

  private @Nullable Producer lastOf(Producer producer) {
    ProducerState state = producers.get(producer.id());
    return state == null ? null : state.last();
  }

  private boolean isKnown(Producer producer) {
    return producers.containsKey(producer.id());
  }

  /** Remembers an append that was accepted. */
  void remember(Append append, long nowMillis) {
    bytes += addedBytes(append);
    Producer producer = append.producer();
    if (producer != null) {
      if (producers.isEmpty()) {
        producers = new LinkedHashMap<>();
      }
      // Removed first, so that it moves to the end: the silent ones are found without a search.
      producers.remove(producer.id());
      producers.put(producer.id(), new ProducerState(producer, nowMillis));
    }
    if (append.seq() != null) {
      lastSeq = append.seq();
    }
    if (append.close()) {
      closedBy = producer;
    }
  }

  /** The state of {@code ring}, whose writers these are. */
  LogState state(EpochHistory epochs, MessageRing ring, boolean closed) {
    List<ProducerState> all = List.copyOf(producers.values());
    return new LogState(epochs, ring.first(), ring.head(), closed, all, lastSeq, closedBy);
  }

  /** Remembers what a log knew of its writers before. */
  void restore(LogState state) {
    for (ProducerState producer : state.producers()) {
      remember(new Append(List.of(), producer.last(), null, false), producer.atMillis());
    }
    remember(new Append(List.of(), null, state.lastSeq(), false), 0);
    closedBy = state.closedBy();
  }

  /** Forgets producers that have been silent for too long; how many bytes they cost. */
  long forgetSilent(long nowMillis) {
    long before = bytes;
    var eldest = producers.values().iterator();
    while (eldest.hasNext()) {
      ProducerState state = eldest.next();
      if (nowMillis - state.atMillis() <= PRODUCER_MILLIS) {
        break;
      }
      eldest.remove();
      bytes -= cost(state.last());
    }
    return before - bytes;
  }

  private static long cost(@Nullable String seq) {
    return seq == null ? 0 : 2L * seq.length();
  }

  private static long cost(Producer producer) {
    return PRODUCER_BYTES + 2L * producer.id().length();
  }
}
