package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;
import switchboard.container.FrameWriter;
import switchboard.container.WebSocketFrame;
import switchboard.time.Clocks;

class SendQueueTest {

  private static final String LARGE = "x".repeat(100_000);

  private final List<String> events = new ArrayList<>();
  private final PendingBodies bodies = new PendingBodies(4 << 20);
  private final Queue<SendHandler> unfinished = new ArrayDeque<>();
  private final SendQueue.Listener listener =
      new SendQueue.Listener() {
        @Override
        public void drained() {
          events.add("drained");
        }

        @Override
        public void failed(Throwable failure) {
          events.add("failed: " + failure.getMessage());
        }

        @Override
        public void broke(Throwable cause) {
          events.add("broke: " + cause.getMessage());
        }

        @Override
        public void closeNow(Ending ending) {
          events.add("close " + ending.slug());
        }
      };
  private boolean isReading = true;
  private SendQueue queue = queue(this::write);

  private SendQueue queue(FrameWriter writer) {
    Clocks clocks = new Clocks(() -> Instant.EPOCH, () -> 1_000, () -> 2_000);
    return new SendQueue(writer, bodies.share(), clocks, listener);
  }

  private void write(WebSocketFrame frame, SendHandler written) {
    events.add(frame.text());
    if (isReading) {
      written.onResult(FrameWriter.WRITTEN);
    } else {
      unfinished.add(written);
    }
  }

  private void send(String text) {
    queue.send(WebSocketFrame.of(text), () -> {});
  }

  @Test
  void theNextFrameIsWrittenWhenTheLastOneIs() {
    isReading = false;
    send("a");
    send("b");
    assertEquals(List.of("a"), events);
    assertTrue(queue.isBusy());
    unfinished.remove().onResult(FrameWriter.WRITTEN);
    assertEquals(List.of("a", "b"), events);
    unfinished.remove().onResult(FrameWriter.WRITTEN);
    assertFalse(queue.isBusy());
    assertEquals(1_000, queue.lastSentMillis());
    assertEquals(2_000, queue.sendingSinceMillis());
  }

  @Test
  void aLongQueueIsNoDeepStack() {
    isReading = false;
    IntStream.range(0, 3_000).forEach(i -> send("x"));
    isReading = true;
    unfinished.remove().onResult(FrameWriter.WRITTEN);
    assertEquals(3_000, events.size());
  }

  @Test
  void aClientThatReadsAgainIsHeard() {
    isReading = false;
    send("a");
    unfinished.remove().onResult(FrameWriter.DRAINED);
    assertEquals(List.of("a", "drained"), events);
  }

  @Test
  void whatWaitsIsWrittenBeforeItCloses() {
    isReading = false;
    send("a");
    send("b");
    queue.close(Ending.CHANNEL_CLOSED);
    queue.close(Ending.TOO_SLOW);
    send("too late");
    assertTrue(queue.isClosing());
    isReading = true;
    unfinished.remove().onResult(FrameWriter.WRITTEN);
    assertEquals(List.of("a", "b", "close channel-closed"), events);
  }

  @Test
  void aClientThatSendsCommandsAndDoesNotReadTheAnswersIsTooSlow() {
    isReading = false;
    for (int i = 0; i < 5 && events.size() < 2; i++) {
      send(LARGE);
    }
    assertEquals(List.of(LARGE, "close too-slow"), events);
  }

  @Test
  void messagesAreNotCountedAmongTheAnswers() {
    isReading = false;
    for (int i = 0; i < 10; i++) {
      queue.sendBatch(WebSocketFrame.of(LARGE), () -> {});
    }
    assertEquals(List.of(LARGE), events);
    assertTrue(bodies.heldBytes() >= 1_000_000, bodies.heldBytes() + " bytes");
  }

  @Test
  void whatThereIsNoRoomForEndsIt() {
    isReading = false;
    for (int i = 0; i < 100 && events.size() < 2; i++) {
      queue.sendBatch(WebSocketFrame.of(LARGE), () -> {});
    }
    assertEquals(List.of(LARGE, "close " + Ending.REQUEST_BUFFER_FULL.slug()), events);
    queue.stop();
    assertEquals(0, bodies.heldBytes());
  }

  @Test
  void nothingIsWrittenWhenItIsOver() {
    isReading = false;
    send("a");
    send("b");
    queue.close(Ending.CHANNEL_CLOSED);
    queue.stop();
    isReading = true;
    unfinished.remove().onResult(FrameWriter.WRITTEN);
    send("c");
    assertEquals(List.of("a"), events);
    assertEquals(0, bodies.heldBytes());
  }

  @Test
  void aWriteThatFailsIsAClientThatIsGone() {
    queue =
        queue(
            (frame, written) -> {
              throw new IOException("at once");
            });
    send("a");
    queue = queue((frame, written) -> written.onResult(new SendResult(new IOException("later"))));
    send("a");
    assertEquals(List.of("broke: at once", "broke: later"), events);
  }

  @Test
  void whatFailsAfterAFrameIsReportedAndTheNextIsWritten() {
    queue.send(
        WebSocketFrame.of("a"),
        () -> {
          throw new IllegalStateException("on purpose");
        });
    send("b");
    assertEquals(List.of("a", "failed: on purpose", "b"), events);
  }
}
