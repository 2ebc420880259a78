package switchboard.http;

import switchboard.channel.Ending;

/** Clients that send requests and do not read the responses. */
final class SlowReaders {

  /** With more bytes of earlier responses in the server's queue, no response is added. */
  private static final int MAX_UNREAD_BYTES = 64 << 10;

  private SlowReaders() {}

  /**
   * Refuses a request of such a client and closes its connection: responses that {@link
   * PendingAnswer} does not send would be queued without limit.
   */
  static void refuse(Request request) {
    if (request.unreadBytes() > MAX_UNREAD_BYTES) {
      request.disconnect();
      throw new Problem(
          Ending.TOO_SLOW, "the client did not read the responses to earlier requests");
    }
  }
}
