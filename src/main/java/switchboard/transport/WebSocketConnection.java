package switchboard.transport;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Channel;
import switchboard.channel.Channels;
import switchboard.channel.Connection;
import switchboard.channel.Connections;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Sink;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.publish.JsonMessages;

/**
 * A conversation: a subscription written as frames, and commands answered by frames.
 *
 * <p>Frames go out one at a time, the next when the container says that the last is written, in one
 * order: what is answered to a command, what the clock says and the messages share one short queue.
 *
 * <p><b>Threads.</b> Safe. The container calls {@code received} one at a time. Sends start under no
 * lock.
 *
 * <p><b>Cost.</b> About 500 bytes beside the server's own for a session; of the messages it holds
 * the one shared batch that is being written.
 */
final class WebSocketConnection implements Sink, Connection {

  private static final Logger LOG = Logger.getLogger(WebSocketConnection.class.getName());

  /** What may wait for a client that sends commands and does not read the answers, in bytes. */
  private static final int MAX_WAITING_BYTES = 256 << 10;

  /** What a waiting frame costs beside its characters, roughly. */
  private static final int FRAME_BYTES = 64;

  /** A frame, or a ping where {@code text} is null. */
  private record Outgoing(String text, Runnable done) {
    int sizeBytes() {
      return FRAME_BYTES + (text == null ? 0 : text.length());
    }
  }

  private static final Runnable NOTHING = () -> {};

  private final Session session;
  private final Connections connections;
  private final Settings settings;
  private final InstantSource clock;
  private final long heartbeatMillis;
  private final AtomicBoolean over = new AtomicBoolean();
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private final StringBuilder incoming = new StringBuilder();
  private long incomingBytes;
  private int waitingBytes;
  private boolean sending;
  private boolean pinged;
  private Ending closing;
  private Channel channel;
  private volatile Subscription subscription;
  private volatile long lastHeardMillis;
  private volatile long lastSentMillis;

  WebSocketConnection(
      Session session, Connections connections, Settings settings, InstantSource clock) {
    this.session = session;
    this.connections = connections;
    this.settings = settings;
    this.clock = clock;
    this.lastHeardMillis = clock.millis();
    this.lastSentMillis = lastHeardMillis;
    this.heartbeatMillis = Jitter.below(settings.millis(Settings.HEARTBEAT_AFTER));
  }

  /** Finds the channel, says hello, and listens; or says why not and closes. */
  void open(Channels channels) {
    connections.count(Transport.WEBSOCKET);
    connections.add(this);
    try {
      Query query = Query.parse(session.getQueryString());
      // Tyrus would let ?name=… replace the path parameter.
      String path = session.getRequestURI().getPath();
      String name = path.substring(path.lastIndexOf("/channels/") + "/channels/".length());
      UnaryOperator<String> noHeaders = header -> null;
      ReadRequest request =
          ReadRequest.parse(channels, name, Transport.WEBSOCKET, query, noHeaders);
      channel = request.channel();
      send(Wire.nextFrame(request.from()), () -> listen(request.from()));
    } catch (Problem problem) {
      send(error(null, problem), NOTHING);
      close(problem.ending());
    }
  }

  private void listen(Offset from) {
    subscription = channel.subscribe(from, this);
    if (over.get()) {
      subscription.cancel();
    }
  }

  @Override
  public void write(Batch batch, Runnable done) {
    send(batch.as(new Wire.Frame(channel.contentType().kind())), done);
  }

  @Override
  public void gap(Gap gap, Runnable done) {
    send(Wire.resetFrame(gap), done);
  }

  @Override
  public void closed(Offset end) {
    send(Wire.closedFrame(end), NOTHING);
    close(Ending.CHANNEL_CLOSED);
  }

  @Override
  public void end(Ending ending) {
    send(error(null, new Problem(ending, toString())), NOTHING);
    close(ending);
  }

  /** Something came from the peer: it is there. */
  void heard() {
    lastHeardMillis = clock.millis();
    pinged = false;
  }

  /** A part of a text frame. */
  void received(String part, boolean isLast) {
    heard();
    if (over.get()) {
      return;
    }
    int limit = settings.get(Settings.MESSAGE_MAX_BYTES);
    incomingBytes += utf8Length(part);
    if (incomingBytes > limit) {
      incoming.setLength(0);
      close(Ending.TOO_LARGE);
      return;
    }
    incoming.append(part);
    if (isLast) {
      String frame = incoming.toString();
      incoming.setLength(0);
      incomingBytes = 0;
      if (incoming.capacity() > 8_192) {
        incoming.trimToSize(); // one large frame must not cost its size for ever
      }
      command(frame);
    }
  }

  // Each half of a surrogate pair counts two of the pair's four bytes.
  private static int utf8Length(String text) {
    int length = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        length += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
      }
    }
    return length;
  }

  void receivedBinary() {
    heard();
    close(Ending.BINARY_FRAME);
  }

  private void command(String frame) {
    JsonValue id = null;
    try {
      JsonValue value = Problem.orElse(Ending.BAD_COMMAND, () -> JsonMessages.value(frame));
      if (!(value instanceof JsonObject command)) {
        throw new Problem(Ending.BAD_COMMAND, "a command is a JSON object, not " + shorten(frame));
      }
      id = command.get("id");
      if (!command.containsKey("append")) {
        throw new Problem(
            Ending.BAD_COMMAND, "no command in " + shorten(frame) + "; append is one");
      }
      Offset next = append(command.get("append"));
      if (id != null) {
        send(Json.createObjectBuilder().add("id", id).add("next", next.toString()), NOTHING);
      }
    } catch (Problem problem) {
      send(error(id, problem), NOTHING);
    }
  }

  private Offset append(JsonValue value) {
    List<byte[]> messages = Problem.orElse(Ending.BAD_MESSAGE, () -> messages(value));
    if (messages.isEmpty()) {
      throw new Problem(Ending.EMPTY_BODY, "an append needs at least one message, [] has none");
    }
    Appended appended = channel.append(Append.of(messages));
    if (appended instanceof Appended.Accepted accepted) {
      return accepted.next();
    }
    throw AppendRequest.refusal(appended);
  }

  private List<byte[]> messages(JsonValue value) {
    if (channel.contentType().kind() == ContentType.Kind.JSON) {
      return JsonMessages.flatten(value);
    }
    if (!(value instanceof jakarta.json.JsonString string)) {
      throw new IllegalArgumentException(
          "channel \"%s\" holds %s: append a JSON string"
              .formatted(channel.name(), channel.contentType()));
    }
    byte[] bytes =
        channel.contentType().kind() == ContentType.Kind.TEXT
            ? string.getString().getBytes(StandardCharsets.UTF_8)
            : Base64.getDecoder().decode(string.getString());
    return bytes.length == 0 ? List.of() : List.of(bytes);
  }

  private static String shorten(String frame) {
    return frame.length() <= 100 ? frame : frame.substring(0, 100) + "…";
  }

  private static JsonObjectBuilder error(JsonValue id, Problem problem) {
    JsonObjectBuilder frame = Json.createObjectBuilder();
    if (id != null) {
      frame.add("id", id);
    }
    return frame.add("error", problem.toJson());
  }

  private void send(JsonObjectBuilder frame, Runnable done) {
    send(frame.build().toString(), done);
  }

  private void send(String text, Runnable done) {
    enqueue(new Outgoing(text, done));
  }

  private void enqueue(Outgoing outgoing) {
    boolean tooMany;
    synchronized (waiting) {
      if (closing != null || over.get()) {
        return;
      }
      // A large batch may wait alone: it is the one that this client's subscription owns.
      tooMany = waitingBytes > MAX_WAITING_BYTES;
      if (!tooMany) {
        waiting.add(outgoing);
        waitingBytes += outgoing.sizeBytes();
      }
    }
    if (tooMany) {
      give(Ending.TOO_SLOW);
    } else {
      sendNext();
    }
  }

  // Open Liberty refuses a second send, Tyrus and Undertow queue it without bound: one at a time.
  private void sendNext() {
    Outgoing next;
    Ending end = null;
    synchronized (waiting) {
      if (sending) {
        return;
      }
      next = waiting.poll();
      if (next == null) {
        end = closing;
      } else {
        sending = true;
        waitingBytes -= next.sizeBytes();
        lastSentMillis = clock.millis();
      }
    }
    if (next != null) {
      start(next);
    } else if (end != null) {
      give(end);
    }
  }

  private void start(Outgoing next) {
    try {
      if (next.text() == null) {
        session.getAsyncRemote().sendPing(ByteBuffer.allocate(0));
        sent(next);
      } else {
        session
            .getAsyncRemote()
            .sendText(
                next.text(),
                result -> {
                  if (result.isOK()) {
                    sent(next);
                  } else {
                    broke(result.getException());
                  }
                });
      }
    } catch (IOException | RuntimeException e) {
      broke(e);
    }
  }

  private void sent(Outgoing outgoing) {
    synchronized (waiting) {
      sending = false;
    }
    outgoing.done().run();
    sendNext();
  }

  private void broke(Throwable e) {
    LOG.log(Level.FINEST, e, () -> this + " – the client is gone");
    give(Ending.PEER_LOST);
  }

  @Override
  public void tick(long nowMillis) {
    long unheardMillis = nowMillis - lastHeardMillis;
    long silentMillis = nowMillis - lastSentMillis;
    long pingAfterMillis = settings.millis(Settings.PING_AFTER);
    boolean isBusy;
    synchronized (waiting) {
      isBusy = sending;
    }
    if (unheardMillis >= pingAfterMillis + settings.millis(Settings.PONG_WITHIN)) {
      LOG.fine(() -> this + " – ended: not heard (millis=" + unheardMillis + ")");
      give(Ending.PEER_LOST);
    } else if (isBusy && silentMillis >= settings.millis(Settings.STUCK_AFTER)) {
      LOG.fine(() -> this + " – ended: a send is stuck (millis=" + silentMillis + ")");
      give(Ending.TOO_SLOW);
    } else if (unheardMillis >= pingAfterMillis && !pinged) {
      pinged = true;
      enqueue(new Outgoing(null, NOTHING));
    } else if (!isBusy && silentMillis >= heartbeatMillis && subscription != null) {
      send(Wire.nextFrame(subscription.offset()), NOTHING);
    }
  }

  /** Closes after what is waiting to be sent. */
  private void close(Ending ending) {
    synchronized (waiting) {
      if (closing == null) {
        closing = ending;
      }
    }
    sendNext();
  }

  /** Closes now. */
  private void give(Ending ending) {
    gone();
    try {
      session.close(
          new CloseReason(CloseReason.CloseCodes.getCloseCode(ending.closeCode()), ending.slug()));
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINEST, e, () -> this + " – was closed already");
    }
  }

  /** The session is over, whoever ended it. */
  void gone() {
    if (!over.compareAndSet(false, true)) {
      return;
    }
    connections.remove(this);
    if (subscription != null) {
      subscription.cancel();
    }
    synchronized (waiting) {
      waiting.clear();
    }
  }

  @Override
  public Transport transport() {
    return Transport.WEBSOCKET;
  }

  @Override
  public String toString() {
    return "channel \"" + (channel == null ? "?" : channel.name()) + "\" – WebSocket";
  }
}
