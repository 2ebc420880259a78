package switchboard.transport;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.time.InstantSource;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Transport;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Reading;
import switchboard.log.UpToDate;

/**
 * What a poll and a long poll answer: one reading as one HTTP response (Durable Streams PROTOCOL.md
 * §5.6, §5.7).
 */
record PollAnswer(ReadRequest request, InstantSource clock) {

  /**
   * The answer.
   *
   * @param ifNoneMatch the request's header, or {@code null}
   */
  Response to(Reading reading, String ifNoneMatch) {
    if (reading instanceof Batch batch) {
      return messages(batch, ifNoneMatch);
    }
    if (reading instanceof UpToDate upToDate) {
      return nothing(upToDate, ifNoneMatch);
    }
    throw gone((Gap) reading);
  }

  static Problem gone(Gap gap) {
    String why =
        gap.reason() == Gap.Reason.TRIMMED
            ? gap.missed() + " messages after this offset are no longer kept"
            : "the channel started anew since this offset was given";
    return new Problem(Ending.OFFSET_GONE, why + "; read on at " + gap.earliest()).gap(gap);
  }

  private Response messages(Batch batch, String ifNoneMatch) {
    boolean upToDate = !batch.more();
    String etag = etag(batch.from(), batch.next(), batch.closed());
    if (matches(ifNoneMatch, etag)) {
      return headers(Response.notModified(), batch.next(), upToDate, batch.closed(), etag);
    }
    byte[] body = batch.as(new Wire.Body(kind()));
    return headers(ok(body), batch.next(), upToDate, batch.closed(), etag);
  }

  private Response nothing(UpToDate at, String ifNoneMatch) {
    String etag = request.fromNow() ? null : etag(at.next(), at.next(), at.closed());
    if (isLive()) {
      return headers(Response.noContent(), at.next(), true, at.closed(), null);
    }
    if (matches(ifNoneMatch, etag)) {
      return headers(Response.notModified(), at.next(), true, at.closed(), etag);
    }
    return headers(ok(Wire.emptyBody(kind())), at.next(), true, at.closed(), etag);
  }

  private Response.ResponseBuilder ok(byte[] body) {
    return Response.ok(body)
        .header(HttpHeaders.CONTENT_TYPE, request.channel().contentType().value());
  }

  private Response headers(
      Response.ResponseBuilder response,
      Offset next,
      boolean upToDate,
      boolean closed,
      String etag) {
    response.header(Headers.NEXT_OFFSET, next);
    if (upToDate) {
      response.header(Headers.UP_TO_DATE, Headers.TRUE);
    }
    if (closed) {
      response.header(Headers.CLOSED, Headers.TRUE);
    }
    if (isLive()) {
      response.header(Headers.CURSOR, Cursor.next(request.cursor(), clock.millis()));
    }
    if (etag != null) {
      response.header(HttpHeaders.ETAG, etag);
    }
    if (request.waitSeconds() >= 0) {
      response.header("Preference-Applied", "wait=" + request.waitSeconds());
    }
    // What is at the end changes with the next append: whoever keeps it must ask again, and the
    // ETag makes that cheap. A held answer is for the one who waited.
    boolean forOne = isLive() || request.fromNow();
    return response.header(HttpHeaders.CACHE_CONTROL, forOne ? "no-store" : "no-cache").build();
  }

  private static String etag(Offset from, Offset next, boolean closed) {
    return "\"%s:%s%s\"".formatted(from, next, closed ? ":c" : "");
  }

  // RFC 9110 §13.1.2: weak comparison, a list, or "*".
  private static boolean matches(String ifNoneMatch, String etag) {
    if (ifNoneMatch == null || etag == null) {
      return false;
    }
    for (String tag : ifNoneMatch.split(",")) {
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

  private ContentType.Kind kind() {
    return request.channel().contentType().kind();
  }
}
