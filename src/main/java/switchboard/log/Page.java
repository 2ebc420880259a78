package switchboard.log;

/**
 * How much one read returns at most. At least one message is always returned.
 *
 * @param maxMessages at most this many messages
 * @param maxBytes no further message once this many bytes are exceeded
 */
public record Page(int maxMessages, int maxBytes) {}
