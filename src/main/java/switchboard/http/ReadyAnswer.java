package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import switchboard.channel.Counters;
import switchboard.config.Settings;
import switchboard.connection.PendingBodies;
import switchboard.container.TcpConnection;
import switchboard.time.Clocks;

/**
 * Answers that are no channel's: files of the page and metrics. A client can ask for hundreds of
 * them and read none, over HTTP/1.1 or with a window of 0 over HTTP/2 ({@code
 * SETTINGS_INITIAL_WINDOW_SIZE}, RFC 9113 §6.9.2). Output that blocks would hold a thread for each.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class ReadyAnswer {

  private final PendingAnswer.Place place;

  public ReadyAnswer(PendingBodies bodies, Settings settings, Clocks clocks, Counters counters) {
    this.place = new PendingAnswer.Place(bodies, settings, clocks.ticks(), counters);
  }

  /**
   * Whether the client is there and takes what it asks for. One that sent hundreds of requests and
   * reads no answer, or is gone, is hung up on: the rest of its requests are not worth a thread.
   */
  public static boolean isWanted(HttpServletRequest request) {
    if (TcpConnection.isOver(request)) {
      return false;
    }
    try {
      SlowReaders.refuse(new ServletRequestView(request, ""));
      return true;
    } catch (Problem problem) {
      return false;
    }
  }

  /** Sends an answer as the client takes it; what is not taken is counted. */
  public void send(HttpServletRequest request, HttpServletResponse response, HttpAnswer answer) {
    new ServletAnswer(request, response, place).write(answer);
  }
}
