package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/**
 * What every transport promises. Each supplies its client, and nothing else; the names of the tests
 * are the specification.
 */
@Tag("quick")
@Tag("adapters")
abstract class TransportContract extends ServerTest {

  /** How many messages the server under test keeps; see the settings in pom.xml. */
  private static final int CAPACITY = 1_000;

  private static final String INTERNAL = "switchboard_endings_total{ending=\"internal\"}";

  abstract Transport transport();

  abstract Reader open(java.net.URI channel, String offset);

  final Reader open(String channel, String offset) {
    return open(http.channel(channel, ""), offset);
  }

  static List<String> numbers(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(Integer::toString).toList();
  }

  static void awaitHeard(Reader reader, List<String> expected) {
    try {
      await("all is heard", () -> reader.heard().size() >= expected.size());
    } finally {
      assertEquals(expected, reader.heard());
    }
  }

  static void awaitReady(Reader reader) {
    await("the reader is ready", reader::isReady);
  }

  @Test
  void deliversMessagesInTheOrderTheyWereAppended() {
    String channel = newChannel();
    try (Reader reader = open(channel, "-1")) {
      for (int i = 1; i <= 50; i++) {
        http.append(channel, Integer.toString(i));
      }
      awaitHeard(reader, numbers(1, 50));
    }
  }

  @Test
  void deliversWhatWasAppendedBeforeTheReaderCame() {
    String channel = newChannel();
    http.appendNumbers(channel, 1, 10);
    try (Reader reader = open(channel, "-1")) {
      awaitHeard(reader, numbers(1, 10));
    }
  }

  @Test
  void startsAtNowWithNothingThatWasSaidBefore() {
    String channel = newChannel();
    http.appendNumbers(channel, 1, 10);
    try (Reader reader = open(channel, "now")) {
      awaitReady(reader);
      http.appendNumbers(channel, 11, 20);
      awaitHeard(reader, numbers(11, 20));
    }
  }

  @Test
  void resumesAfterTheGivenOffsetWithNothingLostOrRepeated() {
    String channel = newChannel();
    http.appendNumbers(channel, 1, 30);
    List<String> heard = new ArrayList<>();
    String offset = "-1";
    for (int round = 1; round <= 5; round++) {
      try (Reader reader = open(channel, offset)) {
        int known = heard.size();
        int last = 30 + 10 * round;
        http.appendNumbers(channel, last - 9, last);
        awaitHeard(reader, numbers(known + 1, last));
        heard.addAll(reader.heard());
        offset = reader.offset();
      }
    }
    assertEquals(numbers(1, 80), heard);
  }

  @Test
  void carriesALargeBacklogInPages() {
    String channel = newChannel();
    http.appendNumbers(channel, 1, 950);
    try (Reader reader = open(channel, "-1")) {
      awaitHeard(reader, numbers(1, 950));
      long pages = reader.offsets().stream().distinct().count();
      assertTrue(pages >= 10, pages + " pages of a hundred at the most");
    }
  }

  @Test
  void carriesALargeMessageWhole() {
    String channel = newChannel();
    String large = "\"" + "x".repeat(1_000_000) + "\"";
    assertEquals(204, http.append(channel, large).status());
    try (Reader reader = open(channel, "-1")) {
      awaitHeard(reader, List.of(large));
      assertEquals(204, http.append(channel, large).status());
      awaitHeard(reader, List.of(large, large)); // also one that waits for it
    }
  }

  @Test
  void tellsAGapWhenTheLogHasForgottenAndGoesOnBehindIt() {
    String channel = newChannel();
    String start = http.get("channels/" + channel + "?offset=now").next();
    http.appendNumbers(channel, 1, CAPACITY + 500);
    try (Reader reader = open(channel, start)) {
      awaitHeard(
          reader,
          Stream.concat(Stream.of("gap:trimmed:500"), numbers(501, CAPACITY + 500).stream())
              .toList());
    }
  }

  @Test
  void tellsAGapWhenTheOffsetIsOfAnotherLifeOfTheChannel() {
    String channel = newChannel();
    String before = http.appendNumbers(channel, 1, 5);
    assertEquals(204, http.delete(channel).status());
    assertEquals(201, http.put(channel, "application/json").statusCode());
    http.appendNumbers(channel, 6, 7);
    try (Reader reader = open(channel, before)) {
      awaitHeard(reader, List.of("gap:epoch", "6", "7"));
    }
  }

  @Test
  void severalClientsHearTheSameWithTheSameOffsets() {
    String channel = newChannel();
    List<Reader> readers = IntStream.range(0, 5).mapToObj(i -> open(channel, "-1")).toList();
    for (int i = 1; i <= 20; i++) {
      http.append(channel, Integer.toString(i));
    }
    for (Reader reader : readers) {
      awaitHeard(reader, numbers(1, 20));
      assertEquals(readers.get(0).offset(), reader.offset());
    }
    readers.forEach(Reader::close);
  }

  @Test
  void hearsAForkAsOneLogAndNothingThatItsSourceSaysLater() {
    String source = newChannel();
    http.appendNumbers(source, 1, 5);
    String fork = "fork-" + source;
    http.send(
        http.request("channels/" + fork)
            .header("Stream-Forked-From", http.channel(source, "").getPath())
            .PUT(java.net.http.HttpRequest.BodyPublishers.noBody()));
    try (Reader reader = open(fork, "-1")) {
      awaitHeard(reader, numbers(1, 5));
      http.append(source, "\"of the source\"");
      http.appendNumbers(fork, 6, 8);
      awaitHeard(reader, numbers(1, 8));
    }
    http.delete(source);
    assertEquals(410, http.get("channels/" + source).status());
    try (Reader reader = open(fork, "-1")) {
      awaitHeard(reader, numbers(1, 8));
    }
  }

  @Test
  void saysWhenTheChannelIsClosedAndNothingWillCome() {
    String channel = newChannel();
    http.appendNumbers(channel, 1, 3);
    try (Reader reader = open(channel, "-1")) {
      awaitHeard(reader, numbers(1, 3));
      http.send(
          http.request("channels/" + channel)
              .header("Stream-Closed", "true")
              .POST(java.net.http.HttpRequest.BodyPublishers.noBody()));
      await("the end is told", () -> reader.heard().contains("closed"));
      assertEquals("closed", reader.heard().get(3));
    }
  }

  @Test
  void saysWhenTheChannelIsDeleted() {
    String channel = newChannel();
    try (Reader reader = open(channel, "-1")) {
      awaitReady(reader);
      http.delete(channel);
      await("the end is told", () -> !reader.heard().isEmpty());
      assertTrue(
          List.of("channel-deleted", "unknown-channel", "ended").contains(reader.heard().get(0)),
          reader.heard().toString());
    }
  }

  @Test
  void freesEverythingOfAClientThatLeftWithoutAWord() {
    String channel = newChannel();
    List<Reader> readers = IntStream.range(0, 10).mapToObj(i -> open(channel, "-1")).toList();
    try {
      awaitOpen(10);
    } finally {
      readers.forEach(Reader::vanish); // or they would be there in all tests after this one
    }
    await("all are freed", () -> open(transport()) == 0);
  }

  @Test
  void anUnexpectedFailureIsAnsweredInternal() {
    Assumptions.assumeTrue(System.getenv("SWITCHBOARD_STORE_URL") == null, "the store's own logs");
    String channel = newChannel();
    double before = metric(INTERNAL);
    try (Reader reader = open(channel, "-1")) {
      awaitOpen(1);
      assertEquals(200, http.breakLog(channel).status());
      assertInternal(http.append(channel, "\"fault\""));
      assertEquals(204, http.append(channel, "1").status());
      String end = transport() == Transport.EVENT_STREAM ? "ended" : "internal";
      await("who waits is told", () -> reader.heard().contains(end));
    }
    try (Reader reader = open(channel, "-1")) {
      await("who comes is told", () -> reader.heard().contains("internal"));
    }
    assertInternal(http.get("channels/" + channel));
    assertEquals(4, metric(INTERNAL) - before, "each is counted once");
  }

  // A poll is over when it is answered.
  private void awaitOpen(int count) {
    if (transport() != Transport.POLL) {
      await(count + " are open", () -> open(transport()) == count);
    }
  }

  private static void assertInternal(Http.Answer answer) {
    assertEquals(500, answer.status(), answer.body());
    assertEquals("application/problem+json", answer.header("Content-Type"));
    assertEquals("urn:switchboard:problem:internal", answer.problem().getString("type"));
  }
}
