package switchboard.channel;

/**
 * A client that the server holds a thread of contact with: a pending long poll, an event stream, a
 * WebSocket.
 *
 * <p><b>Threads.</b> Safe.
 */
public interface Connection {

  /** By which way. */
  Transport transport();

  /**
   * About once a second: time to say something, to ask whether the peer is there, or to give up.
   */
  void tick(long nowMillis);

  /** The name under which its client asks to be watched; {@code null} if it does not. */
  default String label() {
    return null;
  }

  /** Ends it and tells the client why. */
  void end(Ending ending);
}
