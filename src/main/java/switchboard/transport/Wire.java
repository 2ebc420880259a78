package switchboard.transport;

import jakarta.json.Json;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import switchboard.channel.ChannelName;
import switchboard.channel.ContentType;
import switchboard.container.WebSocketFrame;
import switchboard.http.ParsingLimit;
import switchboard.http.Problem;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;

/**
 * The encodings of a batch for each transport. Each one is created once per batch and shared by all
 * clients.
 *
 * <pre>
 *             HTTP body      event stream                WebSocket
 *   JSON      [m,m]          data:[m,m]                  "messages":[m,m]
 *   text      mm             data:a line each            "text":"mm"
 *   binary    mm             data:base64                 "data":"base64"
 * </pre>
 */
final class Wire {

  private static final byte[] EMPTY_ARRAY = {'[', ']'};
  private static final byte[] DATA = utf8("data:");
  private static final byte[] DATA_SPACE = utf8("data: ");

  private Wire() {}

  /** The body for polls and long polls. */
  record Body(ContentType.Kind kind) implements Batch.Encoding<byte[]> {
    @Override
    public byte[] encode(Batch batch) {
      return kind == ContentType.Kind.JSON ? array(batch.messages()) : concat(batch.messages());
    }
  }

  /** The body without messages. */
  static byte[] emptyBody(ContentType.Kind kind) {
    return kind == ContentType.Kind.JSON ? EMPTY_ARRAY : new byte[0];
  }

  /** A {@code data} and a {@code control} event. */
  record Events(ContentType.Kind kind, String cursor) implements Batch.Encoding<byte[]> {
    @Override
    public byte[] encode(Batch batch) {
      return kind == ContentType.Kind.TEXT
          ? ParsingLimit.OF_TEXTS.run(batch.sizeBytes(), () -> events(batch))
          : events(batch);
    }

    private byte[] events(Batch batch) {
      String id = "id: " + batch.next() + "\n\n";
      byte[] data = data(kind, batch.messages());
      ByteArrayOutputStream out = new ByteArrayOutputStream(data.length + 256);
      write(out, "event: data\n");
      out.writeBytes(data);
      // The id is also here, so that a connection that fails before the control event repeats
      // nothing.
      write(out, id);
      out.writeBytes(
          batch.closed()
              ? closedControl(batch.next())
              : control(batch.next(), cursor, !batch.more()));
      return out.toByteArray();
    }
  }

  private static byte[] data(ContentType.Kind kind, List<byte[]> messages) {
    return switch (kind) {
      // A JSON message has no line break: it was written compactly when it was appended.
      case JSON -> dataLines(array(messages));
      // As text, which replaces what is no UTF-8.
      case TEXT -> dataLines(utf8(utf8(concat(messages))));
      case BINARY -> dataLines(Base64.getEncoder().encode(concat(messages)));
    };
  }

  // Every kind of line break splits, so that a message cannot forge an event; empty lines stay.
  // Without an object a line: a message may be a million of them.
  private static byte[] dataLines(byte[] text) {
    ByteBuffer lines = ByteBuffer.allocate(writeLines(text, null));
    writeLines(text, lines);
    return lines.array();
  }

  /** Returns how many bytes they are; without a buffer they are only counted. */
  private static int writeLines(byte[] text, ByteBuffer lines) {
    int size = 0;
    int start = 0;
    while (start <= text.length) {
      int end = start;
      while (end < text.length && text[end] != '\r' && text[end] != '\n') {
        end++;
      }
      // The reader removes one space after the colon, so a line that starts with a space needs
      // another one.
      byte[] field = end > start && text[start] == ' ' ? DATA_SPACE : DATA;
      size += field.length + end - start + 1;
      if (lines != null) {
        lines.put(field).put(text, start, end - start).put((byte) '\n');
      }
      boolean isPair = end + 1 < text.length && text[end] == '\r' && text[end + 1] == '\n';
      start = end + (isPair ? 2 : 1);
    }
    return size;
  }

  /** The event with the offset to continue from. */
  static byte[] control(Object next, String cursor, boolean upToDate) {
    return utf8(
        "event: control\ndata:{\"streamNextOffset\":\"%s\",\"streamCursor\":\"%s\"%s}\nid: %s\n\n"
            .formatted(next, cursor, upToDate ? ",\"upToDate\":true" : "", next));
  }

  /** The event for a closed channel. */
  static byte[] closedControl(Object end) {
    return utf8(
        ("event: control\ndata:{\"streamNextOffset\":\"%s\",\"upToDate\":true,"
                + "\"streamClosed\":true}\nid: %s\n\n")
            .formatted(end, end));
  }

  /** The event for a gap. */
  static byte[] resetEvent(Gap gap) {
    return utf8(
        "event: reset\ndata:{\"streamNextOffset\":\"%s\",\"reset\":%s}\nid: %s\n\n"
            .formatted(gap.earliest(), Problem.reset(gap), gap.earliest()));
  }

  /** The event with the reason of the end. */
  static byte[] endingEvent(Problem problem) {
    return utf8("event: ending\ndata:" + problem.toJson() + "\n\n");
  }

  /**
   * A frame with messages, for WebSockets and for reads of several channels.
   *
   * @param channel the channel's name if the frame contains it, else {@code null}
   */
  record Frame(ContentType.Kind kind, ChannelName channel)
      implements Batch.Encoding<WebSocketFrame> {
    @Override
    public WebSocketFrame encode(Batch batch) {
      String open = open(channel, batch.next());
      String close = batch.more() ? ",\"more\":true}" : "}";
      return switch (kind) {
        case JSON ->
            WebSocketFrame.of(utf8(open + ",\"messages\":"), array(batch.messages()), utf8(close));
        case TEXT ->
            ParsingLimit.OF_TEXTS.run(
                batch.sizeBytes(),
                () ->
                    WebSocketFrame.of(
                        utf8(open + ",\"text\":"),
                        utf8(quote(utf8(concat(batch.messages())))),
                        utf8(close)));
        case BINARY ->
            WebSocketFrame.of(
                utf8(open + ",\"data\":\""),
                Base64.getEncoder().encode(concat(batch.messages())),
                utf8("\"" + close));
      };
    }
  }

  // Every frame of a channel has its name, if there are several, and the offset to continue from.
  private static String open(ChannelName channel, Offset next) {
    String whose = channel == null ? "" : "\"channel\":\"" + channel + "\",";
    return "{" + whose + "\"next\":\"" + next + "\"";
  }

  /** The hello and heartbeat frame. */
  static String nextFrame(Offset next) {
    return open(null, next) + "}";
  }

  /** The frame for a gap. */
  static String resetFrame(ChannelName channel, Gap gap) {
    return open(channel, gap.earliest()) + ",\"reset\":" + Problem.reset(gap) + "}";
  }

  /** The frame for a closed channel. */
  static String closedFrame(ChannelName channel, Offset end) {
    return open(channel, end) + ",\"closed\":true}";
  }

  /** An event with a frame of one of several channels. */
  static byte[] frameEvent(String event, ByteBuffer frame, String id) {
    return join(
        List.of(buffer("event: " + event + "\ndata:"), frame, buffer("\nid: " + id + "\n\n")));
  }

  static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(utf8(text));
  }

  /** Their bytes, one after the other. A frame may be large, so it is copied once, as bytes. */
  static byte[] join(List<ByteBuffer> parts) {
    ByteBuffer all = ByteBuffer.allocate(parts.stream().mapToInt(ByteBuffer::remaining).sum());
    parts.forEach(all::put);
    return all.array();
  }

  private static String quote(String text) {
    return Json.createValue(text).toString();
  }

  private static byte[] array(List<byte[]> messages) {
    int size = 1 + messages.size();
    for (byte[] message : messages) {
      size += message.length;
    }
    byte[] array = new byte[size];
    int at = 0;
    for (byte[] message : messages) {
      array[at++] = (byte) (at == 1 ? '[' : ',');
      System.arraycopy(message, 0, array, at, message.length);
      at += message.length;
    }
    array[at] = ']';
    return array;
  }

  private static byte[] concat(List<byte[]> messages) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    messages.forEach(out::writeBytes);
    return out.toByteArray();
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void write(ByteArrayOutputStream out, String text) {
    out.writeBytes(utf8(text));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
