package switchboard.transport;

import jakarta.json.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import switchboard.channel.ChannelName;
import switchboard.channel.ContentType;
import switchboard.container.WebSocketFrame;
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
      String id = "id: " + batch.next() + "\n\n";
      ByteArrayOutputStream out = new ByteArrayOutputStream(batch.sizeBytes() + 256);
      write(out, "event: data\n");
      writeData(out, kind, batch.messages());
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

  private static void writeData(
      ByteArrayOutputStream out, ContentType.Kind kind, List<byte[]> messages) {
    switch (kind) {
      case JSON -> {
        // A JSON message has no line break: it was written compactly when it was appended.
        write(out, "data:");
        out.writeBytes(array(messages));
        out.write('\n');
      }
      case TEXT -> {
        String text = new String(concat(messages), StandardCharsets.UTF_8);
        // Every kind of line break splits, so that a message cannot forge an event; -1 keeps
        // empty lines.
        for (String line : text.split("\r\n|\r|\n", -1)) {
          // The reader removes one space after the colon, so a line that starts with a space
          // needs another one.
          write(out, (line.startsWith(" ") ? "data: " : "data:") + line + "\n");
        }
      }
      case BINARY -> {
        write(out, "data:");
        out.writeBytes(Base64.getEncoder().encode(concat(messages)));
        out.write('\n');
      }
    }
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
            WebSocketFrame.of(open + ",\"text\":" + quote(utf8(concat(batch.messages()))) + close);
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
  static byte[] frameEvent(String event, String frame, String id) {
    return utf8("event: " + event + "\ndata:" + frame + "\nid: " + id + "\n\n");
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
