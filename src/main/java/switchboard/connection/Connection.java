package switchboard.connection;

import org.jspecify.annotations.Nullable;
import switchboard.channel.Ending;
import switchboard.channel.Transport;

/**
 * A client connection that stays open: a pending long poll, an event stream, or a WebSocket.
 *
 * <p><b>Threads.</b> Safe.
 */
public interface Connection {

  /** Its transport. */
  Transport transport();

  /** The address of the client; empty if it is not known. */
  String address();

  /**
   * About once a second, or more often: time to send a heartbeat, to ping the client, or to end the
   * connection.
   *
   * @param nowMillis elapsed time
   */
  void tick(long nowMillis);

  /** The name under which its client asks to be observed; {@code null} if it does not. */
  default @Nullable String label() {
    return null;
  }

  /** Everything that was appended so far was handed to the server to be written. */
  boolean hasHeardAll();

  /**
   * Ends it and tells the client why. If the server stops, the client is also told when to retry; a
   * second call ends a connection that has not done so in time.
   */
  void end(Ending ending);
}
