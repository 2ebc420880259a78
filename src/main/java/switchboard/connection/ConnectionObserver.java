package switchboard.connection;

import switchboard.channel.Ending;

/**
 * Is told what happens to connections whose clients ask for that: what a browser does not show,
 * such as pings.
 *
 * <p><b>Threads.</b> Called on any thread, also under a connection's lock; must not wait.
 */
@FunctionalInterface
public interface ConnectionObserver {

  /** What happened. */
  enum Sight {
    /** It was opened. */
    OPENED,
    /** It was silent for too long: a ping was sent. */
    PING,
    /** The ping was answered. */
    PONG,
    /** An event stream was silent: a comment was sent. */
    COMMENT,
    /** It ended. */
    ENDED
  }

  /**
   * Something happened to an observed connection.
   *
   * @param why if it ended: the name of the {@link Ending}, or how the client left
   */
  void saw(Connection connection, Sight sight, String why);
}
