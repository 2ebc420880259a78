package switchboard.channel;

import java.util.Locale;

/**
 * Every way a request or a connection ends other than well: one row of {@code docs/endings.md}
 * each. The same ending has an HTTP status where a request fails, a close code where a WebSocket
 * does, and one problem type everywhere.
 *
 * <p>Close codes: 1000 to 1015 as in RFC 6455 §7.4.1; 4000 + the HTTP status where the registered
 * ones say nothing.
 */
public enum Ending {
  BAD_NAME(400, 4400, false, "The channel name is not allowed"),
  BAD_PATH(400, 4400, false, "The path is not spelled as it must be"),
  BAD_OFFSET(400, 4400, false, "The offset is malformed"),
  BAD_PARAMETER(400, 4400, false, "A query parameter or header has a value that is not allowed"),
  BAD_MESSAGE(400, 4400, false, "The message is malformed"),
  BAD_COMMAND(400, 4400, false, "The frame is not a command of the subprotocol"),
  BINARY_FRAME(400, 1003, false, "The subprotocol has no binary frames"),
  BAD_UPGRADE(400, 1002, false, "The request is not a WebSocket handshake"),
  UPGRADE_VERSION(426, 4426, false, "The WebSocket version is not 13"),
  TOKEN_IN_URL(400, 4400, false, "A token does not belong into a URL"),
  UNAUTHORIZED(401, 4401, false, "A token is needed"),
  INVALID_TOKEN(401, 4401, false, "The token is not good"),
  TOKEN_EXPIRED(401, 4401, false, "The token has expired"),
  TOKEN_DENIED(401, 4401, false, "The token or its subject was denied"),
  FORBIDDEN(403, 4403, false, "Nothing grants the client what it asks for"),
  NOT_SECURE(403, 4403, false, "A cookie with a token needs HTTPS"),
  EMPTY_BODY(400, 4400, false, "There is nothing to append"),
  PRODUCER_FENCED(403, 4403, false, "A newer run of this producer took over"),
  BAD_FORK(400, 4400, false, "The source cannot be forked there"),
  UNKNOWN_CHANNEL(404, 4404, false, "There is no such channel"),
  LAB_OFF(404, 4404, false, "The lab is switched off"),
  METHOD_NOT_ALLOWED(405, 4405, false, "The method is not one of this resource"),
  HEADERS_TOO_LARGE(431, 4431, false, "The request's headers are larger than the limit"),
  QUERY_TOO_LONG(414, 4414, false, "The request's query is longer than the limit"),
  TOO_MANY_SUBSCRIPTIONS(400, 4400, false, "One connection cannot listen to so many channels"),
  CHANNEL_EXISTS(409, 4409, false, "The channel exists and is configured otherwise"),
  CHANNEL_CLOSED(409, 1000, false, "The channel is closed: nothing will be appended any more"),
  CONTENT_TYPE_MISMATCH(409, 4409, false, "The content type is not the channel's"),
  SEQUENCE_CONFLICT(409, 4409, false, "The sequence number does not follow the last one"),
  SOURCE_DELETED(409, 4409, false, "The channel was deleted and is kept only for its forks"),
  KEPT_FOR_FORKS(
      410, 4410, false, "The channel was deleted; only its forks still have its messages"),
  OFFSET_GONE(410, 4410, true, "What comes after the offset is gone"),
  TOO_LARGE(413, 1009, false, "The message is larger than the limit"),
  RATE_LIMITED(429, 4429, true, "The publisher appends more often than it may"),
  TOO_MANY_FROM_ADDRESS(429, 4429, true, "The address has as many connections as it may"),
  TOO_MANY_FAILURES(429, 4429, true, "Too many requests from the address were refused"),
  TOO_MANY_CONNECTIONS(503, 1013, true, "The server has as many connections as it may"),
  CHANNEL_FULL(503, 1013, true, "As many listen to the channel as may"),
  WARMING_UP(503, 1013, true, "The server has just started and lets clients in by and by"),
  TOO_MANY_CHANNELS(507, 4507, true, "The server has as many channels as it may"),
  TOO_MANY_PRODUCERS(507, 4507, true, "The channel remembers as many producers as it may"),
  TOO_MANY_FORKS(507, 4507, true, "The channel has as many forks as it may"),
  TOO_MANY_DENIALS(507, 4507, true, "As many tokens and subjects are denied as may be"),
  STORE_FULL(507, 4507, true, "All channels together keep as much as they may"),
  REQUEST_BUFFER_FULL(
      503, 1013, true, "As much as may be is held for clients that are slow to send or to read"),
  STORE_UNAVAILABLE(503, 1013, true, "The store that keeps the channels cannot be reached"),
  KEYS_UNAVAILABLE(503, 1013, true, "The keys that tokens are checked with cannot be fetched"),
  OUTCOME_UNKNOWN(
      503, 1013, true, "Nobody knows whether it was appended; a producer may repeat it unchanged"),
  UNSUPPORTED_ENCODING(415, 4415, false, "A body that is compressed is not understood"),
  WRONG_HOST(421, 4421, false, "The Host is none of this server's names"),
  WRONG_ORIGIN(403, 4403, false, "Pages of this origin may not do that"),
  WRONG_DESTINATION(403, 4403, false, "A page cannot embed a channel, nor run it"),
  INTERNAL(500, 1011, true, "The server failed"),
  CONNECTION_LOST(408, 1001, true, "Nothing was heard from the peer"),
  BODY_TIMEOUT(408, 4408, true, "The body did not come in time"),
  TOO_SLOW(408, 1008, true, "The peer does not take what is written to it"),
  CHANNEL_DELETED(404, 4404, false, "The channel was deleted"),
  SERVER_STOPPING(503, 1001, true, "The server is stopping or the application is being replaced");

  private final int status;
  private final int closeCode;
  private final boolean retry;
  private final String title;

  Ending(int status, int closeCode, boolean retry, String title) {
    this.status = status;
    this.closeCode = closeCode;
    this.retry = retry;
    this.title = title;
  }

  /** The HTTP status of a request that ends so. */
  public int status() {
    return status;
  }

  /** The WebSocket close code of a connection that ends so. */
  public int closeCode() {
    return closeCode;
  }

  /** Whether the same request may succeed when the client simply comes again. */
  public boolean retry() {
    return retry;
  }

  /** One sentence for people, without a full stop. */
  public String title() {
    return title;
  }

  /** The stable name: {@code unknown-channel}. */
  public String slug() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The problem type (RFC 9457 §3.1.1): {@code urn:switchboard:problem:unknown-channel}. */
  public String type() {
    return "urn:switchboard:problem:" + slug();
  }
}
