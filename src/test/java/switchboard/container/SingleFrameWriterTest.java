package switchboard.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SingleFrameWriterTest {

  private final Object monitor = new Object();
  private final List<String> events = new ArrayList<>();
  private final Connection writer = new Connection();
  private final SendHandler handler =
      result -> {
        assertFalse(Thread.holdsLock(monitor), "it is told outside");
        events.add(result == FrameWriter.WRITTEN ? "written" : "other");
      };

  /** A connection that takes a frame at once, later, or never. */
  private final class Connection extends SingleFrameWriter {
    private Exception fault;
    private boolean isSlow;

    private Connection() {
      super(monitor);
    }

    @Override
    void begin(byte[] frame) {
      assertTrue(Thread.holdsLock(monitor));
      events.add("begin " + frame.length);
    }

    @Override
    SendHandler start() throws IOException {
      assertTrue(Thread.holdsLock(monitor));
      assertTrue(isWriting());
      if (fault instanceof IOException gone) {
        throw gone;
      }
      if (fault instanceof RuntimeException bug) {
        throw bug;
      }
      return isSlow ? null : take();
    }

    @Override
    void clear() {
      assertTrue(Thread.holdsLock(monitor));
      events.add("clear");
    }

    private SendHandler taken() {
      synchronized (monitor) {
        return take();
      }
    }
  }

  private void write() throws IOException {
    writer.write(WebSocketFrame.of("ab"), handler);
  }

  @Test
  void aFrameThatIsTakenAtOnceIsTold() throws IOException {
    write();
    assertEquals(List.of("begin 4", "clear", "written"), events);
    assertFalse(writer.isWriting());
  }

  @Test
  void oneThatIsTakenLaterIsToldThen() throws IOException {
    writer.isSlow = true;
    write();
    assertEquals(List.of("begin 4"), events);
    assertTrue(writer.isWriting());
    SendHandler taken = writer.taken();
    assertSame(handler, taken);
    assertFalse(writer.isWriting());
    SingleFrameWriter.tell(taken, new SendResult());
    assertEquals(List.of("begin 4", "clear", "other"), events);
    assertNull(writer.taken(), "it is told once");
  }

  @Test
  void aClientThatIsGoneIsThrownAndNothingIsTold() {
    writer.fault = new IOException("gone");
    assertSame(writer.fault, assertThrows(IOException.class, this::write));
    assertEquals(List.of("begin 4", "clear"), events);
    assertFalse(writer.isWriting());
  }

  @Test
  void afterAFailureTheNextFrameIsWritten() throws IOException {
    writer.fault = new IllegalStateException("a fault on purpose");
    assertThrows(IllegalStateException.class, this::write);
    writer.fault = null;
    write();
    assertEquals(List.of("begin 4", "clear", "begin 4", "clear", "written"), events);
  }

  @Test
  void nobodyIsToldNothing() {
    SingleFrameWriter.tell(null, FrameWriter.WRITTEN);
    assertEquals(List.of(), events);
  }
}
