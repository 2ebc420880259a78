package switchboard.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What {@code store.lua} publishes: {@code M:epoch:start:closed:millis:size,size;bytes} for an
 * append, {@code D:id} for a deletion.
 *
 * @param id that of the deleted channel; {@code null} for an append
 */
record AppendNotice(
    String id, long epoch, long start, boolean closes, long millis, List<byte[]> messages) {

  static AppendNotice parse(byte[] bytes) {
    if (bytes[0] == 'D') {
      String id = new String(bytes, 2, bytes.length - 2, StandardCharsets.UTF_8);
      return new AppendNotice(id, 0, 0, false, 0, List.of());
    }
    int semicolon = 0;
    while (bytes[semicolon] != ';') {
      semicolon++;
    }
    String[] head = new String(bytes, 0, semicolon, StandardCharsets.US_ASCII).split(":", -1);
    List<byte[]> messages = new ArrayList<>();
    int at = semicolon + 1;
    for (String size : head[5].isEmpty() ? new String[0] : head[5].split(",")) {
      int end = at + Integer.parseInt(size);
      messages.add(Arrays.copyOfRange(bytes, at, end));
      at = end;
    }
    return new AppendNotice(
        null,
        Long.parseLong(head[1]),
        Long.parseLong(head[2]),
        head[3].equals("1"),
        Long.parseLong(head[4]),
        messages);
  }

  boolean isDeletion() {
    return id != null;
  }

  long end() {
    return start + messages.size();
  }
}
