package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import switchboard.channel.PendingBodies;
import switchboard.channel.Tally;
import switchboard.config.Settings;
import switchboard.time.Clocks;

/**
 * Answers that are no channel's: files of the page and readings. Over HTTP/2 a client can let no
 * byte of an answer through ({@code SETTINGS_INITIAL_WINDOW_SIZE} 0, RFC 9113 §6.9.2) and ask for a
 * hundred at once; output that blocks would hold a thread for each.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class ReadyAnswer {

  private final PendingAnswer.Place place;

  public ReadyAnswer(PendingBodies bodies, Settings settings, Clocks clocks, Tally tally) {
    this.place = new PendingAnswer.Place(bodies, settings, clocks.ticks(), tally);
  }

  /** Whether an answer to it must not be written by a thread that waits for the client. */
  public static boolean isNeededFor(HttpServletRequest request) {
    return request.getProtocol().startsWith("HTTP/2") && request.isAsyncSupported();
  }

  /** Sends {@code body} as the client takes it; what is not taken is counted. */
  public void send(HttpServletRequest request, HttpServletResponse response, byte[] body) {
    new ServletAnswer(request, response, place)
        .write(new HttpAnswer(HttpServletResponse.SC_OK, Map.of(), body));
  }
}
