package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import switchboard.channel.Transport;
import switchboard.transport.ReadRequest;

/** What request headers mean, however they are written (RFC 9110, RFC 7240). */
class HeadersTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/event-stream | EVENT_STREAM",
        "Text/Event-Stream | EVENT_STREAM",
        "text/event-stream;charset=utf-8 | EVENT_STREAM",
        "text/html, text/event-stream | EVENT_STREAM",
        "application/json, text/event-stream;q=0.1 | EVENT_STREAM",
        "text/event-stream;q=0.001 | EVENT_STREAM",
        "text/event-stream;q=0 | POLL",
        "text/event-stream; Q=0.000 | POLL",
        "text/event-stream;charset=utf-8;q=0, application/json | POLL",
        "application/json;x=\"a, text/event-stream\" | POLL",
        "*/* | POLL",
        "text/* | POLL",
        "image/png | POLL",
        ", | POLL",
      })
  void anEventStreamStartsWhereItIsNamedAndWanted(String accept, Transport transport) {
    assertEquals(
        transport, ReadRequest.transport(Query.parse(""), Map.of("Accept", accept)::get), accept);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "wait=2 | 2",
        "WAIT=2 | 2",
        "Wait = \"2\" | 2",
        "wait=\"\\2\" | 2",
        "respond-async, wait=2 | 2",
        "respond-async; foo=\"a,b;wait=3\", wait=2 | 2",
        "respond-async; wait=3 | -1",
        "wait=2, wait=3 | 2",
        "wait=2; foo=bar | 2",
        "wait, wait=3 | -1",
        "wait=\"\", wait=3 | -1",
        "waiting=3 | -1",
        ", | -1",
      })
  void thePreferenceToWaitIsTheFirstOfThatName(String prefer, int seconds) {
    assertEquals(seconds, Prefer.waitSeconds(prefer), prefer);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "text/event-stream | no-cache | true",
        "text/event-stream | max-age=0, No-Cache | true",
        "text/event-stream | - | false", // curl, fetch
        "text/event-stream, application/problem+json | no-cache | false", // switchboard.js
        "text/event-stream, */* | no-cache | false",
        "text/event-stream;q=0 | no-cache | false",
        "*/* | no-cache | false",
        "- | no-cache | false", // clients of the Durable Streams protocol
      })
  void anEventSourceIsKnownByWhatItSends(String accept, String cacheControl, boolean is) {
    assertEquals(
        is,
        Headers.isEventSource(name -> name.equals("Accept") ? accept : cacheControl),
        accept + " " + cacheControl);
  }
}
