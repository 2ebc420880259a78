package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.http.MemoryStream;
import switchboard.time.Clocks;

class EventStreamWriterTest {

  private final PendingBodies bodies = new PendingBodies(1 << 20);
  private final MemoryStream out = new MemoryStream(Map.of());
  private final List<String> events = out.events();

  private final EventStreamWriter writer =
      new EventStreamWriter(
          out,
          bodies.share(),
          new Clocks(() -> Instant.EPOCH, () -> 1_000, () -> 2_000),
          new EventStreamWriter.Listener() {
            @Override
            public void broke(Throwable cause) {
              events.add("broke: " + cause.getMessage());
              stop();
            }

            @Override
            public void ended() {
              events.add("ended");
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
  void nothingIsWrittenBeforeTheContainerSaysSo() {
    writer.start(() -> "hello".getBytes(UTF_8), () -> events.add("hello done"));
    assertEquals(List.of(), events);
    out.server().writable();
    assertEquals(List.of("hello", "flush", "hello done"), events);
    assertEquals(1_000, writer.lastWriteMillis());
    assertEquals(2_000, writer.writingSinceMillis());
  }

  @Test
  void anEventIsMadeOnlyWhenItIsItsTurn() {
    out.take(0);
    String[] id = {"1"};
    writer.enqueue(() -> id[0].getBytes(UTF_8), () -> {});
    assertFalse(writer.isBusy(), "it only waits");
    id[0] = "2";
    out.take(2);
    writer.writable();
    assertEquals(List.of("2", "flush"), events);
  }

  @Test
  void oneThatIsNotTakenIsHeldAndTheNextWaits() {
    out.take(1);
    String large = "x".repeat(100_000);
    enqueue(large);
    enqueue("b");
    assertEquals(List.of(large), events);
    assertTrue(writer.isBusy());
    assertEquals(100_000, bodies.heldBytes());
    out.take(10);
    writer.writable();
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
    out.breakOff();
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
    out.take(1);
    enqueue("x".repeat(100_000));
    writer.stop();
    out.take(10);
    writer.writable();
    enqueue("b");
    assertEquals(1, events.size());
    assertEquals(0, bodies.heldBytes());
  }
}
