package switchboard.channel;

/** The four ways a message reaches a client. */
public enum Transport {
  POLL,
  LONG_POLL,
  EVENT_STREAM,
  WEBSOCKET;

  /** As people write it: {@code long poll}. */
  public String label() {
    return this == WEBSOCKET
        ? "WebSocket"
        : name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }

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
