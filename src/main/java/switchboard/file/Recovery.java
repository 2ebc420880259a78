package switchboard.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Reads what a journal has: first all records, for the channels as they were at last, and then
 * their messages. Old segments are never written to.
 *
 * <p>Where a group is not whole, there are two cases. If a later one says that this one was on the
 * disk, or that more follows, data is damaged that was acknowledged: nothing is served. Otherwise
 * it is the end, which was being written when the server stopped, and was never acknowledged.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class Recovery {

  /** Acknowledged data is damaged. */
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(String what) {
      super(what);
    }
  }

  private record Segment(SegmentHeader header, long voidFrom) {
    private long number() {
      return header.segment();
    }
  }

  private final Disk disk;
  private final UUID directory;
  private final List<Segment> segments = new ArrayList<>();
  private final Map<Long, Image> images = new LinkedHashMap<>();
  private final Map<String, Records.Deletion> kept = new LinkedHashMap<>();
  private final TreeMap<Long, byte[]> unattested = new TreeMap<>();
  private final List<Journal.Sealed> sealed = new ArrayList<>();
  private final Map<Long, Long> firstGroups = new HashMap<>();
  private Records.Start lastStart;
  private long lastStartSegment;
  private boolean isStopped;
  private long durable;
  private long nextChannel = 1;
  private long lastEpoch;
  private long cleaned;
  private boolean isTorn;

  Recovery(Disk disk, UUID directory) {
    this.disk = disk;
    this.directory = directory;
  }

  /**
   * Reads all.
   *
   * @throws Damaged if acknowledged data is
   */
  void run() throws IOException {
    find();
    dropUnfinishedStart();
    readStates();
    readMessages();
  }

  private void find() throws IOException {
    TreeMap<Long, SegmentHeader> headers = new TreeMap<>();
    for (String name : disk.list()) {
      long number = SegmentHeader.number(name);
      if (number >= 0) {
        headers.put(number, header(number));
      }
    }
    if (headers.isEmpty()) {
      return;
    }
    long first = headers.firstKey();
    long last = headers.lastKey();
    if (headers.get(last) == null) {
      if (hasGroups(last)) {
        throw new Damaged("file %s: its header is damaged".formatted(file(last)));
      }
      drop(last); // the server stopped while it made the file
      last--;
    }
    for (long number = first; number <= last; number++) {
      if (!headers.containsKey(number)) {
        throw new Damaged("file %s is missing".formatted(file(number)));
      }
      SegmentHeader header = headers.get(number);
      if (header == null) {
        throw new Damaged("file %s: its header is damaged".formatted(file(number)));
      }
      SegmentHeader next = number == last ? null : headers.get(number + 1);
      boolean isBroken = next != null && next.continuesAt() > 0;
      segments.add(new Segment(header, isBroken ? next.continuesAt() : Long.MAX_VALUE));
    }
  }

  private SegmentHeader header(long number) throws IOException {
    try {
      return SegmentReader.header(disk, directory, number);
    } catch (IllegalArgumentException e) {
      throw new Damaged("file %s: %s".formatted(file(number), e.getMessage()));
    }
  }

  private boolean hasGroups(long number) throws IOException {
    try (SegmentReader reader = new SegmentReader(disk, directory, number, 0, Long.MAX_VALUE)) {
      return reader.durableBehind() >= 0;
    }
  }

  private static String file(long number) {
    return SegmentHeader.fileName(number);
  }

  private void drop(long number) throws IOException {
    disk.delete(file(number));
    disk.syncDirectory();
  }

  // A start that did not get to its end was never served: it is as if it had not been.
  private void dropUnfinishedStart() throws IOException {
    Segment last = segments.isEmpty() ? null : segments.get(segments.size() - 1);
    if (last == null || last.header.continuesAt() == 0) {
      return;
    }
    boolean[] hasStart = {false};
    try (SegmentReader reader = reader(last, last.header.continuesAt())) {
      while (!hasStart[0] && reader.next()) {
        boolean isAgain = (reader.group().flags() & Group.AGAIN) != 0;
        reader.records(entry -> hasStart[0] |= entry instanceof Records.Start && !isAgain);
      }
      if (hasStart[0]) {
        return;
      }
      if (reader.durableBehind() >= reader.expected()) {
        throw damaged(last, reader);
      }
    }
    drop(last.number());
    segments.remove(last);
    if (!segments.isEmpty()) {
      Segment before = segments.remove(segments.size() - 1);
      segments.add(new Segment(before.header, Long.MAX_VALUE));
    }
  }

  private SegmentReader reader(Segment segment, long expected) throws IOException {
    return new SegmentReader(disk, directory, segment.number(), expected, segment.voidFrom);
  }

  private Damaged damaged(Segment segment, SegmentReader reader) {
    return new Damaged(
        "file %s is damaged at byte %d: group %d was on the disk and is not whole any more"
            .formatted(file(segment.number()), reader.position(), reader.expected()));
  }

  private void readStates() throws IOException {
    long expected = 0;
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      lastEpoch = Math.max(lastEpoch, segment.header.lastEpoch());
      nextChannel = Math.max(nextChannel, segment.header.nextChannel());
      if (segment.header.continuesAt() > 0) {
        expected = segment.header.continuesAt();
      }
      try (SegmentReader reader = reader(segment, expected)) {
        firstGroups.put(segment.number(), expected);
        while (reader.next()) {
          group(segment, reader);
        }
        boolean isBegun = reader.position() > SegmentHeader.BYTES;
        if (reader.stop() == SegmentReader.Stop.BAD) {
          requireEnd(i, segment, reader);
          int kept = isBegun || i == 0 ? i + 1 : i;
          for (int spare = segments.size() - 1; spare >= kept; spare--) {
            drop(segments.remove(spare).number());
          }
        }
        expected = reader.expected();
        if (segments.contains(segment)) {
          sealed.add(new Journal.Sealed(segment.number(), reader.size(), expected, 0));
        }
      }
    }
    long oldest = segments.isEmpty() ? 1 : segments.get(0).number();
    if (oldest > cleaned + 1) {
      throw new Damaged(
          "file %s is missing: the oldest is %s".formatted(file(cleaned + 1), file(oldest)));
    }
  }

  // Where it is not whole: is that the end?
  private void requireEnd(int i, Segment segment, SegmentReader reader) throws IOException {
    isTorn = reader.isTorn();
    if (segment.voidFrom != Long.MAX_VALUE || reader.durableBehind() >= reader.expected()) {
      throw damaged(segment, reader);
    }
    for (int later = i + 1; later < segments.size(); later++) {
      if (hasGroups(segments.get(later).number())) {
        throw damaged(segment, reader);
      }
    }
  }

  private void group(Segment segment, SegmentReader reader) throws IOException {
    Group group = reader.group();
    durable = Math.max(durable, group.durable());
    unattested.headMap(durable, true).clear();
    if (group.group() > durable) {
      unattested.put(group.group(), reader.body());
    }
    try {
      reader.records(entry -> apply(entry, segment.number(), group.group()));
    } catch (IllegalArgumentException e) {
      throw new Damaged(
          "file %s, group %d: %s".formatted(file(segment.number()), group.group(), e.getMessage()));
    }
  }

  private void apply(Records.Entry entry, long segment, long group) {
    isStopped = entry instanceof Records.Stop;
    if (entry instanceof Records.State state) {
      images.put(state.id(), new Image(state, segment, group));
      kept.remove(state.name());
      nextChannel = Math.max(nextChannel, state.id() + 1);
      lastEpoch = Math.max(lastEpoch, state.log().epochs().last());
    } else if (entry instanceof Records.Appending append) {
      lastEpoch = Math.max(lastEpoch, append.epoch());
      Image image = images.get(append.id());
      if (image != null) { // if not, its state follows, or it was deleted
        image.apply(append);
      }
    } else if (entry instanceof Records.Touch touch) {
      Image image = images.get(touch.id());
      if (image != null) {
        image.apply(touch);
      }
    } else if (entry instanceof Records.Deletion deletion) {
      images.remove(deletion.id());
      if (deletion.keptName() != null) {
        kept.put(deletion.keptName(), deletion);
      }
    } else if (entry instanceof Records.Start start) {
      lastStart = start;
      lastStartSegment = segment;
      lastEpoch = Math.max(lastEpoch, start.epoch());
    } else if (entry instanceof Records.Cleaned done) {
      cleaned = Math.max(cleaned, done.segment());
    }
  }

  private void readMessages() throws IOException {
    Map<Long, List<Image>> holders = new HashMap<>();
    for (Image image : images.values()) {
      image.open();
      for (Records.Origin origin : image.origins()) {
        holders.computeIfAbsent(origin.channel(), id -> new ArrayList<>()).add(image);
      }
    }
    for (Journal.Sealed segment : sealed) {
      long expected = firstGroups.get(segment.number());
      try (SegmentReader reader =
          new SegmentReader(disk, directory, segment.number(), expected, segment.endGroup())) {
        while (reader.next()) {
          reader.records(entry -> takeMessages(entry, holders));
        }
      }
    }
    try {
      images.values().forEach(Image::requireWhole);
    } catch (IllegalArgumentException e) {
      throw new Damaged(e.getMessage());
    }
  }

  private static void takeMessages(Records.Entry entry, Map<Long, List<Image>> holders) {
    messages(
        entry,
        message -> {
          for (Image image : holders.getOrDefault(message.origin, List.of())) {
            image.take(message.origin, message.number, message.bytes, message.millis);
          }
        });
  }

  /** A message in a record. */
  record Message(long origin, long number, byte[] bytes, long millis) {}

  /** Each message of a record. */
  static void messages(Records.Entry entry, Consumer<Message> each) {
    if (entry instanceof Records.Appending append) {
      each(append.id(), append.first(), append.messages(), i -> append.millis(), each);
    } else if (entry instanceof Records.State state) {
      long first = state.log().head() - state.messages().size();
      each(state.id(), first, state.messages(), i -> state.millis(), each);
    } else if (entry instanceof Records.Copy copy) {
      each(copy.origin(), copy.first(), copy.messages(), i -> copy.millis()[i], each);
    }
  }

  private static void each(
      long origin,
      long first,
      List<byte[]> messages,
      java.util.function.IntToLongFunction millis,
      Consumer<Message> each) {
    for (int i = 0; i < messages.size(); i++) {
      each.accept(new Message(origin, first + i, messages.get(i), millis.applyAsLong(i)));
    }
  }

  /** All channels, by the order of their states. */
  Collection<Image> images() {
    return images.values();
  }

  /** The segment that has a channel's state, once the journal has begun. */
  long segmentOf(Image image) {
    return image.group() > durable ? position().segment() : image.segment();
  }

  /** Names that are kept for the forks of a deleted channel, each with that one's own source. */
  Collection<Records.Deletion> kept() {
    return kept.values();
  }

  /** Segments that are there, the oldest first; without what is written again. */
  List<Journal.Sealed> sealed(long nowMillis) {
    return sealed.stream()
        .map(
            segment ->
                new Journal.Sealed(
                    segment.number(),
                    segment.bytes(),
                    Math.min(segment.endGroup(), durable + 1),
                    nowMillis))
        .toList();
  }

  /** The groups that nothing proves to be on the disk: each the bytes of its records. */
  List<byte[]> again() {
    List<byte[]> all = new ArrayList<>();
    for (byte[] body : unattested.values()) {
      byte[] lasting = lasting(body);
      if (lasting.length > 0) {
        all.add(lasting);
      }
    }
    return all;
  }

  // Without what is true only at its old place.
  private static byte[] lasting(byte[] body) {
    Output out = new Output(body.length);
    ByteBuffer all = ByteBuffer.wrap(body);
    for (int at = 0; at < body.length; ) {
      int next = at + Records.HEAD_BYTES + all.getInt(at);
      int type = body[at + Records.HEAD_BYTES];
      if (type != Records.MARK && type != Records.END && type != Records.STOP) {
        out.putRaw(body, at, next - at);
      }
      at = next;
    }
    return out.toBytes();
  }

  /** Where the journal goes on: behind the last group that is proved to be on the disk. */
  Journal.Position position() {
    long next = sealed.isEmpty() ? 1 : sealed.get(sealed.size() - 1).number() + 1;
    return new Journal.Position(directory, next, durable, nextChannel, lastEpoch);
  }

  /** The last start; {@code null} if there was none. */
  Records.Start lastStart() {
    return lastStart;
  }

  /**
   * Whether the files of the last run are copies: they are not those that it made. Older ones may
   * be copies that are known.
   */
  boolean isCopied() throws IOException {
    for (Segment segment : segments) {
      if (segment.number() >= lastStartSegment && isCopy(segment.header)) {
        return true;
      }
    }
    return false;
  }

  private boolean isCopy(SegmentHeader header) throws IOException {
    long made = header.identity().birthMillis();
    long now = disk.identity(file(header.segment())).birthMillis();
    return made != 0 && now != 0 && made != now;
  }

  boolean isStopped() {
    return isStopped;
  }

  boolean isTorn() {
    return isTorn;
  }
}
