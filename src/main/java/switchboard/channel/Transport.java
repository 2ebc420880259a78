package switchboard.channel;

/** The four ways a message reaches a client. */
public enum Transport {
  POLL,
  LONG_POLL,
  EVENT_STREAM,
  WEBSOCKET;

  /** As a JSON key: {@code longPoll}. */
  public String key() {
    return switch (this) {
      case POLL -> "poll";
      case LONG_POLL -> "longPoll";
      case EVENT_STREAM -> "eventStream";
      case WEBSOCKET -> "webSocket";
    };
  }
}
