package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import switchboard.channel.ChannelName;
import switchboard.channel.ContentType.Kind;
import switchboard.log.Append;
import switchboard.log.Batch;
import switchboard.log.Gap;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.log.RingLog;

class WireTest {

  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean(); // of the JDK, which counts bytes

  private static Batch batch(String... messages) {
    return page(100, messages);
  }

  private static Batch page(int size, String... messages) {
    RingLog log = new RingLog(1, new Retention(100, 10_000, Duration.ZERO), new Page(size, 10_000));
    log.append(Append.of(List.of(messages).stream().map(m -> m.getBytes(UTF_8)).toList()), 0);
    return (Batch) log.readAfter(log.earliest());
  }

  private static String events(Kind kind, String... messages) {
    return new String(batch(messages).encoded(new Wire.Events(kind, "9")), UTF_8);
  }

  @Test
  void aFrameOfOneMessageIsSmall() {
    String frame = batch("x".repeat(126), "").encoded(new Wire.Frame(Kind.JSON, null)).text();
    assertEquals(
        "{\"next\":\"00000001_000000002\",\"messages\":[" + "x".repeat(126) + ",]}", frame);
    String message = "\"" + "x".repeat(126) + "\"";
    assertTrue(batch(message).encoded(new Wire.Frame(Kind.JSON, null)).bytes().length <= 180);
  }

  @Test
  void textOfLineBreaksOnlyIsEncodedInAFewTimesWhatItBecomes() {
    byte[] breaks = "\n".repeat(1 << 20).getBytes(UTF_8);
    Batch batch = new Batch(new Offset(1, 0), new Offset(1, 1), List.of(breaks), false, false);
    int size = new Wire.Events(Kind.TEXT, "9").encode(batch).length; // what it loads is there
    long before = THREADS.getCurrentThreadAllocatedBytes();
    new Wire.Events(Kind.TEXT, "9").encode(batch);
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 5L * size, allocated + " bytes for " + size);
  }

  @Test
  void amongSeveralChannelsAFrameSaysWhoseItIs() {
    ChannelName name = new ChannelName("a");
    assertEquals(
        "{\"channel\":\"a\",\"next\":\"00000001_000000001\",\"messages\":[1]}",
        batch("1").encoded(new Wire.Frame(Kind.JSON, name)).text());
    assertEquals(
        "{\"channel\":\"a\",\"next\":\"00000001_000000001\",\"closed\":true}",
        Wire.closedFrame(name, new Offset(1, 1)));
  }

  @Test
  void aPageSaysThatThereIsMore() {
    String frame = page(1, "1", "2").encoded(new Wire.Frame(Kind.JSON, null)).text();
    assertEquals("{\"next\":\"00000001_000000001\",\"messages\":[1],\"more\":true}", frame);
  }

  @Test
  void anEventCarriesItsOffsetTwiceSoThatACutInBetweenRepeatsNothing() {
    assertEquals(
        "event: data\ndata:[1,2]\nid: 00000001_000000002\n\n"
            + "event: control\ndata:{\"streamNextOffset\":\"00000001_000000002\","
            + "\"streamCursor\":\"9\",\"upToDate\":true}\nid: 00000001_000000002\n\n",
        events(Kind.JSON, "1", "2"));
  }

  @Test
  void textCannotForgeAnEvent() {
    String events = events(Kind.TEXT, "a\n\nevent: control\ndata: x\r\rid: 1\r\n");
    assertTrue(
        events.startsWith(
            "event: data\ndata:a\ndata:\ndata:event: control\ndata:data: x\ndata:\ndata:id: 1\n"
                + "data:\nid: 00000001"),
        events);
  }

  @Test
  void aLineKeepsItsFirstSpace() {
    assertTrue(events(Kind.TEXT, " a").contains("data:  a\n"));
  }

  @Test
  void bytesTravelAsBase64() {
    assertTrue(events(Kind.BINARY, "ab", "c").contains("data:YWJj\n"));
    assertEquals(
        "{\"next\":\"00000001_000000001\",\"data\":\"YWJj\"}",
        batch("abc").encoded(new Wire.Frame(Kind.BINARY, null)).text());
  }

  @Test
  void bodiesAreAnArrayForJsonAndTheBytesOtherwise() {
    assertEquals(
        "[1,{\"a\":2}]",
        new String(batch("1", "{\"a\":2}").encoded(new Wire.Body(Kind.JSON)), UTF_8));
    assertEquals("ab", new String(batch("a", "b").encoded(new Wire.Body(Kind.TEXT)), UTF_8));
  }

  @Test
  void aGapIsOneMeaningInEachEncoding() {
    Gap gap = new Gap(Gap.Reason.TRIMMED, new Offset(1, 5), 5);
    assertEquals(
        "{\"next\":\"00000001_000000005\",\"reset\":{\"reason\":\"trimmed\",\"missed\":5}}",
        Wire.resetFrame(null, gap));
    assertEquals(
        "event: reset\ndata:{\"streamNextOffset\":\"00000001_000000005\","
            + "\"reset\":{\"reason\":\"trimmed\",\"missed\":5}}\nid: 00000001_000000005\n\n",
        new String(Wire.resetEvent(gap), UTF_8));
  }
}
