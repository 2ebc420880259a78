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

  /** Where the client is; empty where that is not known. */
  String address();

  /**
   * About once a second, or more often: time to say something, to ask whether the peer is there, or
   * to give up.
   *
   * @param nowMillis elapsed time
   */
  void tick(long nowMillis);

  /** The name under which its client asks to be watched; {@code null} if it does not. */
  default String label() {
    return null;
  }

  /** Everything that was appended so far was handed over to be written. */
  boolean hasHeardAll();

  /**
   * Ends it and tells the client why. When the server stops, the client is also told when to come
   * again; who has no time for that is ended by a second call.
   */
  void end(Ending ending);
}
