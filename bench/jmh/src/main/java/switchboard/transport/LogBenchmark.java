package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import switchboard.channel.ContentType;
import switchboard.log.Append;
import switchboard.log.Batch;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Reading;
import switchboard.log.Retention;
import switchboard.log.RingLog;
import switchboard.container.WebSocketFrame;

/** What the log costs: an append, a read that others have done before, and a batch made anew. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LogBenchmark {

  private static final Wire.Frame FRAME = new Wire.Frame(ContentType.Kind.JSON, null);

  @Param({"1", "32"})
  private int messages;

  private Append one =
      Append.of(List.of(("{\"pad\":\"" + "x".repeat(118) + "\"}").getBytes(UTF_8)));
  private RingLog log;
  private Offset behind;
  private Batch batch;

  @Setup
  public void fill() {
    log =
        new RingLog(1, new Retention(10_000, 1 << 24, Duration.ZERO), new Page(1_000, 256 << 10));
    behind = log.end();
    for (int i = 0; i < messages; i++) {
      log.append(one, 0);
    }
    batch = (Batch) log.readAfter(behind);
  }

  @Benchmark
  public Object append() {
    return log.append(one, 0);
  }

  @Benchmark
  public Reading readWhatOthersRead() {
    return log.readAfter(behind, behind.number() + messages);
  }

  @Benchmark
  public Reading readAnew() {
    log.forgetOld(0);
    return log.readAfter(behind, behind.number() + messages);
  }

  @Benchmark
  public WebSocketFrame encode() {
    return FRAME.encode(batch);
  }

  @Benchmark
  public WebSocketFrame encodedBefore() {
    return batch.encoded(FRAME);
  }
}
