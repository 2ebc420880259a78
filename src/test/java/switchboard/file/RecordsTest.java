package switchboard.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import switchboard.log.EpochHistory;
import switchboard.log.EpochHistory.EpochStart;
import switchboard.log.LogState;
import switchboard.log.LogState.ProducerState;
import switchboard.log.Offset;
import switchboard.log.Producer;

/** What is written is read as it was, and anything else is refused. */
class RecordsTest {

  private static final int TRIES = 20_000;

  private final Random random = new Random(1);

  private long number() {
    return random.nextLong() >>> random.nextInt(64) >>> 1;
  }

  private String text() {
    return random.nextInt(4) == 0 ? null : "ü€😀".repeat(random.nextInt(5));
  }

  private List<byte[]> messages() {
    List<byte[]> messages = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      byte[] message = new byte[random.nextInt(300)];
      random.nextBytes(message);
      messages.add(message);
    }
    return messages;
  }

  private Producer producer() {
    return random.nextBoolean() ? null : new Producer("p" + number(), number(), number());
  }

  private Offset offset() {
    return new Offset(random.nextInt(1 << 30), random.nextInt(1 << 30));
  }

  private Records.Entry entry() {
    List<byte[]> messages = messages();
    return switch (random.nextInt(10)) {
      case 0 -> new Records.Start(number(), text(), text(), text(), text());
      case 1 -> state(messages);
      case 2 ->
          new Records.Appending(
              number(),
              number(),
              number(),
              number(),
              number(),
              producer(),
              text(),
              random.nextBoolean(),
              messages);
      case 3 -> new Records.Deletion(number(), text(), text());
      case 4 ->
          new Records.Copy(number(), number(), random.longs(messages.size()).toArray(), messages);
      case 5 -> new Records.Touch(number(), number(), number());
      case 6 -> new Records.Mark();
      case 7 -> new Records.End(number());
      case 8 -> new Records.Cleaned(number());
      default -> new Records.Stop();
    };
  }

  private Records.State state(List<byte[]> messages) {
    List<EpochStart> starts = List.of(new EpochStart(number(), 0), new EpochStart(number(), 7));
    List<ProducerState> producers =
        random.nextBoolean()
            ? List.of()
            : List.of(new ProducerState(new Producer("p", 1, 2), -number()));
    LogState log =
        new LogState(
            new EpochHistory(starts, List.of(offset())),
            number(),
            number(),
            random.nextBoolean(),
            producers,
            text(),
            producer());
    return new Records.State(
        number(),
        number(),
        number(),
        "name",
        "text/plain",
        text(),
        random.nextBoolean(),
        random.nextBoolean()
            ? null
            : new Records.ForkedFrom("s", random.nextBoolean() ? null : offset(), 3),
        List.of(new Records.Origin(0, number()), new Records.Origin(9, number())),
        log,
        messages);
  }

  private static byte[] written(Records.Entry entry) {
    Output out = new Output(16);
    Records.write(entry, out);
    return out.toBytes();
  }

  private static Records.Entry read(byte[] bytes) {
    int length = bytes.length - Records.HEAD_BYTES;
    return Records.read(ByteBuffer.wrap(bytes, Records.HEAD_BYTES, length));
  }

  @Test
  void whatIsWrittenIsReadAsItWas() {
    for (int i = 0; i < TRIES; i++) {
      byte[] bytes = written(entry());
      assertArrayEquals(bytes, written(read(bytes)));
    }
  }

  @Test
  void aRecordThatIsCutIsRefused() {
    for (int i = 0; i < TRIES; i++) {
      byte[] bytes = written(entry());
      byte[] cut =
          Arrays.copyOf(
              bytes, Records.HEAD_BYTES + random.nextInt(bytes.length - Records.HEAD_BYTES));
      assertThrows(IllegalArgumentException.class, () -> read(cut));
    }
  }

  @Test
  void anythingElseIsRefusedOrReadButNeverFailsInAnotherWay() {
    for (int i = 0; i < TRIES; i++) {
      byte[] bytes = written(entry());
      for (int change = random.nextInt(4); change >= 0; change--) {
        int at = Records.HEAD_BYTES + random.nextInt(bytes.length - Records.HEAD_BYTES);
        bytes[at] = (byte) random.nextInt();
      }
      try {
        read(bytes);
      } catch (IllegalArgumentException e) {
        // refused
      }
    }
  }
}
