package switchboard.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** What the scripts answer about a channel that is there. */
final class Replies {

  private Replies() {}

  /**
   * A channel of this id and epoch, with its messages up to {@code head} and after {@code tail}.
   *
   * @param before the epochs before, as {@code epoch:end,…}
   */
  static ScriptReply head(String id, long epoch, long head, long tail, String before) {
    return ScriptReply.parse(parts(id, epoch, head, tail, before));
  }

  /** The same with its messages from {@code from} on. */
  static ScriptReply messages(String id, long epoch, int head, int from, String before) {
    List<byte[]> parts = parts(id, epoch, head, 0, before);
    parts.add(bytes(from));
    IntStream.range(from, head).forEach(i -> parts.add(bytes("1:" + i)));
    return ScriptReply.parse(parts);
  }

  private static List<byte[]> parts(String id, long epoch, long head, long tail, String before) {
    List<byte[]> parts = new ArrayList<>();
    for (Object part :
        List.of(
            "there",
            id,
            epoch,
            head,
            tail,
            "0",
            "application/json",
            "",
            "",
            "",
            "",
            epoch + ":0",
            before,
            1)) {
      parts.add(bytes(part));
    }
    return parts;
  }

  private static byte[] bytes(Object part) {
    return part.toString().getBytes(UTF_8);
  }
}
