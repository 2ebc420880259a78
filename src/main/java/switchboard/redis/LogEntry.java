package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A message as the list in Redis has it: {@code millis:bytes}.
 *
 * @param millis when it was appended, by the clock of that Redis
 */
record LogEntry(long millis, byte[] message) {

  static LogEntry parse(byte[] text) {
    int colon = 0;
    while (text[colon] != ':') {
      colon++;
    }
    long millis = Long.parseLong(new String(text, 0, colon, StandardCharsets.US_ASCII));
    return new LogEntry(millis, Arrays.copyOfRange(text, colon + 1, text.length));
  }
}
