package switchboard.transport;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.websocket.CloseReason;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Connection;
import switchboard.channel.Connections;
import switchboard.channel.Ending;
import switchboard.channel.Pace;
import switchboard.channel.PendingBodies;
import switchboard.channel.Tally;
import switchboard.channel.Transport;
import switchboard.channel.Watcher;
import switchboard.config.Settings;
import switchboard.publish.JsonMessages;
import switchboard.time.Clocks;

/**
 * A WebSocket: takes frames in and sends frames out for a {@link Conversation}, and sees to it that
 * the peer is there.
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
final class WebSocketConnection implements Connection {

  static final String SUBPROTOCOL = "switchboard.v1";

  private static final Logger LOG = Logger.getLogger(WebSocketConnection.class.getName());

  /** What may wait for a client that sends commands and does not read the answers, in bytes. */
  private static final int MAX_WAITING_BYTES = 256 << 10;

  /** What a waiting frame costs beside its bytes, roughly. */
  private static final int FRAME_BYTES = 64;

  /** How large a frame may be before the client has said who it is. */
  private static final int MAX_BYTES_WITHOUT_TOKEN = PendingBodies.FREE_BYTES;

  private static final Runnable NOTHING = () -> {};

  /** What counts of it is what the client brings about by commands. */
  private record Outgoing(WebSocketFrame frame, Runnable done, int countedBytes) {}

  private final Session session;
  private final FrameWriter writer;
  private final Visitor visitor;
  private final Pace pace;
  private final Connections connections;
  private final Settings settings;
  private final Clocks clocks;
  private final long heartbeatMillis;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicBoolean isRevocationLogged = new AtomicBoolean();
  private final FrameParts incoming;
  private final PendingBodies.Share incomingShare;
  private final PendingBodies.Share outgoingShare;
  private Conversation conversation;
  private volatile Guard guard;
  private volatile boolean awaitsToken;
  private final long tokenUntilMillis; // by the clock of ticks
  private volatile String label;
  private volatile String member;
  private volatile long lastHeardMillis;
  private volatile long lastSentMillis;
  private volatile boolean pinged;

  // By the clock of ticks: a peer is given up for what it did not do while this server ran.
  private volatile long pingSentMillis;
  private volatile long sendingSinceMillis;

  private final AtomicInteger pushes = new AtomicInteger();
  private final SendHandler written = this::written;

  // Guarded by waiting.
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private Runnable sending; // what runs when the frame is written; the frame is the writer's
  private long heldBytes; // of the frames that wait and the one that is written
  private int sendingBytes;
  private Ending closing;

  WebSocketConnection(
      Session session,
      Visitor visitor,
      FrameWriter writer,
      Connections connections,
      PendingBodies bodies,
      Pace pace,
      Settings settings,
      Clocks clocks) {
    this.session = session;
    this.writer = writer;
    this.incoming = new FrameParts(bodies.share());
    this.incomingShare = bodies.share();
    this.outgoingShare = bodies.share();
    this.pace = pace;
    this.visitor = visitor;
    this.guard = visitor.guard();
    this.connections = connections;
    this.settings = settings;
    this.clocks = clocks;
    this.lastHeardMillis = clocks.elapsed().millis();
    this.lastSentMillis = lastHeardMillis;
    this.sendingSinceMillis = clocks.ticks().millis();
    this.tokenUntilMillis = sendingSinceMillis + settings.millis(Settings.TOKEN_TIMEOUT);
    this.heartbeatMillis = Jitter.below(settings.millis(Settings.HEARTBEAT_INTERVAL));
  }

  /** Begins the conversation that the URL asks for; or says why not and closes. */
  void open(Channels channels, boolean isForMany) {
    connections.count(Transport.WEBSOCKET);
    // Tyrus would let ?name=… replace the path parameter.
    String path = session.getRequestURI().getPath();
    String name = path.substring(path.lastIndexOf('/') + 1);
    conversation =
        isForMany
            ? new ManyChannels(this, channels, settings.get(Settings.MAX_CHANNELS_PER_CONNECTION))
            : new OneChannel(
                this,
                () -> Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(name)),
                () -> place(channels, name));
    try {
      Ending refusal = connections.add(this);
      if (refusal != null) {
        throw new Problem(refusal, refusal.title());
      }
      member = query().member();
      if (visitor.refusal() != null) {
        throw visitor.refusal();
      }
      awaitsToken = conversation.needsToken();
      if (!awaitsToken) {
        conversation.open();
      }
    } catch (RuntimeException | Error e) {
      refuse(Problem.of(e));
    }
  }

  private void refuse(Problem problem) {
    send(Frames.error(null, problem));
    close(problem.ending());
  }

  /** Refuses an append that comes too soon after others from the same address. */
  void requirePace() {
    Problem.requirePace(connections, pace, address());
  }

  @Override
  public String address() {
    return visitor.address();
  }

  /** Asks for the client. */
  Guard guard() {
    return guard;
  }

  /** Whether the client may hear nothing any more; then it is told so, and sent away. */
  boolean isRevoked() {
    Problem problem = guard.revocation();
    if (problem == null) {
      return false;
    }
    if (isRevocationLogged.compareAndSet(false, true)) {
      guard.logRevocation(toString());
      refuse(problem);
    }
    return true;
  }

  Tally tally() {
    return connections.tally();
  }

  private Query query() {
    return Query.parse(session.getQueryString(), settings.get(Settings.MAX_QUERY_BYTES));
  }

  private Place place(Channels channels, String name) {
    Query query = query();
    UnaryOperator<String> noHeaders = header -> null;
    ReadRequest request =
        ReadRequest.parse(channels, guard, name, Transport.WEBSOCKET, query, noHeaders, 1);
    label = request.label();
    connections.tell(this, Watcher.Sight.OPENED, "");
    return request.place();
  }

  /** What the client calls itself to others who listen, or {@code null}. */
  String member() {
    return member;
  }

  /** Something came from the peer: it is there. */
  void heard() {
    lastHeardMillis = clocks.elapsed().millis();
    pinged = false;
  }

  /** The peer answered a ping. */
  void ponged() {
    heard();
    connections.tell(this, Watcher.Sight.PONG, "");
  }

  /** A part of a text frame. */
  void received(String part, boolean isLast) {
    heard();
    if (isEnding()) {
      return;
    }
    Ending refusal = incoming.add(part, maxFrameBytes());
    if (refusal != null) {
      incoming.close();
      close(refusal);
    } else if (isLast) {
      command(incoming.take());
      incoming.clear();
    }
  }

  /**
   * The server software keeps so many bytes of a frame that is not whole, or has no more to do with
   * them; false where it must not, and the connection is closed.
   */
  boolean keeps(long bytes) {
    if (isEnding() || bytes == 0) {
      incomingShare.hold(0);
      return !over.get();
    }
    boolean isTooLarge = bytes > maxFrameBytes() + FRAME_BYTES;
    if (!isTooLarge && incomingShare.hold(bytes)) {
      return true;
    }
    closeNow(isTooLarge ? Ending.TOO_LARGE : Ending.REQUEST_BUFFER_FULL);
    return false;
  }

  // Who may append nothing, and has not said yet who it is, has only a token to send.
  private int maxFrameBytes() {
    int max = settings.get(Settings.MESSAGE_MAX_BYTES);
    return guard.isWithoutToken() && !conversation.mayAppend()
        ? Math.min(max, MAX_BYTES_WITHOUT_TOKEN)
        : max;
  }

  private boolean isEnding() {
    synchronized (waiting) {
      return closing != null || over.get();
    }
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
        throw new Problem(
            Ending.BAD_COMMAND, "a command is a JSON object, not " + Frames.shorten(frame));
      }
      id = command.get("id");
      if (isRevoked()) {
        return;
      }
      if (command.containsKey("token")) {
        authenticate(id, Frames.string(command, "token"));
        return;
      }
      if (awaitsToken) {
        throw new Problem(
            Ending.UNAUTHORIZED, "the first frame must be a token: {\"token\":\"…\"}");
      }
      if (command.containsKey("ping")) {
        send(Frames.answer(id).add("pong", true).build().toString());
        return;
      }
      conversation.command(id, command);
    } catch (RuntimeException | Error e) {
      refuse(id, Problem.of(e));
    }
  }

  private void refuse(JsonValue id, Problem problem) {
    tally().ended(problem.ending());
    send(Frames.error(id, problem));
    if (awaitsToken) {
      close(problem.ending());
    }
  }

  private void authenticate(JsonValue id, String token) {
    guard = guard.refreshed(token);
    if (awaitsToken) {
      conversation.open();
      awaitsToken = false;
    } else {
      conversation.reconsider();
    }
    if (id != null) {
      String expiresAt = guard.caller().token().expiresAt().toString();
      send(Frames.answer(id).add("tokenExpiresAt", expiresAt).build().toString());
    }
  }

  /** Sends a text frame after those that wait. */
  void send(String text) {
    send(WebSocketFrame.of(text), NOTHING);
  }

  /**
   * Sends a frame after those that wait.
   *
   * @param done runs when it is written, on any thread
   */
  void send(WebSocketFrame frame, Runnable done) {
    send(new Outgoing(frame, done, FRAME_BYTES + frame.bytes().length));
  }

  /**
   * The same for messages, of which a conversation sends one batch at a time. They do not count
   * among what may wait: a client that reads gets them all, however many there are.
   */
  void sendBatch(WebSocketFrame frame, Runnable done) {
    send(new Outgoing(frame, done, 0));
  }

  private void send(Outgoing outgoing) {
    boolean tooMany;
    boolean isFull;
    synchronized (waiting) {
      if (closing != null || over.get()) {
        return;
      }
      waitingBytes += outgoing.countedBytes();
      tooMany = waitingBytes > MAX_WAITING_BYTES;
      heldBytes += outgoing.frame().bytes().length;
      isFull = !outgoingShare.hold(heldBytes);
      if (!tooMany && !isFull) {
        waiting.add(outgoing);
      }
    }
    if (tooMany || isFull) {
      closeNow(tooMany ? Ending.TOO_SLOW : Ending.REQUEST_BUFFER_FULL);
    } else {
      push();
    }
  }

  // Whoever comes while another is at it only lets that one go round once more. So a write that is
  // done at once does not call the next from inside: a long queue would be a deep stack.
  private void push() {
    if (pushes.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      sendNext();
      seen = pushes.addAndGet(-seen);
    } while (seen != 0);
  }

  // Open Liberty refuses a second send, Tyrus and Undertow queue it without bound: one at a time.
  private void sendNext() {
    Outgoing next;
    Ending end;
    synchronized (waiting) {
      if (sending != null) {
        return;
      }
      next = waiting.poll();
      end = next == null && !over.get() ? closing : null;
      if (next != null) {
        sending = next.done();
        sendingBytes = next.frame().bytes().length;
        waitingBytes -= next.countedBytes();
        lastSentMillis = clocks.elapsed().millis();
        sendingSinceMillis = clocks.ticks().millis();
      }
    }
    if (next != null) {
      start(next);
    } else if (end != null) {
      closeNow(end);
    }
  }

  private void start(Outgoing next) {
    try {
      writer.write(next.frame(), written);
      if (next.frame().isPing()) {
        connections.tell(this, Watcher.Sight.PING, "");
      }
    } catch (IOException | RuntimeException e) {
      broke(e);
    }
  }

  private void written(SendResult result) {
    if (!result.isOK()) {
      broke(result.getException());
      return;
    }
    if (result == FrameWriter.DRAINED) {
      heard(); // its pong may stand behind megabytes in the buffers of a slow line
    }
    Runnable done;
    synchronized (waiting) {
      done = sending;
      sending = null;
      heldBytes -= sendingBytes;
      outgoingShare.hold(heldBytes);
    }
    try {
      done.run();
    } catch (RuntimeException | Error e) {
      refuse(Problem.of(e));
    }
    push();
  }

  private void broke(Throwable e) {
    LOG.log(Level.FINEST, e, () -> this + " – the client disconnected");
    closeNow(Ending.CONNECTION_LOST);
  }

  @Override
  public void tick(long nowMillis) {
    long unheardMillis = nowMillis - lastHeardMillis;
    long silentMillis = nowMillis - lastSentMillis;
    long ticksMillis = clocks.ticks().millis();
    long sendingMillis = ticksMillis - sendingSinceMillis;
    boolean isBusy;
    synchronized (waiting) {
      isBusy = sending != null;
    }
    if (isRevoked()) {
      LOG.fine(() -> this + " – closed: the token is no longer valid");
    } else if (awaitsToken && ticksMillis >= tokenUntilMillis) {
      refuse(null, new Problem(Ending.UNAUTHORIZED, "no token arrived in time"));
    } else if (isPongLate(ticksMillis)) {
      LOG.fine(() -> this + " – closed: the client did not respond (millis=" + unheardMillis + ")");
      closeNow(Ending.CONNECTION_LOST);
    } else if (isBusy && sendingMillis >= settings.millis(Settings.WRITE_TIMEOUT)) {
      LOG.fine(() -> this + " – closed: a write timed out (millis=" + sendingMillis + ")");
      closeNow(Ending.TOO_SLOW);
    } else if (unheardMillis >= settings.millis(Settings.PING_INTERVAL) && !pinged) {
      pingSentMillis = 0;
      pinged = true;
      send(WebSocketFrame.PING, () -> pingSentMillis = clocks.ticks().millis());
    } else if (!isBusy && silentMillis >= heartbeatMillis) {
      String heartbeat = conversation.heartbeat();
      if (heartbeat != null) {
        send(heartbeat);
      }
    }
  }

  // Only where a ping went out: one that waits behind a frame which the peer does not take is too
  // slow, and one that was not asked need not answer.
  private boolean isPongLate(long ticksMillis) {
    return pinged
        && pingSentMillis > 0
        && ticksMillis - pingSentMillis >= settings.millis(Settings.PONG_TIMEOUT);
  }

  @Override
  public void end(Ending ending) {
    if (ending == Ending.SERVER_STOPPING && isEnding()) {
      closeNow(ending);
      return;
    }
    Problem problem = new Problem(ending, toString());
    if (ending == Ending.SERVER_STOPPING) {
      problem.retryAfter(Jitter.around(settings.millis(Settings.RETRY)));
    }
    send(Frames.error(null, problem));
    close(ending);
  }

  @Override
  public boolean hasHeardAll() {
    return conversation.hasHeardAll();
  }

  /** Closes after what is waiting to be sent. */
  void close(Ending ending) {
    synchronized (waiting) {
      if (closing == null) {
        closing = ending;
      }
    }
    push();
  }

  private void closeNow(Ending ending) {
    if (gone(ending.slug()) && ending != Ending.CHANNEL_CLOSED) {
      tally().ended(ending);
    }
    try {
      session.close(
          new CloseReason(CloseReason.CloseCodes.getCloseCode(ending.closeCode()), ending.slug()));
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINEST, e, () -> this + " – was already closed");
    }
  }

  /** The session is over, whoever ended it; true for the first who says so. */
  boolean gone(String why) {
    if (!over.compareAndSet(false, true)) {
      return false;
    }
    connections.remove(this);
    connections.tell(this, Watcher.Sight.ENDED, why);
    conversation.gone();
    incoming.close();
    incomingShare.close();
    outgoingShare.close();
    connections.runAfterTwoTicks(writer::release);
    synchronized (waiting) {
      waiting.clear();
    }
    return true;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public Transport transport() {
    return Transport.WEBSOCKET;
  }

  @Override
  public String toString() {
    return conversation + " – WebSocket";
  }
}
