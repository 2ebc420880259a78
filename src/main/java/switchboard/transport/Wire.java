package switchboard.transport;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import switchboard.channel.ChannelName;
import switchboard.channel.ContentType;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;

/**
 * How a batch looks on each wire. Every form is encoded once per batch and shared by all clients
 * that get it.
 *
 * <pre>
 *             HTTP body      event stream                WebSocket
 *   JSON      [m,m]          data:[m,m]                  "messages":[m,m]
 *   text      mm             data:a line each            "text":"mm"
 *   binary    mm             data:base64                 "data":"base64"
 * </pre>
 */
final class Wire {

  // Kept: each look-up of the provider asks the class loader.
  private static final JsonBuilderFactory JSON = Json.createBuilderFactory(null);

  private static final byte[] EMPTY_ARRAY = {'[', ']'};

  private Wire() {}

  /** A body for poll and long poll. */
  record Body(ContentType.Kind kind) implements Batch.Encoding<byte[]> {
    @Override
    public byte[] encode(Batch batch) {
      return kind == ContentType.Kind.JSON ? array(batch.messages()) : concat(batch.messages());
    }
  }

  /** The body that says: no messages. */
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
      // The id also stands here, so that a connection cut before the control event repeats nothing.
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
        // Every line break is one, so that no message can forge an event; -1 keeps empty lines.
        for (String line : text.split("\r\n|\r|\n", -1)) {
          // The reader takes one space away after the colon: a line's own first space needs
          // another.
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

  /** The event that says where to read on. */
  static byte[] control(Object next, String cursor, boolean upToDate) {
    return utf8(
        "event: control\ndata:{\"streamNextOffset\":\"%s\",\"streamCursor\":\"%s\"%s}\nid: %s\n\n"
            .formatted(next, cursor, upToDate ? ",\"upToDate\":true" : "", next));
  }

  /** The event that says that nothing will ever come. */
  static byte[] closedControl(Object end) {
    return utf8(
        ("event: control\ndata:{\"streamNextOffset\":\"%s\",\"upToDate\":true,"
                + "\"streamClosed\":true}\nid: %s\n\n")
            .formatted(end, end));
  }

  /** The event that says that messages are missing here. */
  static byte[] resetEvent(Gap gap) {
    return utf8(
        "event: reset\ndata:{\"streamNextOffset\":\"%s\",\"reset\":%s}\nid: %s\n\n"
            .formatted(gap.earliest(), reset(gap), gap.earliest()));
  }

  /** The event that says why the stream ends. */
  static byte[] endingEvent(Problem problem) {
    return utf8("event: ending\ndata:" + problem.toJson() + "\n\n");
  }

  /**
   * A frame with messages, for a WebSocket and for whoever listens to several channels.
   *
   * @param channel its name where the frame has to say it, else {@code null}
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

  // Every frame of a channel says whose it is, where that is not clear, and where to read on.
  private static String open(ChannelName channel, Offset next) {
    String whose = channel == null ? "" : "\"channel\":\"" + channel + "\",";
    return "{" + whose + "\"next\":\"" + next + "\"";
  }

  /** The hello and heartbeat frame. */
  static String nextFrame(Offset next) {
    return open(null, next) + "}";
  }

  /** The frame that says that messages are missing here. */
  static String resetFrame(ChannelName channel, Gap gap) {
    return open(channel, gap.earliest()) + ",\"reset\":" + reset(gap) + "}";
  }

  /** The frame that says that nothing will ever come. */
  static String closedFrame(ChannelName channel, Offset end) {
    return open(channel, end) + ",\"closed\":true}";
  }

  /** An event that carries a frame of one of several channels. */
  static byte[] frameEvent(String event, String frame, String id) {
    return utf8("event: " + event + "\ndata:" + frame + "\nid: " + id + "\n\n");
  }

  /** Why messages are missing, and how many where that is known. */
  static JsonObject reset(Gap gap) {
    JsonObjectBuilder reset = JSON.createObjectBuilder().add("reason", gap.reason().token());
    if (gap.reason() == Gap.Reason.TRIMMED) {
      reset.add("missed", gap.missed());
    }
    return reset.build();
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
