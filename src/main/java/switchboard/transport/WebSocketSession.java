package switchboard.transport;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import switchboard.http.Problem;

/**
 * The session of a WebSocket: for the channel of its URL, or for several channels.
 *
 * <p><b>Threads.</b> Commands arrive one at a time; {@link #gone} may be called at any time.
 */
interface WebSocketSession {

  /** Whether the client must send a token first. */
  default boolean needsToken() {
    return false;
  }

  /** Whether the client may append to any channel, with its current identity. */
  boolean mayAppend();

  /** The client has a new token: subscriptions that it does not allow end. */
  void reconsider();

  /** Sends the hello frame, or throws a {@link Problem} that ends the connection. */
  void open();

  /**
   * Executes a command, and responds if it has an id.
   *
   * @param id as the client sent it, or {@code null}
   */
  void command(JsonValue id, JsonObject command);

  /** The heartbeat frame; {@code null} before the hello. */
  String heartbeat();

  /** Whether all messages appended so far were handed over for writing. */
  boolean hasHeardAll();

  /** The connection has ended: nothing more is written. */
  void gone();
}
