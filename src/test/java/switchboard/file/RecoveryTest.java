package switchboard.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import switchboard.config.StoreSync;
import switchboard.log.EpochHistory;
import switchboard.log.LogState;

/** What is damaged is never served, and what was never answered is no damage. */
class RecoveryTest {

  private static final int SEGMENT_BYTES = 8 << 10;
  private static final UUID ID = new UUID(1, 2);

  private final FakeDisk disk = new FakeDisk(new Random(1), FakeDisk.Bug.NONE);

  private Journal journal() throws IOException {
    Journal journal =
        new Journal(
            disk,
            new Journal.Limits(SEGMENT_BYTES, 1 << 20, StoreSync.GROUP, 0),
            new Journal.Position(ID, 1, 0, 1, 0),
            List.of(),
            () -> 1,
            Runnable::run,
            Runnable::run);
    journal.begin(List.of(), List.of(), new Records.Start(1, "boot", "GROUP", "host", null));
    return journal;
  }

  /** A channel with so many messages, each in a group of its own. */
  private Journal journal(int groups) throws IOException {
    Journal journal = journal();
    LogState empty = new LogState(EpochHistory.of(5), 0, 0, false, List.of(), null, null);
    List<Records.Origin> origins = List.of(new Records.Origin(0, 1));
    journal.add(
        new Records.State(1, 1, 1, "c", "text/plain", null, false, null, origins, empty, List.of()),
        Journal.Ticket.NONE);
    journal.step();
    for (int i = 0; i < groups; i++) {
      byte[] message = ("message " + i).getBytes(UTF_8);
      journal.add(
          new Records.Appending(1, 5, i, 1, 0, null, null, false, List.of(message)),
          Journal.Ticket.NONE);
      journal.step();
    }
    return journal;
  }

  private List<String> recovered() throws IOException {
    Recovery recovery = new Recovery(disk, ID);
    recovery.run();
    List<String> texts = new ArrayList<>();
    for (Image image : recovery.images()) {
      image.messages().forEach(message -> texts.add(new String(message, UTF_8)));
    }
    return texts;
  }

  @Test
  void everyBitOfWhatWasOnTheDiskMatters() throws IOException {
    Journal journal = journal(20);
    journal.tick(1);
    journal.step(); // the mark, which says that all before it was there
    String file = SegmentHeader.fileName(1);
    byte[] bytes = disk.bytes(file);
    int end = lastUsed(bytes) + 1;
    int mark = end - Group.BYTES - Records.HEAD_BYTES - 1;
    assertEquals(20, recovered().size());
    for (int position = 0; position < end; position++) {
      for (int bit = 0; bit < 8; bit++) {
        disk.damage(file, position, bit);
        if (position < mark) {
          assertThrows(IOException.class, this::recovered, "byte " + position + ", bit " + bit);
        } else {
          assertEquals(20, recovered().size());
        }
        disk.damage(file, position, bit);
      }
    }
  }

  private static int lastUsed(byte[] bytes) {
    int last = bytes.length - 1;
    while (bytes[last] == 0) {
      last--;
    }
    return last;
  }

  @Test
  void theLastGroupWasNeverAnsweredIfItIsNotWhole() throws IOException {
    journal(3);
    byte[] bytes = disk.bytes(SegmentHeader.fileName(1));
    bytes[lastUsed(bytes)] ^= 1;
    assertEquals(List.of("message 0", "message 1"), recovered());
  }

  @Test
  void whatIsMissingInTheMiddleIsDamage() throws IOException {
    journal(2_000);
    assertTrue(disk.list().size() > 3, "several segments");
    disk.remove(SegmentHeader.fileName(2));
    String why = assertThrows(Recovery.Damaged.class, this::recovered).getMessage();
    assertEquals("file 000000000002.log is missing", why);
  }

  @Test
  void aMessageThatLooksLikeAGroupIsNone() throws IOException {
    Journal journal = journal(1);
    // What a client can know: the form of a header, but not the seed of its checksum.
    byte[] forged = new byte[Group.BYTES];
    new Group(9, 1, 1, 50, 50, 0).write(forged, 0, new Checksum(new UUID(0, 0), 1));
    journal.add(
        new Records.Appending(1, 5, 1, 1, 0, null, null, false, List.of(forged)),
        Journal.Ticket.NONE);
    journal.step();
    byte[] bytes = disk.bytes(SegmentHeader.fileName(1));
    bytes[lastUsed(bytes)] ^= 1;
    assertEquals(List.of("message 0"), recovered());
  }

  @Test
  void aSpareThatIsNotFinishedIsNoDamage() throws IOException {
    journal(3);
    disk.create(SegmentHeader.fileName(3)).write(java.nio.ByteBuffer.allocate(100), 0);
    assertEquals(3, recovered().size());
    assertFalse(disk.list().contains(SegmentHeader.fileName(3)));
  }
}
