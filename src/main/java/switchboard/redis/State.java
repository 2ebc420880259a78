package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import switchboard.channel.ChannelName;
import switchboard.channel.ContentType;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.log.Offset;

/**
 * What {@code store.lua} answers: what became of the request, and the channel as it is now.
 *
 * @param id tells the channel from an earlier one of its name
 * @param head the number behind its newest message
 * @param first the number of its oldest
 * @param lives which epochs its offsets have, each from its number on
 * @param before the epochs that its offsets had before Redis' history changed, each with where its
 *     readers read on
 * @param now the time at that Redis, in milliseconds; 0 where there is no such channel
 * @param more what else the operation answered
 */
record State(
    String status,
    String id,
    long epoch,
    long head,
    long first,
    boolean closed,
    ContentType contentType,
    Lifetime lifetime,
    Fork fork,
    List<Offset> lives,
    List<Offset> before,
    long now,
    List<byte[]> more) {

  private static final int FIELDS = 14;

  /** Whether there is such a channel. */
  boolean exists() {
    return id != null;
  }

  /** The channel alone: what the operation answered besides may be a page of messages. */
  State withoutMore() {
    return new State(
        status,
        id,
        epoch,
        head,
        first,
        closed,
        contentType,
        lifetime,
        fork,
        lives,
        before,
        now,
        List.of());
  }

  static State parse(List<?> answer) {
    List<byte[]> parts = new ArrayList<>();
    answer.forEach(part -> parts.add((byte[]) part));
    if (parts.size() < FIELDS) {
      List<byte[]> more = parts.subList(1, parts.size());
      return new State(
          text(parts, 0), null, 0, 0, 0, false, null, null, null, List.of(), List.of(), 0, more);
    }
    return new State(
        text(parts, 0),
        text(parts, 1),
        number(parts, 2),
        number(parts, 3),
        number(parts, 4),
        text(parts, 5).equals("1"),
        new ContentType(text(parts, 6)),
        lifetime(text(parts, 7), text(parts, 9)),
        fork(text(parts, 10)),
        lives(text(parts, 11)),
        lives(text(parts, 12)),
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
  String more(int i) {
    return text(more, i);
  }

  // From what was written: Redis counts in milliseconds, and the same request must find the same.
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

  private static List<Offset> lives(String written) {
    List<Offset> lives = new ArrayList<>();
    for (String life : written.isEmpty() ? new String[0] : written.split(",")) {
      int colon = life.indexOf(':');
      lives.add(
          new Offset(
              Long.parseLong(life.substring(0, colon)), Long.parseLong(life.substring(colon + 1))));
    }
    return lives;
  }

  static String write(List<Offset> lives) {
    return String.join(",", lives.stream().map(l -> l.epoch() + ":" + l.number()).toList());
  }

  /** The channel's epochs up to a number, as a fork made there has them. */
  List<Offset> livesUpTo(long number) {
    // Forked exactly where the source was forked itself: the source's own life left no trace.
    return lives.stream().filter(l -> l.number() < number || l.number() == 0).toList();
  }

  /** Whether an offset is a place in this log, be it forgotten or not. */
  boolean knows(Offset offset) {
    for (int i = 0; i < lives.size(); i++) {
      long end = i + 1 < lives.size() ? lives.get(i + 1).number() : head;
      if (offset.epoch() == lives.get(i).epoch()) {
        return offset.number() >= lives.get(i).number() && offset.number() <= end;
      }
    }
    return false;
  }

  /** The offset of a number. The place where a fork leaves its source keeps the source's name. */
  Offset place(long number) {
    int i = lives.size() - 1;
    while (i > 0 && number <= lives.get(i).number()) {
      i--;
    }
    return new Offset(lives.get(i).epoch(), number);
  }

  /** Where a reader with an offset from before Redis' history changed reads on; -1 for others. */
  long placeOfBefore(Offset offset) {
    for (Offset life : before) {
      if (life.epoch() == offset.epoch()) {
        return Math.min(offset.number(), life.number());
      }
    }
    return -1;
  }

  /** Whether everything before an offset is in this log, or was until it was forgotten. */
  boolean keeps(Offset offset) {
    return knows(offset) || placeOfBefore(offset) == offset.number();
  }
}
