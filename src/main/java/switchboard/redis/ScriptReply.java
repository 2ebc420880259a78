package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import switchboard.channel.ChannelName;
import switchboard.channel.ContentType;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.log.EpochHistory;
import switchboard.log.EpochHistory.EpochStart;
import switchboard.log.Offset;

/**
 * What {@code store.lua} answers: the outcome of the request, and the current state of the channel.
 *
 * @param id differs from that of an earlier channel of the same name
 * @param head the number behind its newest message
 * @param first the number of its oldest
 * @param epochs those of its offsets
 * @param before the epochs that its offsets had before the history of Redis changed, each with the
 *     number at which its readers read on
 * @param now the time at that Redis, in milliseconds; 0 where there is no such channel
 * @param more what else the operation answered
 */
record ScriptReply(
    String status,
    String id,
    long epoch,
    long head,
    long first,
    boolean closed,
    ContentType contentType,
    Lifetime lifetime,
    Fork fork,
    EpochHistory epochs,
    List<Offset> before,
    long now,
    List<byte[]> more) {

  private static final int FIELDS = 14;

  /** Answers what a fork inherits, of any length, and no channel. */
  private static final String BRANCHED = "branched";

  /** Whether there is such a channel. */
  boolean exists() {
    return id != null;
  }

  /** Without what else was answered, which may be a page of messages. */
  ScriptReply withoutMore() {
    return new ScriptReply(
        status,
        id,
        epoch,
        head,
        first,
        closed,
        contentType,
        lifetime,
        fork,
        epochs,
        before,
        now,
        List.of());
  }

  static ScriptReply parse(List<?> answer) {
    List<byte[]> parts = new ArrayList<>();
    answer.forEach(part -> parts.add((byte[]) part));
    if (parts.size() < FIELDS || text(parts, 0).equals(BRANCHED)) {
      List<byte[]> more = parts.subList(1, parts.size());
      return new ScriptReply(
          text(parts, 0), null, 0, 0, 0, false, null, null, null, null, List.of(), 0, more);
    }
    return new ScriptReply(
        text(parts, 0),
        text(parts, 1),
        number(parts, 2),
        number(parts, 3),
        number(parts, 4),
        text(parts, 5).equals("1"),
        new ContentType(text(parts, 6)),
        lifetime(text(parts, 7), text(parts, 9)),
        fork(text(parts, 10)),
        epochs(text(parts, 11)),
        before(text(parts, 12)),
        number(parts, 13),
        parts.subList(FIELDS, parts.size()));
  }

  private static String text(List<byte[]> parts, int i) {
    return new String(parts.get(i), StandardCharsets.UTF_8);
  }

  private static long number(List<byte[]> parts, int i) {
    return Long.parseLong(text(parts, i));
  }

  /** One of the things that the operation answered besides. */
  String text(int i) {
    return text(more, i);
  }

  long number(int i) {
    return number(more, i);
  }

  /** The number of the first of the {@linkplain #entries messages} that a look answered. */
  long from() {
    return number(0);
  }

  /** Messages that a look answered. */
  List<LogEntry> entries() {
    return more.stream().skip(1).map(LogEntry::parse).toList();
  }

  // From the text, not from the milliseconds: a repeated request must find the same lifetime.
  private static Lifetime lifetime(String ttl, String written) {
    if (written.isEmpty()) {
      return Lifetime.UNBOUNDED;
    }
    return ttl.isEmpty() ? Lifetime.parse(null, written) : Lifetime.parse(written, null);
  }

  static String write(Fork fork) {
    return fork == null
        ? ""
        : fork.source() + "|" + (fork.at() == null ? "" : fork.at()) + "|" + fork.subOffset();
  }

  private static Fork fork(String written) {
    if (written.isEmpty()) {
      return null;
    }
    String[] parts = written.split("\\|", -1);
    return new Fork(
        new ChannelName(parts[0]),
        parts[1].isEmpty() ? null : Offset.parse(parts[1]),
        Integer.parseInt(parts[2]));
  }

  private static EpochHistory epochs(String written) {
    return new EpochHistory(
        before(written).stream().map(s -> new EpochStart(s.epoch(), s.number())).toList());
  }

  private static List<Offset> before(String written) {
    List<Offset> offsets = new ArrayList<>();
    for (String pair : written.isEmpty() ? new String[0] : written.split(",")) {
      int colon = pair.indexOf(':');
      offsets.add(
          new Offset(
              Long.parseLong(pair.substring(0, colon)), Long.parseLong(pair.substring(colon + 1))));
    }
    return offsets;
  }

  static String write(EpochHistory epochs) {
    return String.join(
        ",", epochs.starts().stream().map(s -> s.epoch() + ":" + s.number()).toList());
  }

  /** Whether an offset is one of this log, be its messages forgotten or not. */
  boolean knows(Offset offset) {
    return epochs.knows(offset, head);
  }

  /** The offset of a number. */
  Offset place(long number) {
    return epochs.offset(number);
  }

  /** Where a reader with an offset from before a change of history reads on; -1 for others. */
  long placeOfBefore(Offset offset) {
    for (Offset end : before) {
      if (end.epoch() == offset.epoch()) {
        return Math.min(offset.number(), end.number());
      }
    }
    return -1;
  }

  /** Whether everything before an offset is, or was, in this log. */
  boolean keeps(Offset offset) {
    return knows(offset) || placeOfBefore(offset) == offset.number();
  }
}
