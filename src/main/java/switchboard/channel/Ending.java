package switchboard.channel;

import java.util.Locale;

/**
 * Every way a request or a connection ends other than well: one row of {@code
 * docs/reference/endings.md} each. The same ending has an HTTP status where a request fails, a
 * close code where a WebSocket does, and one problem type everywhere.
 *
 * <p>Close codes: 1000 to 1015 as in RFC 6455 §7.4.1; 4000 + the HTTP status where the registered
 * ones say nothing.
 */
public enum Ending {
  BAD_NAME(400, 4400, false, "The channel name is not allowed"),
  BAD_PATH(400, 4400, false, "The path is not valid"),
  BAD_OFFSET(400, 4400, false, "The offset is malformed"),
  BAD_PARAMETER(400, 4400, false, "A query parameter or header has an invalid value"),
  BAD_MESSAGE(400, 4400, false, "The message is malformed"),
  BAD_COMMAND(400, 4400, false, "The frame is not a command of the subprotocol"),
  BINARY_FRAME(400, 1003, false, "Binary frames are not supported"),
  BAD_UPGRADE(400, 1002, false, "The request is not a WebSocket handshake"),
  UPGRADE_VERSION(426, 4426, false, "The WebSocket version is not 13"),
  TOKEN_IN_URL(400, 4400, false, "Tokens are not allowed in URLs"),
  UNAUTHORIZED(401, 4401, false, "A token is required"),
  INVALID_TOKEN(401, 4401, false, "The token is not valid"),
  TOKEN_EXPIRED(401, 4401, false, "The token has expired"),
  TOKEN_DENIED(401, 4401, false, "The token or its subject is on the deny list"),
  FORBIDDEN(403, 4403, false, "The client is not allowed to do this"),
  NOT_SECURE(403, 4403, false, "A token cookie requires HTTPS"),
  EMPTY_BODY(400, 4400, false, "The request contains no message to append"),
  PRODUCER_FENCED(403, 4403, false, "A newer epoch of this producer is active"),
  BAD_FORK(400, 4400, false, "The source cannot be forked at this position"),
  UNKNOWN_CHANNEL(404, 4404, false, "The channel does not exist"),
  LAB_OFF(404, 4404, false, "The lab is turned off"),
  METHOD_NOT_ALLOWED(405, 4405, false, "The resource does not support this method"),
  HEADERS_TOO_LARGE(431, 4431, false, "The request headers exceed the size limit"),
  QUERY_TOO_LONG(414, 4414, false, "The query string exceeds the length limit"),
  TOO_MANY_SUBSCRIPTIONS(400, 4400, false, "Too many channels for one connection"),
  CHANNEL_EXISTS(409, 4409, false, "The channel exists with a different configuration"),
  CHANNEL_CLOSED(409, 1000, false, "The channel is closed and accepts no more messages"),
  CONTENT_TYPE_MISMATCH(409, 4409, false, "The content type differs from the channel's"),
  SEQUENCE_CONFLICT(409, 4409, false, "The sequence number is out of order"),
  SOURCE_DELETED(409, 4409, false, "The channel was deleted and is kept only for its forks"),
  KEPT_FOR_FORKS(
      410, 4410, false, "The channel was deleted; only its forks still have its messages"),
  OFFSET_GONE(410, 4410, true, "Messages after the offset are no longer available"),
  TOO_LARGE(413, 1009, false, "The message exceeds the size limit"),
  RATE_LIMITED(429, 4429, true, "Too many appends from this address"),
  TOO_MANY_FROM_ADDRESS(429, 4429, true, "Too many connections from this address"),
  TOO_MANY_FAILURES(429, 4429, true, "Too many refused requests from this address"),
  TOO_MANY_CONNECTIONS(503, 1013, true, "The server has reached its connection limit"),
  CHANNEL_FULL(503, 1013, true, "The channel has reached its subscriber limit"),
  WARMING_UP(503, 1013, true, "The server has just started and limits new connections"),
  TOO_MANY_CHANNELS(507, 4507, true, "The server has reached its channel limit"),
  TOO_MANY_PRODUCERS(507, 4507, true, "The channel has reached its producer limit"),
  TOO_MANY_FORKS(507, 4507, true, "The channel has reached its fork limit"),
  TOO_MANY_DENIALS(507, 4507, true, "The deny list is full"),
  STORE_FULL(507, 4507, true, "The memory limit for all channels is reached"),
  REQUEST_BUFFER_FULL(503, 1013, true, "The memory for slow clients is full"),
  STORE_UNAVAILABLE(503, 1013, true, "The store that keeps the channels is not available"),
  KEYS_UNAVAILABLE(503, 1013, true, "The keys that verify tokens cannot be fetched"),
  OUTCOME_UNKNOWN(
      503,
      1013,
      true,
      "It is not known whether the message was appended; a producer may retry it unchanged"),
  UNSUPPORTED_ENCODING(415, 4415, false, "Compressed bodies are not supported"),
  WRONG_HOST(421, 4421, false, "The Host header is not a name of this server"),
  WRONG_ORIGIN(403, 4403, false, "Requests from this origin are not allowed"),
  WRONG_DESTINATION(403, 4403, false, "A page cannot embed a channel or run it as a script"),
  INTERNAL(500, 1011, true, "An internal error occurred"),
  CONNECTION_LOST(408, 1001, true, "The client stopped responding"),
  BODY_TIMEOUT(408, 4408, true, "The request body did not arrive in time"),
  TOO_SLOW(408, 1008, true, "The client did not read in time"),
  CHANNEL_DELETED(404, 4404, false, "The channel was deleted"),
  SERVER_STOPPING(503, 1001, true, "The server is stopping or the application is being redeployed");

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

  /** Whether the same request may succeed later. */
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
