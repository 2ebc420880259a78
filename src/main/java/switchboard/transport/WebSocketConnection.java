package switchboard.transport;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import switchboard.channel.Channel;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.Jitter;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Connection;
import switchboard.connection.ConnectionObserver;
import switchboard.connection.Connections;
import switchboard.connection.Liveness;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.container.FrameWriter;
import switchboard.container.WebSocketFrame;
import switchboard.http.ClientPrincipal;
import switchboard.http.Guard;
import switchboard.http.ParsingLimit;
import switchboard.http.Problem;
import switchboard.http.Query;
import switchboard.http.StrictJson;
import switchboard.log.Offset;
import switchboard.time.Clocks;

/**
 * A WebSocket: receives and sends frames for a {@link WebSocketSession}, and checks that the client
 * responds.
 *
 * <p>Responses to commands, pings and messages share one {@link SendQueue}.
 *
 * <p><b>Threads.</b> Safe. The container calls {@code received} one at a time. Sends start under no
 * lock.
 *
 * <p><b>Cost.</b> About 500 bytes in addition to the server's own for a session; it references only
 * the shared batch that is being written.
 */
final class WebSocketConnection implements Connection, SendQueue.Listener {

  private static final Logger LOG = Logger.getLogger(WebSocketConnection.class.getName());

  /** Maximum size of a frame before the client is identified. */
  private static final int MAX_BYTES_WITHOUT_TOKEN = PendingBodies.FREE_BYTES;

  private final Session session;
  private final FrameWriter writer;
  private final SendQueue queue;
  private final ClientPrincipal visitor;
  private final RateLimiter pace;
  private final Connections connections;
  private final Settings settings;
  private final Clocks clocks;
  private final long heartbeatMillis;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicBoolean isRevocationLogged = new AtomicBoolean();
  private final TextAssembler incoming;
  private final Liveness liveness;
  private WebSocketSession conversation;
  private volatile Guard guard;
  private volatile boolean awaitsToken;
  private final long tokenUntilMillis; // by the clock of ticks
  private volatile String label;
  private volatile String member;

  WebSocketConnection(
      Session session,
      ClientPrincipal visitor,
      FrameWriter writer,
      Connections connections,
      PendingBodies bodies,
      RateLimiter pace,
      Settings settings,
      Clocks clocks) {
    this.session = session;
    this.writer = writer;
    this.incoming = new TextAssembler(bodies);
    this.liveness = new Liveness(settings, clocks);
    this.queue = new SendQueue(writer, bodies.share(), clocks, this);
    this.pace = pace;
    this.visitor = visitor;
    this.guard = visitor.guard();
    this.connections = connections;
    this.settings = settings;
    this.clocks = clocks;
    this.tokenUntilMillis = clocks.ticks().millis() + settings.millis(Settings.TOKEN_TIMEOUT);
    this.heartbeatMillis = Jitter.below(settings.millis(Settings.HEARTBEAT_INTERVAL));
  }

  /** Starts a conversation, or sends the error and closes. */
  void open(WebSocketSession begun) {
    connections.count(Transport.WEBSOCKET);
    conversation = begun;
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
    send(CommandFrames.error(null, problem));
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

  /** The client, as it opened the connection. */
  ClientPrincipal visitor() {
    return visitor;
  }

  /** Asks for the client. */
  Guard guard() {
    return guard;
  }

  /** Whether the client is no longer authorized; then it gets the reason and is disconnected. */
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

  Counters counters() {
    return connections.counters();
  }

  /** The query of the URL. */
  Query query() {
    return Query.parse(session.getQueryString(), settings.get(Settings.MAX_QUERY_BYTES));
  }

  /** Registers the client as a reader of {@code what}. */
  void opened(String what) {
    label = what;
    connections.tell(this, ConnectionObserver.Sight.OPENED, "");
  }

  /** The client's name in presence, or {@code null}. */
  String member() {
    return member;
  }

  /** Data was received from the client, so it is connected. */
  void heard() {
    liveness.heard();
  }

  /** The client answered a ping. */
  void ponged() {
    heard();
    connections.tell(this, ConnectionObserver.Sight.PONG, "");
  }

  /** A part of a text frame. */
  void received(String part, boolean isLast) {
    heard();
    if (queue.isClosing()) {
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
   * The number of bytes that the application server keeps of an incomplete frame changed; false if
   * that is too much, and the connection is closed.
   */
  boolean keeps(long bytes) {
    Ending refusal = incoming.keeps(queue.isClosing() ? 0 : bytes, maxFrameBytes());
    if (refusal != null) {
      closeNow(refusal);
    }
    return !over.get();
  }

  // A client that may not append and is not identified yet has only a token to send.
  private int maxFrameBytes() {
    int max = settings.get(Settings.MESSAGE_MAX_BYTES);
    return guard.isWithoutToken() && !conversation.mayAppend()
        ? Math.min(max, MAX_BYTES_WITHOUT_TOKEN)
        : max;
  }

  void receivedBinary() {
    heard();
    close(Ending.BINARY_FRAME);
  }

  private void command(String frame) {
    int counted = ParsingLimit.OF_HEAP.tryAcquire(frame.length());
    if (counted < 0) {
      close(Ending.REQUEST_BUFFER_FULL); // this thread serves others: it must not wait
      return;
    }
    JsonValue id = null;
    try {
      JsonValue value = Problem.orElse(Ending.BAD_COMMAND, () -> StrictJson.value(frame));
      if (!(value instanceof JsonObject command)) {
        throw new Problem(
            Ending.BAD_COMMAND, "a command is a JSON object, not " + CommandFrames.shorten(frame));
      }
      id = command.get("id");
      if (isRevoked()) {
        return;
      }
      if (command.containsKey("token")) {
        authenticate(id, CommandFrames.string(command, "token"));
        return;
      }
      if (awaitsToken) {
        throw new Problem(
            Ending.UNAUTHORIZED, "the first frame must be a token: {\"token\":\"…\"}");
      }
      if (command.containsKey("ping")) {
        send(CommandFrames.answer(id).add("pong", true).build().toString());
        return;
      }
      conversation.command(id, command);
    } catch (RuntimeException | Error e) {
      refuse(id, Problem.of(e));
    } finally {
      ParsingLimit.OF_HEAP.release(counted);
    }
  }

  /** Executes an {@code append} command, and answers it now or later. */
  void append(JsonValue id, Channel channel, JsonValue value, Consumer<Offset> answer) {
    CommandFrames.append(
        channel,
        value,
        appended -> {
          try {
            answer.accept(CommandFrames.next(appended));
          } catch (RuntimeException | Error e) {
            refuse(id, Problem.of(e));
          }
        });
  }

  private void refuse(JsonValue id, Problem problem) {
    counters().ended(problem.ending());
    send(CommandFrames.error(id, problem));
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
      send(CommandFrames.answer(id).add("tokenExpiresAt", expiresAt).build().toString());
    }
  }

  /** Sends a text frame after those that wait. */
  void send(String text) {
    queue.send(WebSocketFrame.of(text), () -> {});
  }

  /** What waits to be sent. */
  SendQueue queue() {
    return queue;
  }

  @Override
  public void drained() {
    heard(); // its pong may stand behind megabytes in the buffers of a slow line
  }

  @Override
  public void failed(Throwable failure) {
    refuse(Problem.of(failure));
  }

  @Override
  public void broke(Throwable cause) {
    LOG.log(Level.FINEST, cause, () -> this + " – the client disconnected");
    closeNow(Ending.CONNECTION_LOST);
  }

  @Override
  public void tick(long nowMillis) {
    long silentMillis = nowMillis - queue.lastSentMillis();
    long ticksMillis = clocks.ticks().millis();
    long sendingMillis = ticksMillis - queue.sendingSinceMillis();
    boolean isBusy = queue.isBusy();
    if (isRevoked()) {
      LOG.fine(() -> this + " – closed: the token is no longer valid");
    } else if (awaitsToken && ticksMillis >= tokenUntilMillis) {
      refuse(null, new Problem(Ending.UNAUTHORIZED, "no token arrived in time"));
    } else if (liveness.isPongLate(ticksMillis)) {
      long unheardMillis = liveness.unheardMillis(nowMillis);
      LOG.fine(() -> this + " – closed: no response (millis=" + unheardMillis + ")");
      closeNow(Ending.CONNECTION_LOST);
    } else if (isBusy && sendingMillis >= settings.millis(Settings.WRITE_TIMEOUT)) {
      LOG.fine(() -> this + " – closed: a write timed out (millis=" + sendingMillis + ")");
      closeNow(Ending.TOO_SLOW);
    } else if (liveness.takePing(nowMillis)) {
      queue.send(WebSocketFrame.PING, this::pingSent);
    } else if (!isBusy && silentMillis >= heartbeatMillis) {
      String heartbeat = conversation.heartbeat();
      if (heartbeat != null) {
        send(heartbeat);
      }
    }
  }

  private void pingSent() {
    liveness.pingSent();
    connections.tell(this, ConnectionObserver.Sight.PING, "");
  }

  @Override
  public void end(Ending ending) {
    if (ending == Ending.SERVER_STOPPING && queue.isClosing()) {
      closeNow(ending);
      return;
    }
    Problem problem = new Problem(ending, toString());
    if (ending == Ending.SERVER_STOPPING) {
      problem.retryAfter(Jitter.around(settings.millis(Settings.RETRY)));
    }
    send(CommandFrames.error(null, problem));
    close(ending);
  }

  @Override
  public boolean hasHeardAll() {
    return conversation.hasHeardAll();
  }

  /** Closes after the waiting frames are sent. */
  void close(Ending ending) {
    queue.close(ending);
  }

  @Override
  public void closeNow(Ending ending) {
    if (gone(ending.slug()) && ending != Ending.CHANNEL_CLOSED) {
      counters().ended(ending);
    }
    try {
      session.close(
          new CloseReason(CloseReason.CloseCodes.getCloseCode(ending.closeCode()), ending.slug()));
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINEST, e, () -> this + " – was already closed");
    }
  }

  /** The session has ended; true for the first call. */
  boolean gone(String why) {
    if (!over.compareAndSet(false, true)) {
      return false;
    }
    queue.stop();
    connections.remove(this);
    connections.tell(this, ConnectionObserver.Sight.ENDED, why);
    conversation.gone();
    incoming.close();
    connections.runAfterTwoTicks(writer::release);
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
