package switchboard.container;

import static org.junit.jupiter.api.Assertions.assertEquals;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much Payara may keep for a client, during a write and afterwards. */
class WriteQueueTest {

  private final List<String> events = new ArrayList<>();
  private Object tcp;
  private GrizzlyAccess grizzly;

  private final ServletOutputStream out =
      new ServletOutputStream() {
        @Override
        public boolean isReady() {
          return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void write(int b) {
          throw new UnsupportedOperationException("byte by byte");
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
          events.add("write " + length + ", allowed " + allowed());
        }

        @Override
        public void flush() {
          events.add("flush");
        }
      };

  @BeforeEach
  void connect() throws ReflectiveOperationException {
    ClassLoader server = FakeServers.PAYARA.load();
    grizzly = new GrizzlyAccess(server);
    tcp =
        server.loadClass("org.glassfish.grizzly.nio.NIOConnection").getConstructor().newInstance();
  }

  private int allowed() {
    try {
      return grizzly.maxWriteQueue(tcp);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aBoundIsSetAndPutBack() throws ReflectiveOperationException {
    int before = allowed();
    WriteQueue queue = WriteQueue.bound(grizzly, tcp, 8_192);
    assertEquals(8_192, allowed());
    queue.restore();
    assertEquals(before, allowed());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 32 << 10, 64 << 10})
  void aSmallWriteNeedsNoMore(int length) throws Exception {
    WriteQueue queue = WriteQueue.bound(grizzly, tcp, WriteQueue.MAX_BYTES);
    queue.write(out, new byte[length], 0, length);
    assertEquals(List.of("write %d, allowed %d".formatted(length, WriteQueue.MAX_BYTES)), events);
  }

  @ParameterizedTest
  @ValueSource(ints = {(64 << 10) + 1, 1 << 20, 16 << 20})
  void aLargeOneIsAllowedUntilItIsWritten(int length) throws Exception {
    WriteQueue queue = WriteQueue.bound(grizzly, tcp, WriteQueue.MAX_BYTES);
    queue.write(out, new byte[length], 0, length);
    int allowed = 2 * WriteQueue.MAX_BYTES + length / 3;
    assertEquals(List.of("write %d, allowed %d".formatted(length, allowed), "flush"), events);
    // Grizzly 5 ends a connection with more than four times as much as is allowed.
    assertEquals(0, length / (4L * allowed));
    assertEquals(WriteQueue.MAX_BYTES, allowed());
  }

  @Test
  void elsewhereItOnlyWrites() throws IOException {
    int before = allowed();
    WriteQueue.UNCHANGED.write(out, new byte[1 << 20], 0, 1 << 20);
    WriteQueue.UNCHANGED.restore();
    assertEquals(List.of("write 1048576, allowed " + before), events);
  }
}
