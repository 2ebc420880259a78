package switchboard.publish;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.http.Headers;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;
import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Offset;
import switchboard.log.Producer;

/**
 * The headers of an append, and the response to it (Durable Streams PROTOCOL.md §5.2).
 *
 * @param producer makes a retry safe; {@code null} for none
 * @param seq the writer's own ordering token; {@code null} for none
 * @param close whether the channel is closed after the append
 */
public record AppendRequest(@Nullable Producer producer, @Nullable String seq, boolean close) {

  /** Maximum length of {@code Stream-Seq} and {@code Producer-Id}, because they are stored. */
  private static final int MAX_LENGTH = 255;

  public static AppendRequest parse(UnaryOperator<String> header) {
    boolean close = isTrue(header.apply(Headers.CLOSED));
    String seq = requireShort(Headers.SEQ, header.apply(Headers.SEQ));
    return new AppendRequest(producer(header), seq, close);
  }

  private static @Nullable String requireShort(String header, @Nullable String value) {
    if (value != null && value.length() > MAX_LENGTH) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "%s \"%s…\": it has %d characters, %d are allowed"
              .formatted(header, value.substring(0, 40), value.length(), MAX_LENGTH));
    }
    return value;
  }

  /** Refuses an encoded (compressed) body. */
  public static void requirePlain(UnaryOperator<String> header) {
    String encoding = header.apply("Content-Encoding");
    if (!Headers.list(encoding).stream().allMatch("identity"::equalsIgnoreCase)) {
      throw new Problem(
          Ending.UNSUPPORTED_ENCODING,
          "Content-Encoding \"%s\": send the body uncompressed".formatted(encoding));
    }
  }

  /** The messages in the body. */
  static List<byte[]> messages(ContentType type, byte[] body) {
    return Problem.orElse(Ending.BAD_MESSAGE, () -> Messages.parse(type, body));
  }

  /** The content type of the body; {@code null} if the header is missing. */
  static @Nullable ContentType contentType(@Nullable String written) {
    return written == null
        ? null
        : Problem.orElse(Ending.BAD_PARAMETER, () -> new ContentType(written));
  }

  /** PROTOCOL.md §4.1: any other value counts as missing. */
  static boolean isTrue(@Nullable String value) {
    return Headers.TRUE.equalsIgnoreCase(value);
  }

  private static @Nullable Producer producer(UnaryOperator<String> header) {
    String id = requireShort(Headers.PRODUCER_ID, header.apply(Headers.PRODUCER_ID));
    String epoch = header.apply(Headers.PRODUCER_EPOCH);
    String seq = header.apply(Headers.PRODUCER_SEQ);
    if (id == null && epoch == null && seq == null) {
      return null;
    }
    if (id == null || epoch == null || seq == null) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "Producer-Id \"%s\", Producer-Epoch \"%s\", Producer-Seq \"%s\": send all three or none"
              .formatted(id, epoch, seq));
    }
    if (id.isEmpty()) {
      throw new Problem(Ending.BAD_PARAMETER, "Producer-Id \"\": it is empty");
    }
    return new Producer(
        id, integer(Headers.PRODUCER_EPOCH, epoch), integer(Headers.PRODUCER_SEQ, seq));
  }

  private static long integer(String header, String written) {
    if (written.matches("[0-9]{1,16}") && Long.parseLong(written) <= Producer.MAX) {
      return Long.parseLong(written);
    }
    throw new Problem(
        Ending.BAD_PARAMETER,
        "%s \"%s\": not a whole number from 0 to 2^53 - 1".formatted(header, written));
  }

  Append append(List<byte[]> messages) {
    return new Append(messages, producer, seq, close);
  }

  /**
   * The response to an append.
   *
   * @param isEmpty whether the request only closed the channel
   */
  HttpAnswer answer(Appended appended, boolean isEmpty) {
    if (appended instanceof Appended.Accepted accepted) {
      // 200 tells a producer "new messages", 204 "known already" (PROTOCOL.md §5.2.1, §5.3).
      boolean tellsNew = producer != null && !isEmpty;
      long highestSeq = producer == null ? 0 : producer.seq();
      return answer(tellsNew ? 200 : 204, accepted.next(), accepted.closed(), highestSeq);
    }
    if (appended instanceof Appended.Duplicate duplicate) {
      return answer(204, duplicate.next(), duplicate.closed(), duplicate.highestSeq());
    }
    throw refusal(appended);
  }

  private HttpAnswer answer(int status, Offset next, boolean closed, long highestSeq) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(Headers.NEXT_OFFSET, next.toString());
    if (closed) {
      headers.put(Headers.CLOSED, Headers.TRUE);
    }
    if (producer != null) {
      headers.put(Headers.PRODUCER_EPOCH, Long.toString(producer.epoch()));
      headers.put(Headers.PRODUCER_SEQ, Long.toString(highestSeq));
    }
    return new HttpAnswer(status, headers, null);
  }

  /** Why nothing was appended. */
  public static Problem refusal(Appended appended) {
    if (appended instanceof Appended.LogClosed closed) {
      return new Problem(Ending.CHANNEL_CLOSED, "closed at offset " + closed.end())
          .with(Headers.CLOSED, Headers.TRUE)
          .with(Headers.NEXT_OFFSET, closed.end());
    }
    if (appended instanceof Appended.StaleEpoch stale) {
      return new Problem(
              Ending.PRODUCER_FENCED, "the producer's epoch is now " + stale.currentEpoch())
          .with(Headers.PRODUCER_EPOCH, stale.currentEpoch());
    }
    if (appended instanceof Appended.EpochNotAtZero start) {
      return new Problem(
          Ending.BAD_PARAMETER,
          "Producer-Seq \"%d\": a new epoch must start at 0".formatted(start.receivedSeq()));
    }
    if (appended instanceof Appended.ProducerGap gap) {
      return new Problem(
              Ending.SEQUENCE_CONFLICT,
              "Producer-Seq \"%d\": %d is expected".formatted(gap.receivedSeq(), gap.expectedSeq()))
          .with(Headers.EXPECTED_SEQ, gap.expectedSeq())
          .with(Headers.RECEIVED_SEQ, gap.receivedSeq());
    }
    if (appended instanceof Appended.Full full) {
      return new Problem(
          Ending.STORE_FULL,
          "all channels together may use %d bytes of memory".formatted(full.maxBytes()));
    }
    if (appended instanceof Appended.TooManyProducers many) {
      return new Problem(
          Ending.TOO_MANY_PRODUCERS,
          "the channel remembers %d producers, the limit".formatted(many.max()));
    }
    if (appended instanceof Appended.Gone) {
      return new Problem(Ending.UNKNOWN_CHANNEL, "the channel was deleted");
    }
    if (appended instanceof Appended.Unknown) {
      return new Problem(Ending.OUTCOME_UNKNOWN, "the store did not confirm the append");
    }
    String lastSeq = ((Appended.SeqRegression) appended).lastSeq();
    return new Problem(
        Ending.SEQUENCE_CONFLICT, "Stream-Seq must be greater than \"%s\"".formatted(lastSeq));
  }
}
