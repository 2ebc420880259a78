package switchboard.testing;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import switchboard.channel.Transport;

/**
 * A client of one transport, which writes down what it hears. Gaps stand among the messages, as
 * {@code gap:trimmed:500} or {@code gap:epoch}; the end of a closed channel as {@code closed}.
 */
public abstract class Reader implements AutoCloseable {

  /** Opens a client of a transport. */
  public interface Opener {
    Reader open(URI channel, String offset);
  }

  private final URI channel;
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final List<String> offsets = new CopyOnWriteArrayList<>();
  private volatile String offset;
  private volatile boolean ready;

  Reader(URI channel, String offset) {
    this.channel = channel;
    this.offset = offset;
  }

  /** A client that listens to an event stream. */
  public static Reader eventStream(URI channel, String offset) {
    return new EventStreamReader(channel, offset);
  }

  /** A client of any transport. */
  public static Reader of(Transport transport, URI channel, String offset) {
    return switch (transport) {
      case POLL -> PollReader.poll(channel, offset);
      case LONG_POLL -> PollReader.longPoll(channel, offset);
      case EVENT_STREAM -> new EventStreamReader(channel, offset);
      case WEBSOCKET -> new WebSocketReader(channel, offset);
    };
  }

  /** What was heard up to a moment, and where to read on from just there. */
  public record SoFar(List<String> heard, String offset) {}

  /** What was heard so far, with the offset that belongs to it. */
  public final synchronized SoFar soFar() {
    return new SoFar(List.copyOf(heard), offset);
  }

  /** Starts a thread that runs {@code reading} until it is closed. */
  public static void start(Runnable reading) {
    Thread thread = new Thread(reading, "reader");
    thread.setDaemon(true);
    thread.start();
  }

  /** Everything heard so far, in order. */
  public final List<String> heard() {
    return List.copyOf(heard);
  }

  /** The offset that came with each thing heard. */
  public final List<String> offsets() {
    return List.copyOf(offsets);
  }

  /** Where to read on. */
  public final String offset() {
    return offset;
  }

  /** The server knows where this one reads on: what is appended from now on will be heard. */
  public final boolean isReady() {
    return ready;
  }

  /** Goes away as a client does that ends in good order. */
  @Override
  public abstract void close();

  /** Goes away without a word. */
  public abstract void vanish();

  final URI uri(String live) {
    String query = channel.getQuery() == null ? "?offset=" : "&offset=";
    return URI.create(channel + query + URLEncoder.encode(offset, StandardCharsets.UTF_8) + live);
  }

  final synchronized void hear(JsonArray messages, String next) {
    messages.forEach(message -> note(message.toString(), next));
    moveTo(next);
  }

  final synchronized void hearGap(JsonObject reset, String next) {
    note(gap(reset), next);
    moveTo(next);
  }

  final synchronized void hearEnd(String how) {
    note(how, offset);
  }

  /** A problem by its ending; what a server says that has no application by its status. */
  final void hearRefusal(int status, String body) {
    if (!body.startsWith("{")) {
      hearEnd("failed: " + status);
      return;
    }
    String type = object(body).getString("type");
    hearEnd(type.substring(type.lastIndexOf(':') + 1));
  }

  final synchronized void moveTo(String next) {
    offset = next;
    ready = true;
  }

  private void note(String what, String next) {
    offsets.add(next);
    heard.add(what);
  }

  /** A gap as it stands among what was heard. */
  public static String gap(JsonObject reset) {
    String missed = reset.containsKey("missed") ? ":" + reset.getInt("missed") : "";
    return "gap:" + reset.getString("reason") + missed;
  }

  public static JsonObject object(String json) {
    try (var reader = Json.createReader(new StringReader(json))) {
      return reader.readObject();
    }
  }

  public static JsonArray array(String json) {
    try (var reader = Json.createReader(new StringReader(json))) {
      return reader.readArray();
    }
  }
}
