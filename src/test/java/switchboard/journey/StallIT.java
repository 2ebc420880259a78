package switchboard.journey;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;

/** A reader whose line carries nothing for a while, and then again, without having been cut. */
class StallIT extends ServerTest {

  /** What the tests' settings let a log keep. */
  private static final int KEPT = 1_000;

  private static final int PAGE = 50;
  private static final String PADDING = "x".repeat(10_000);

  /** More than sockets and server take before they say that they can take no more, and the log. */
  private static final int TOO_MANY = 4_000;

  private void publish(String channel, int first, int last) {
    for (int from = first; from <= last; from += PAGE) {
      String page =
          IntStream.range(from, from + PAGE)
              .mapToObj(n -> "{\"number\":%d,\"padding\":\"%s\"}".formatted(n, PADDING))
              .collect(Collectors.joining(",", "[", "]"));
      assertEquals(204, http.append(channel, page).status());
    }
  }

  /** The numbers of the messages, and the gaps as they were told. */
  private static List<String> heard(Reader reader) {
    return reader.heard().stream()
        .map(what -> what.replaceFirst("(?s)\\{\"number\":(\\d+),.*", "$1"))
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void itReadsOnWhereItWasWhenTheLogStillHasThat(Transport transport) throws Exception {
    String channel = newChannel();
    try (Line line = new Line(http.root());
        Reader reader = Reader.of(transport, new Http(line.client()).channel(channel, ""), "-1")) {
      publish(channel, 1, 2 * PAGE);
      await("it reads", () -> reader.heard().size() == 2 * PAGE);
      line.stall(true);
      publish(channel, 2 * PAGE + 1, KEPT - PAGE);
      line.stall(false);
      await("it reads on", () -> reader.heard().size() >= KEPT - PAGE);
      assertEquals(
          IntStream.rangeClosed(1, KEPT - PAGE).mapToObj(Integer::toString).toList(),
          heard(reader));
    }
  }

  @ParameterizedTest
  @EnumSource
  void itIsToldWhatItMissedWhenTheLogHasForgottenThat(Transport transport) throws Exception {
    String channel = newChannel();
    try (Line line = new Line(http.root());
        Reader reader = Reader.of(transport, new Http(line.client()).channel(channel, ""), "-1")) {
      publish(channel, 1, PAGE);
      await("it reads", () -> reader.heard().size() == PAGE);
      line.stall(true);
      publish(channel, PAGE + 1, TOO_MANY);
      line.stall(false);
      await("it hears the last", () -> heard(reader).contains(Integer.toString(TOO_MANY)));
      assertTrue(reader.heard().stream().anyMatch(what -> what.startsWith("gap:trimmed:")));
      assertTrue(reader.heard().size() < TOO_MANY, "some were forgotten");
      assertEquals(List.of(), violations(reader));
    }
  }

  /** Where what was heard is not in order, or a hole not as large as was told. */
  private static List<String> violations(Reader reader) {
    Journal journal = new Journal("the reader");
    heard(reader).forEach(journal::note);
    return new ArrayList<>(journal.violations());
  }
}
