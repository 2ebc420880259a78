package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import switchboard.channel.Transport;
import switchboard.testing.EventStreamReader;
import switchboard.testing.PollReader;
import switchboard.testing.Reader;
import switchboard.testing.ServerTest;
import switchboard.testing.WebSocketReader;

/** A client changes from each transport to each other while messages keep coming. */
@Tag("quick")
class HandOverIT extends ServerTest {

  static final Map<Transport, Reader.Opener> OPENERS =
      Map.of(
          Transport.POLL, PollReader::poll,
          Transport.LONG_POLL, PollReader::longPoll,
          Transport.EVENT_STREAM, EventStreamReader::new,
          Transport.WEBSOCKET, WebSocketReader::new);

  static Stream<Arguments> pairs() {
    return Stream.of(Transport.values())
        .flatMap(from -> Stream.of(Transport.values()).map(to -> Arguments.of(from, to)));
  }

  @ParameterizedTest(name = "from {0} to {1}")
  @MethodSource("pairs")
  void handsOverAtTheOffsetReachedWithNothingLostOrRepeated(Transport from, Transport to) {
    int count = 300;
    String channel = newChannel();
    CompletableFuture<Void> publisher = publishInBackground(channel, count);
    List<String> heard = new ArrayList<>();
    String offset = "-1";
    // There and back again, several times while the publisher is at work.
    for (int leg = 0; heard.size() < count; leg++) {
      Reader.Opener opener = OPENERS.get(leg % 2 == 0 ? from : to);
      try (Reader reader = opener.open(http.channel(channel, ""), offset)) {
        int enough = Math.min(count - heard.size(), 40);
        await(
            "some are heard",
            () -> {
              if (publisher.isCompletedExceptionally()) {
                publisher.join(); // why it failed
              }
              return reader.heard().size() >= enough;
            });
        synchronized (reader) { // what was heard and the offset belong together
          heard.addAll(reader.heard());
          offset = reader.offset();
        }
      }
    }
    publisher.join();
    assertEquals(IntStream.rangeClosed(1, count).mapToObj(Integer::toString).toList(), heard);
  }
}
