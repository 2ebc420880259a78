package switchboard.http;

import java.util.Set;
import switchboard.channel.Ending;

/**
 * The purpose of a browser's request (W3C Fetch Metadata Request Headers). A page of this server's
 * origin may run scripts of that origin, and others choose the content and the content type of a
 * channel. So a channel must not be a part of a page.
 *
 * <p>Browsers send it over HTTPS and to this machine. Other clients do not send it, and are not
 * restricted.
 */
final class FetchMetadata {

  /** Scripts that read it (fetch, XHR, EventSource), WebSockets, and navigation to the URL. */
  private static final Set<String> ALLOWED = Set.of("empty", "websocket", "document");

  private FetchMetadata() {}

  /**
   * Refuses a request that would make the response a part of a page.
   *
   * @throws Problem {@link Ending#WRONG_DESTINATION}, quoting it
   */
  static void require(Request request) {
    // Also sent by browsers without Sec-Fetch-Dest (Service Workers §6.1).
    if (request.header("Service-Worker") != null) {
      throw wrong("Service-Worker", request.header("Service-Worker"));
    }
    String destination = request.header("Sec-Fetch-Dest");
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
