package switchboard.transport;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import switchboard.channel.ChannelName;
import switchboard.channel.Counters;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.http.Headers;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.UpToDate;
import switchboard.time.Clocks;

/**
 * The response to a poll and a long poll (Durable Streams PROTOCOL.md §5.6, §5.7). For several
 * channels it is an array with a frame for each channel with messages or a notice.
 *
 * @param maxBytes maximum bytes of messages of several channels in one response, unless the first
 *     page is larger
 */
record PollAnswer(ReadRequest request, int maxBytes, Clocks clocks, Counters counters) {

  /**
   * What was read from each place, and whether that is worth an answer.
   *
   * @param isWhole no channel had to wait for the next answer
   */
  record Found(List<Reading> readings, boolean isWhole) {

    /** Something to tell; a channel that was closed long ago does not count among others. */
    boolean isNews() {
      return readings.stream().anyMatch(reading -> !(reading instanceof UpToDate)) || isClosed();
    }

    boolean isUpToDate() {
      return isWhole
          && readings.stream()
              .allMatch(r -> r instanceof UpToDate || r instanceof Batch batch && !batch.more());
    }

    boolean isClosed() {
      return readings.stream()
          .allMatch(
              r ->
                  r instanceof UpToDate at && at.closed()
                      || r instanceof Batch batch && batch.closed());
    }
  }

  /** What is there when the request comes. */
  Found now() {
    return found(ReadPosition::read);
  }

  /** What is there after a wait. */
  Found afterWait() {
    return found(place -> place.channel().readAfter(place.from()));
  }

  // A page of each of 128 channels would be 32 MiB, and with large messages more. So what does not
  // fit waits for the next request, which finds its offset unchanged. Each time another channel
  // comes first: one that always has a page would keep out the others.
  private Found found(Function<ReadPosition, Reading> read) {
    int count = request.places().size();
    int first = ThreadLocalRandom.current().nextInt(count);
    Reading[] readings = new Reading[count];
    long bytes = 0;
    boolean isWhole = true;
    for (int i = first; i < first + count; i++) {
      ReadPosition place = request.places().get(i % count);
      Reading reading = bytes < maxBytes ? read.apply(place) : null;
      int more = reading instanceof Batch batch ? batch.sizeBytes() : 0;
      if (reading == null || bytes > 0 && bytes + more > maxBytes) {
        reading = new UpToDate(place.from(), false);
        isWhole = false;
      } else {
        bytes += more;
      }
      readings[i % count] = reading;
    }
    return new Found(List.of(readings), isWhole);
  }

  /**
   * The response. It is marked as up to date only if that is known.
   *
   * @param hasNews whether there is something to tell
   * @param ifNoneMatch the request's header, or {@code null}
   */
  HttpAnswer to(Found found, boolean hasNews, String ifNoneMatch) {
    if (!found.isNews()) {
      requireCurrent();
    }
    String next = next(found);
    boolean isEnd = !request.isMany() && found.readings().get(0) instanceof UpToDate;
    if (isLive() && (isEnd || !hasNews)) {
      return headers(204, null, null, found, next, null);
    }
    String etag = request.place().fromNow() ? null : etag(next, found.isClosed());
    if (matches(ifNoneMatch, etag)) {
      return headers(304, null, null, found, next, etag);
    }
    found.readings().forEach(this::count);
    byte[] body = request.isMany() ? frames(found) : messages(found);
    String type =
        request.isMany() ? "application/json" : request.place().channel().contentType().value();
    return headers(200, type, body, found, next, etag);
  }

  /** Throws a problem if it is not known whether there are new messages. */
  void requireCurrent() {
    request.places().forEach(ReadPosition::requireCurrent);
  }

  private boolean isCurrent() {
    return request.places().stream().allMatch(ReadPosition::isCurrent);
  }

  private void count(Reading reading) {
    if (reading instanceof Batch batch) {
      counters.sent(request.transport(), batch);
    } else if (reading instanceof Gap gap) {
      counters.told(gap);
    }
  }

  private String next(Found found) {
    return ReadRequest.combined(found.readings().stream().map(ReadPosition::next).toList());
  }

  private byte[] messages(Found found) {
    ReadPosition place = request.place();
    Reading reading = found.readings().get(0);
    if (reading instanceof Gap gap) {
      throw gone(gap);
    }
    return reading instanceof Batch batch
        ? batch.encoded(new Wire.Body(place.kind()))
        : Wire.emptyBody(place.kind());
  }

  /** The response for a gap, to clients that understand only a status. */
  static Problem gone(Gap gap) {
    String why =
        gap.reason() == Gap.Reason.TRIMMED
            ? gap.missed() + " messages after this offset are no longer kept"
            : "the channel was recreated after this offset was given";
    return new Problem(Ending.OFFSET_GONE, why + "; continue at " + gap.earliest()).gap(gap);
  }

  private byte[] frames(Found found) {
    List<ByteBuffer> parts = new ArrayList<>();
    for (int i = 0; i < found.readings().size(); i++) {
      addFrames(request.places().get(i), found.readings().get(i), parts);
    }
    parts.add(Wire.buffer(parts.isEmpty() ? "[]" : "]"));
    return Wire.join(parts);
  }

  private static void addFrames(ReadPosition place, Reading reading, List<ByteBuffer> parts) {
    ChannelName name = place.channel().name();
    if (reading instanceof Batch batch) {
      add(batch.encoded(new Wire.Frame(place.kind(), name)).payload(), parts);
      if (batch.closed()) {
        // Only in this response: for the next long poll a closed channel is not new.
        add(Wire.buffer(Wire.closedFrame(name, batch.next())), parts);
      }
    } else if (reading instanceof Gap gap) {
      add(Wire.buffer(Wire.resetFrame(name, gap)), parts);
    } else if (reading instanceof UpToDate at && at.closed()) {
      add(Wire.buffer(Wire.closedFrame(name, at.next())), parts);
    }
  }

  private static void add(ByteBuffer frame, List<ByteBuffer> parts) {
    parts.add(Wire.buffer(parts.isEmpty() ? "[" : ","));
    parts.add(frame);
  }

  private HttpAnswer headers(
      int status, String type, byte[] body, Found found, String next, String etag) {
    Map<String, String> headers = new LinkedHashMap<>();
    if (type != null) {
      headers.put("Content-Type", type);
      if (!request.isMany() && !request.place().channel().contentType().isShownAsText()) {
        headers.put(Headers.DISPOSITION, Headers.ATTACHMENT);
      }
    }
    headers.put(Headers.NEXT_OFFSET, next);
    if (found.isUpToDate() && isCurrent()) {
      headers.put(Headers.UP_TO_DATE, Headers.TRUE);
    }
    if (found.isClosed()) {
      headers.put(Headers.CLOSED, Headers.TRUE);
    }
    if (isLive()) {
      headers.put(Headers.CURSOR, Cursor.next(request.cursor(), clocks.wall().millis()));
    }
    if (etag != null) {
      headers.put("ETag", etag);
    }
    if (request.waitSeconds() >= 0) {
      headers.put("Preference-Applied", "wait=" + request.waitSeconds());
    }
    // The response at the end changes with the next append: a cache must revalidate it, which
    // is cheap with the ETag. A response to a long poll is only for its client.
    boolean forOne = isLive() || request.place().fromNow();
    boolean isForEverybody = request.guard().caller().isAnonymous();
    String kept = isForEverybody ? "no-cache" : "private, no-cache";
    headers.put("Cache-Control", forOne ? "no-store" : kept);
    return new HttpAnswer(status, headers, body);
  }

  private String etag(String next, boolean closed) {
    List<Offset> from = request.places().stream().map(ReadPosition::from).toList();
    return "\"%s:%s%s\"".formatted(ReadRequest.combined(from), next, closed ? ":c" : "");
  }

  // RFC 9110 §13.1.2: weak comparison, a list, or "*".
  private static boolean matches(String ifNoneMatch, String etag) {
    if (ifNoneMatch == null || etag == null) {
      return false;
    }
    for (String tag : Headers.list(ifNoneMatch)) {
      String strong = tag.strip().startsWith("W/") ? tag.strip().substring(2) : tag.strip();
      if (strong.equals("*") || strong.equals(etag)) {
        return true;
      }
    }
    return false;
  }

  private boolean isLive() {
    return request.transport() == Transport.LONG_POLL;
  }
}
