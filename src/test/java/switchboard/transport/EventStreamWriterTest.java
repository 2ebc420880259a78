package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.container.WriteQueue;
import switchboard.time.Clocks;

class EventStreamWriterTest {

  private final List<String> events = new ArrayList<>();
  private final PendingBodies bodies = new PendingBodies(1 << 20);
  private int takes = Integer.MAX_VALUE;
  private boolean isBroken;
  private WriteListener container;

  /** A client that takes so many bytes as the test says. */
  private final ServletOutputStream out =
      new ServletOutputStream() {
        @Override
        public boolean isReady() {
          return takes > 0;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
          container = listener;
        }

        @Override
        public void write(int b) {
          throw new IllegalStateException("not byte by byte");
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
          if (isBroken) {
            throw new IOException("broken pipe");
          }
          takes--;
          events.add(new String(bytes, from, length, UTF_8));
        }

        @Override
        public void flush() {
          events.add("flush");
        }
      };

  private final EventStreamWriter writer =
      new EventStreamWriter(
          out,
          WriteQueue.UNCHANGED,
          bodies.share(),
          new Clocks(() -> Instant.EPOCH, () -> 1_000, () -> 2_000),
          new EventStreamWriter.Listener() {
            @Override
            public void broke(Throwable cause) {
              events.add("broke: " + cause.getMessage());
              stop();
            }

            @Override
            public void end(Ending ending) {
              events.add("end " + ending.slug());
              stop();
            }
          });

  private void stop() {
    writer.stop();
  }

  private void enqueue(String event) {
    writer.enqueue(() -> event.getBytes(UTF_8), () -> events.add(event + " done"));
  }

  @Test
  void nothingIsWrittenBeforeTheContainerSaysSo() throws IOException {
    writer.start(() -> "hello".getBytes(UTF_8), () -> events.add("hello done"));
    assertEquals(List.of(), events);
    container.onWritePossible();
    assertEquals(List.of("hello", "flush", "hello done"), events);
    assertEquals(1_000, writer.lastWriteMillis());
    assertEquals(2_000, writer.writingSinceMillis());
  }

  @Test
  void anEventIsMadeOnlyWhenItIsItsTurn() {
    takes = 0;
    String[] id = {"1"};
    writer.enqueue(() -> id[0].getBytes(UTF_8), () -> {});
    assertFalse(writer.isBusy(), "it only waits");
    id[0] = "2";
    takes = 2;
    writer.onWritePossible();
    assertEquals(List.of("2", "flush"), events);
  }

  @Test
  void oneThatIsNotTakenIsHeldAndTheNextWaits() {
    takes = 1;
    String large = "x".repeat(100_000);
    enqueue(large);
    enqueue("b");
    assertEquals(List.of(large), events);
    assertTrue(writer.isBusy());
    assertEquals(100_000, bodies.heldBytes());
    takes = 10;
    writer.onWritePossible();
    assertEquals(List.of(large, "flush", large + " done", "b", "flush", "b done"), events);
    assertFalse(writer.isBusy());
    assertEquals(0, bodies.heldBytes());
  }

  @Test
  void whatThereIsNoRoomForEndsIt() {
    enqueue("x".repeat(2 << 20));
    assertEquals(List.of("end " + Ending.REQUEST_BUFFER_FULL.slug()), events);
  }

  @Test
  void aWriteThatFailsIsAClientThatIsGone() {
    isBroken = true;
    enqueue("a");
    enqueue("b");
    assertEquals(List.of("broke: broken pipe"), events);
  }

  @Test
  void anEventThatCannotBeMadeEndsItWithAnInternalError() {
    writer.enqueue(
        () -> {
          throw new IllegalStateException("on purpose");
        },
        () -> {});
    enqueue("b");
    assertEquals(List.of("end internal"), events);
  }

  @Test
  void whatFailsAfterAnEventEndsItToo() {
    writer.enqueue(
        () -> "a".getBytes(UTF_8),
        () -> {
          throw new IllegalStateException("on purpose");
        });
    enqueue("b");
    assertEquals(List.of("a", "flush", "end internal"), events);
  }

  @Test
  void nothingIsWrittenWhenItIsOver() {
    takes = 1;
    enqueue("x".repeat(100_000));
    writer.stop();
    takes = 10;
    writer.onWritePossible();
    enqueue("b");
    assertEquals(1, events.size());
    assertEquals(0, bodies.heldBytes());
  }
}
