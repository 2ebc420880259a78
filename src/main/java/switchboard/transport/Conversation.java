package switchboard.transport;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;

/**
 * What is said over one WebSocket: about the one channel of its URL, or about those it names.
 *
 * <p><b>Threads.</b> Commands come one at a time; {@link #gone} may come at any time.
 */
interface Conversation {

  /** Whether it cannot begin before the client has sent a token. */
  default boolean needsToken() {
    return false;
  }

  /** Whether the client may append something, with what it has said of itself so far. */
  boolean mayAppend();

  /** The client has another token: what that does not grant ends. */
  void reconsider();

  /** Says hello, or fails with a {@link Problem} that ends the connection. */
  void open();

  /**
   * Does what the client wants, and answers where it gave an id.
   *
   * @param id as the client wrote it, or {@code null}
   */
  void command(JsonValue id, JsonObject command);

  /** The frame that only says that the connection lives; {@code null} while it is too early. */
  String heartbeat();

  /** Everything that was appended so far was handed over to be written. */
  boolean hasHeardAll();

  /** The connection is over: nothing more is written. */
  void gone();
}
