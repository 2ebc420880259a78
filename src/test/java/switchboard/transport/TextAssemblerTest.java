package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import switchboard.channel.Ending;
import switchboard.connection.PendingBodies;

class TextAssemblerTest {

  private static final int MAX = 1_000_000;

  private final PendingBodies bodies = new PendingBodies(4_000_000);

  private TextAssembler begun(String first, int parts) {
    TextAssembler frame = new TextAssembler(bodies);
    assertNull(frame.add(first, MAX));
    for (int i = 0; i < parts; i++) {
      assertNull(frame.add("x".repeat(10_000), MAX));
    }
    return frame;
  }

  @Test
  void partsAreHeldUntilTheFrameIsWorkedOff() {
    TextAssembler frame = begun("a", 10);
    assertTrue(bodies.heldBytes() >= 100_001, bodies.heldBytes() + " bytes");
    assertTrue(bodies.heldBytes() <= 150_002, bodies.heldBytes() + " bytes");
    assertEquals("a" + "x".repeat(100_000), frame.take());
    assertTrue(bodies.heldBytes() >= 100_001, "it is being worked off");
    frame.clear();
    assertEquals(0, bodies.heldBytes());
    assertNull(frame.add("b", MAX));
    assertEquals("b", frame.take());
  }

  @Test
  void oneLetterBeyondLatin1DoublesWhatIsCounted() {
    begun("ā", 10);
    assertTrue(bodies.heldBytes() >= 200_002, bodies.heldBytes() + " bytes");
    long before = bodies.heldBytes();
    TextAssembler late = begun("a", 10);
    assertNull(late.add("ā", MAX));
    assertTrue(bodies.heldBytes() >= before + 200_002, bodies.heldBytes() + " bytes");
  }

  @Test
  void aFrameHasNoMoreBytesThanItMay() {
    TextAssembler frame = new TextAssembler(bodies);
    assertNull(frame.add("é".repeat(50), 101));
    assertNull(frame.add("a", 101));
    assertEquals(Ending.TOO_LARGE, frame.add("a", 101));
  }

  @Test
  void whatTheServerKeepsOfAFrameCountsToo() {
    TextAssembler frame = new TextAssembler(bodies);
    assertNull(frame.keeps(100_000, MAX));
    assertEquals(100_000, bodies.heldBytes());
    assertEquals(Ending.TOO_LARGE, frame.keeps(MAX + 100, MAX));
    assertNull(frame.keeps(0, MAX));
    assertEquals(0, bodies.heldBytes());
    assertEquals(Ending.REQUEST_BUFFER_FULL, frame.keeps(5_000_000, 10_000_000));
    frame.close();
    assertNull(frame.keeps(0, MAX), "the connection is over");
  }

  @Test
  void framesThatAreNeverWholeKeepOutOthersOnlyUntilTheirConnectionsGo() {
    List<TextAssembler> frames = new ArrayList<>();
    Ending refusal = null;
    while (refusal == null && frames.size() < 1_000) {
      TextAssembler frame = new TextAssembler(bodies);
      frames.add(frame);
      for (int i = 0; refusal == null && i < 50; i++) {
        refusal = frame.add("x".repeat(10_000), MAX);
      }
    }
    assertEquals(Ending.REQUEST_BUFFER_FULL, refusal);
    assertTrue(bodies.heldBytes() <= bodies.maxBytes());
    assertNull(new TextAssembler(bodies).add("x".repeat(8_000), MAX), "small ones are free");
    frames.forEach(TextAssembler::close);
    assertEquals(0, bodies.heldBytes());
  }
}
