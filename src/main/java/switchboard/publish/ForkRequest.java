package switchboard.publish;

import java.net.URI;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import switchboard.channel.ChannelName;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.http.Headers;
import switchboard.http.Problem;
import switchboard.log.Offset;

/** The headers that create a channel as a fork of another one (Durable Streams §4.2). */
public final class ForkRequest {

  private ForkRequest() {}

  /**
   * The position of the fork; {@code null} without such headers.
   *
   * @param basePath the path of all channels, which the source's path starts with
   */
  public static @Nullable Fork parse(UnaryOperator<String> header, String basePath) {
    String from = header.apply(Headers.FORKED_FROM);
    String at = header.apply(Headers.FORK_OFFSET);
    String subOffset = header.apply(Headers.FORK_SUB_OFFSET);
    if (from == null) {
      if (at != null || subOffset != null) {
        throw new Problem(
            Ending.BAD_FORK,
            "%s \"%s\", %s \"%s\": %s is missing"
                .formatted(
                    Headers.FORK_OFFSET,
                    at,
                    Headers.FORK_SUB_OFFSET,
                    subOffset,
                    Headers.FORKED_FROM));
      }
      return null;
    }
    Offset offset = at == null ? null : offset(at);
    int count = count(subOffset);
    if (count > 0 && at == null) {
      throw new Problem(
          Ending.BAD_FORK,
          "%s \"%s\": it is relative to %s, which is missing"
              .formatted(Headers.FORK_SUB_OFFSET, subOffset, Headers.FORK_OFFSET));
    }
    return new Fork(source(from, basePath), offset, count);
  }

  private static Offset offset(String at) {
    // The conformance suite writes the beginning like its reference server: zeros, more than an
    // offset has here. No other offset consists of zeros, so this is unambiguous.
    if (at.equals("-1") || at.matches("0{1,32}_0{1,32}")) {
      return Offset.BEGINNING;
    }
    return Problem.orElse(Ending.BAD_OFFSET, () -> Offset.parse(at));
  }

  private static ChannelName source(String from, String basePath) {
    String path = Problem.orElse(Ending.BAD_FORK, () -> URI.create(from).getPath());
    if (path == null || !path.startsWith(basePath)) {
      throw new Problem(
          Ending.BAD_FORK,
          "%s \"%s\": not the path of a channel, %s{name}"
              .formatted(Headers.FORKED_FROM, from, basePath));
    }
    return Problem.orElse(
        Ending.BAD_NAME, () -> new ChannelName(path.substring(basePath.length())));
  }

  private static int count(String subOffset) {
    if (subOffset == null) {
      return 0;
    }
    if (!subOffset.matches("0|[1-9][0-9]{0,8}")) {
      throw new Problem(
          Ending.BAD_FORK,
          "%s \"%s\": not a whole number without sign or leading zeros"
              .formatted(Headers.FORK_SUB_OFFSET, subOffset));
    }
    return Integer.parseInt(subOffset);
  }
}
