package switchboard.channel;

/**
 * Hears what the server does to the connections whose clients ask to be watched: what a browser
 * does not show of its own, such as pings.
 *
 * <p><b>Threads.</b> Called on any thread, also under a connection's lock; must not wait.
 */
@FunctionalInterface
public interface Watcher {

  /** What happened. */
  enum Sight {
    /** The server holds it from now. */
    OPENED,
    /** Too long silent: a ping was sent. */
    PING,
    /** The ping was answered. */
    PONG,
    /** An event stream was silent: a comment was sent. */
    COMMENT,
    /** The server does not hold it any more. */
    ENDED
  }

  /**
   * Something happened to a connection that is watched.
   *
   * @param why where it ended: the name of the {@link Ending}, or how the client left
   */
  void saw(Connection connection, Sight sight, String why);
}
