package switchboard.lab;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * The sums for all readers of one transport.
 *
 * <p><b>Threads.</b> Safe.
 */
final class CrowdTally {

  final LongAdder messages = new LongAdder();
  final LongAdder requests = new LongAdder();
  final LongAdder empty = new LongAdder();
  final LongAdder bytesDown = new LongAdder();
  final LongAdder bytesUp = new LongAdder();
  final LongAdder gaps = new LongAdder();
  final LongAdder failures = new LongAdder();

  /** Number of readers that have received data. */
  final AtomicInteger connected = new AtomicInteger();

  private final AtomicReference<String> firstFailure = new AtomicReference<>();

  void failed(Throwable e) {
    failures.increment();
    firstFailure.compareAndSet(null, e.toString());
  }

  /** Resets the counts; connected readers stay connected. */
  void reset() {
    for (LongAdder adder :
        new LongAdder[] {messages, requests, empty, bytesDown, bytesUp, gaps, failures}) {
      adder.reset();
    }
  }

  JsonObjectBuilder toJson() {
    JsonObjectBuilder json =
        Json.createObjectBuilder()
            .add("connected", connected.get())
            .add("messages", messages.sum())
            .add("requests", requests.sum())
            .add("empty", empty.sum())
            .add("bytesDown", bytesDown.sum())
            .add("bytesUp", bytesUp.sum())
            .add("gaps", gaps.sum())
            .add("failures", failures.sum());
    return firstFailure.get() == null ? json : json.add("failure", firstFailure.get());
  }
}
