package switchboard.file;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import switchboard.log.EpochHistory;
import switchboard.log.EpochHistory.EpochStart;
import switchboard.log.LogState;
import switchboard.log.LogState.ProducerState;
import switchboard.log.Offset;
import switchboard.log.Producer;

/**
 * What a journal consists of, and how that is written. A record is {@code length u32, crc u32, type
 * u8} and its fields; the length counts what follows the checksum.
 *
 * <p>Times are those of the wall clock.
 *
 * <p><b>Threads.</b> Safe: no state, no input or output.
 */
final class Records {

  /** In front of the type: the length and the checksum. */
  static final int HEAD_BYTES = 8;

  /** One record. */
  sealed interface Entry {}

  /**
   * A server has started, and appends in this epoch.
   *
   * @param bootId which start of the machine it was; empty where it cannot be known
   * @param sync what an answer means
   * @param host for people
   * @param reason why readers are told that messages may be lost; {@code null} if none is
   */
  record Start(long epoch, String bootId, String sync, String host, String reason)
      implements Entry {}

  /** Where a fork leaves its source. */
  record ForkedFrom(String source, Offset at, int subOffset) {}

  /** From this number on, messages were appended to the channel with this id. */
  record Origin(long number, long channel) {}

  /**
   * All of a channel from here on, whatever is written before. A new channel begins with it.
   *
   * @param lifetime as it was written; {@code null} for none
   * @param isTtl whether that is a number of seconds; if not, it is a time
   * @param fork {@code null} for none
   * @param origins in ascending order, the first from number 0 on
   * @param messages the last ones before the head, if it is written with any
   */
  record State(
      long id,
      long millis,
      long usedMillis,
      String name,
      String type,
      String lifetime,
      boolean isTtl,
      ForkedFrom fork,
      List<Origin> origins,
      LogState log,
      List<byte[]> messages)
      implements Entry {}

  /**
   * Messages were appended, the channel closed, or both.
   *
   * @param first the number of the first message
   * @param earliest the oldest number that the channel keeps afterwards
   */
  record Appending(
      long id,
      long epoch,
      long first,
      long millis,
      long earliest,
      Producer producer,
      String seq,
      boolean close,
      List<byte[]> messages)
      implements Entry {}

  /**
   * The channel is gone.
   *
   * @param keptName its name, if that is kept for the channel's forks; else {@code null}
   * @param source the name of the channel that it was forked from itself; {@code null} for none
   */
  record Deletion(long id, String keptName, String source) implements Entry {}

  /** Messages that were appended to a channel, from an older segment. */
  record Copy(long origin, long first, long[] millis, List<byte[]> messages) implements Entry {}

  /** When a channel was used, and the oldest number that it keeps. */
  record Touch(long id, long usedMillis, long earliest) implements Entry {}

  /** Says with its group's header that all groups before are on the disk. */
  record Mark() implements Entry {}

  /** The last in a segment: the next one goes on. */
  record End(long segment) implements Entry {}

  /** The segments up to this one are deleted: what they held that lives is written again. */
  record Cleaned(long segment) implements Entry {}

  /** The server has stopped; all is on the disk. */
  record Stop() implements Entry {}

  private static final int START = 1;
  private static final int STATE = 2;
  private static final int APPENDING = 3;
  private static final int DELETION = 4;
  private static final int COPY = 5;
  private static final int TOUCH = 6;
  static final int MARK = 7;
  static final int END = 8;
  private static final int CLEANED = 9;
  static final int STOP = 10;

  private Records() {}

  /** Writes a record without its checksum, which depends on the segment; its size. */
  static int write(Entry entry, Output out) {
    int begin = out.size();
    out.skip(HEAD_BYTES);
    writeFields(entry, out);
    int size = out.size() - begin;
    out.setInt(begin, size - HEAD_BYTES);
    return size;
  }

  private static void writeFields(Entry entry, Output out) {
    if (entry instanceof Appending append) {
      out.put(APPENDING).putVarint(append.id).putVarint(append.epoch).putVarint(append.first);
      out.putVarint(append.millis).putVarint(append.earliest);
      write(append.producer, out);
      out.put(append.seq).put(append.close);
      write(append.messages, out);
    } else if (entry instanceof State state) {
      write(state, out.put(STATE));
    } else if (entry instanceof Deletion deletion) {
      out.put(DELETION).putVarint(deletion.id).put(deletion.keptName).put(deletion.source);
    } else if (entry instanceof Copy copy) {
      out.put(COPY).putVarint(copy.origin).putVarint(copy.first);
      write(copy.messages, out);
      long last = 0;
      for (long millis : copy.millis) {
        out.putVarint(millis - last);
        last = millis;
      }
    } else if (entry instanceof Touch touch) {
      out.put(TOUCH).putVarint(touch.id).putVarint(touch.usedMillis).putVarint(touch.earliest);
    } else if (entry instanceof Start start) {
      out.put(START).putVarint(start.epoch).put(start.bootId).put(start.sync);
      out.put(start.host).put(start.reason);
    } else if (entry instanceof Mark) {
      out.put(MARK);
    } else if (entry instanceof End end) {
      out.put(END).putVarint(end.segment);
    } else if (entry instanceof Cleaned cleaned) {
      out.put(CLEANED).putVarint(cleaned.segment);
    } else {
      out.put(STOP);
    }
  }

  private static void write(State state, Output out) {
    out.putVarint(state.id).putVarint(state.millis).putVarint(state.usedMillis);
    out.put(state.name).put(state.type).put(state.lifetime).put(state.isTtl);
    out.put(state.fork != null);
    if (state.fork != null) {
      out.put(state.fork.source).put(state.fork.at != null);
      if (state.fork.at != null) {
        write(state.fork.at, out);
      }
      out.putVarint(state.fork.subOffset);
    }
    out.putVarint(state.origins.size());
    for (Origin origin : state.origins) {
      out.putVarint(origin.number).putVarint(origin.channel);
    }
    LogState log = state.log;
    out.putVarint(log.epochs().starts().size());
    for (EpochStart start : log.epochs().starts()) {
      out.putVarint(start.epoch()).putVarint(start.number());
    }
    out.putVarint(log.epochs().former().size());
    log.epochs().former().forEach(former -> write(former, out));
    out.putVarint(log.first()).putVarint(log.head()).put(log.closed());
    out.putVarint(log.producers().size());
    for (ProducerState producer : log.producers()) {
      write(producer.last(), out);
      out.putVarint(producer.atMillis());
    }
    out.put(log.lastSeq());
    write(log.closedBy(), out);
    write(state.messages, out);
  }

  private static void write(Offset offset, Output out) {
    out.putVarint(offset.epoch()).putVarint(offset.number());
  }

  private static void write(Producer producer, Output out) {
    out.put(producer != null);
    if (producer != null) {
      out.put(producer.id()).putVarint(producer.epoch()).putVarint(producer.seq());
    }
  }

  private static void write(List<byte[]> messages, Output out) {
    out.putVarint(messages.size());
    messages.forEach(out::put);
  }

  /**
   * Reads a record's type and fields.
   *
   * @throws IllegalArgumentException if it is none
   */
  static Entry read(ByteBuffer bytes) {
    Input in = new Input(bytes);
    Entry entry = readFields(in);
    if (!in.isEmpty()) {
      throw new IllegalArgumentException("a record has more bytes than it needs");
    }
    return entry;
  }

  private static Entry readFields(Input in) {
    int type = in.get();
    return switch (type) {
      case START ->
          new Start(in.getVarint(), in.getText(), in.getText(), in.getText(), in.getText());
      case STATE -> readState(in);
      case APPENDING ->
          new Appending(
              in.getVarint(),
              in.getVarint(),
              in.getVarint(),
              in.getVarint(),
              in.getVarint(),
              readProducer(in),
              in.getText(),
              in.getBoolean(),
              readMessages(in));
      case DELETION -> new Deletion(in.getVarint(), in.getText(), in.getText());
      case COPY -> readCopy(in);
      case TOUCH -> new Touch(in.getVarint(), in.getVarint(), in.getVarint());
      case MARK -> new Mark();
      case END -> new End(in.getVarint());
      case CLEANED -> new Cleaned(in.getVarint());
      case STOP -> new Stop();
      default -> throw new IllegalArgumentException("unknown type of record " + type);
    };
  }

  private static Copy readCopy(Input in) {
    long origin = in.getVarint();
    long first = in.getVarint();
    List<byte[]> messages = readMessages(in);
    long[] millis = new long[messages.size()];
    long last = 0;
    for (int i = 0; i < millis.length; i++) {
      last += in.getVarint();
      millis[i] = last;
    }
    return new Copy(origin, first, millis, messages);
  }

  private static State readState(Input in) {
    long id = in.getVarint();
    long millis = in.getVarint();
    long usedMillis = in.getVarint();
    String name = in.getText();
    String type = in.getText();
    String lifetime = in.getText();
    boolean isTtl = in.getBoolean();
    ForkedFrom fork = null;
    if (in.getBoolean()) {
      String source = in.getText();
      Offset at = in.getBoolean() ? readOffset(in) : null;
      fork = new ForkedFrom(source, at, (int) in.getVarint());
    }
    List<Origin> origins = new ArrayList<>();
    for (int i = in.getCount(); i > 0; i--) {
      origins.add(new Origin(in.getVarint(), in.getVarint()));
    }
    List<EpochStart> starts = new ArrayList<>();
    for (int i = in.getCount(); i > 0; i--) {
      starts.add(new EpochStart(in.getVarint(), in.getVarint()));
    }
    List<Offset> former = new ArrayList<>();
    for (int i = in.getCount(); i > 0; i--) {
      former.add(readOffset(in));
    }
    long first = in.getVarint();
    long head = in.getVarint();
    boolean isClosed = in.getBoolean();
    List<ProducerState> producers = new ArrayList<>();
    for (int i = in.getCount(); i > 0; i--) {
      producers.add(new ProducerState(readProducer(in), in.getVarint()));
    }
    String lastSeq = in.getText();
    Producer closedBy = readProducer(in);
    EpochHistory epochs = new EpochHistory(starts, former);
    LogState log = new LogState(epochs, first, head, isClosed, producers, lastSeq, closedBy);
    List<byte[]> messages = readMessages(in);
    return new State(
        id, millis, usedMillis, name, type, lifetime, isTtl, fork, origins, log, messages);
  }

  private static Offset readOffset(Input in) {
    try {
      return new Offset(in.getVarint(), in.getVarint());
    } catch (IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("an offset out of its range", e);
    }
  }

  private static Producer readProducer(Input in) {
    return in.getBoolean() ? new Producer(in.getText(), in.getVarint(), in.getVarint()) : null;
  }

  private static List<byte[]> readMessages(Input in) {
    int count = in.getCount();
    List<byte[]> messages = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      messages.add(in.getBytes());
    }
    return messages;
  }
}
