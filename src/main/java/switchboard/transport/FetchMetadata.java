package switchboard.transport;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import switchboard.channel.Ending;

/**
 * What a browser wants an answer for (W3C Fetch Metadata Request Headers). A page of this server's
 * own origin may run scripts of that origin, and somebody else chooses what a channel says and as
 * which content type: so a channel is nothing that a page can be made of.
 *
 * <p>Browsers tell it over HTTPS and to this machine. Other clients say nothing, and get what they
 * ask for.
 */
final class FetchMetadata {

  /** Scripts that read it (fetch, XHR, EventSource), WebSockets, and somebody who opens it. */
  private static final Set<String> ALLOWED = Set.of("empty", "websocket", "document");

  private FetchMetadata() {}

  /**
   * Refuses what would make the answer a part of a page.
   *
   * @throws Problem {@link Ending#WRONG_DESTINATION}, quoting it
   */
  static void require(HttpServletRequest request) {
    // Also by browsers that do not know Sec-Fetch-Dest (Service Workers §6.1).
    if (request.getHeader("Service-Worker") != null) {
      throw wrong("Service-Worker", request.getHeader("Service-Worker"));
    }
    String destination = request.getHeader("Sec-Fetch-Dest");
    if (destination != null && !ALLOWED.contains(destination)) {
      throw wrong("Sec-Fetch-Dest", destination);
    }
  }

  private static Problem wrong(String header, String value) {
    return new Problem(
        Ending.WRONG_DESTINATION,
        "%s \"%s\": only fetch, XMLHttpRequest, EventSource and WebSocket may read a channel"
            .formatted(header, value));
  }
}
