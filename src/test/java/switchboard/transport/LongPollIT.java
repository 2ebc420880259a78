package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import switchboard.channel.Transport;
import switchboard.testing.Http;
import switchboard.testing.PollReader;
import switchboard.testing.Reader;

class LongPollIT extends TransportContract {

  /** As pom.xml sets it. */
  private static final int DEFAULT_WAIT_SECONDS = 1;

  @Override
  Transport transport() {
    return Transport.LONG_POLL;
  }

  @Override
  Reader open(URI channel, String offset) {
    return PollReader.longPoll(channel, offset);
  }

  @Test
  void aWaitEndsAtItsTimeOrLessThanHalfASecondLater() {
    String channel = newChannel();
    Map<String, List<CompletableFuture<Duration>>> waits = new TreeMap<>();
    // Three of each, as one may meet a machine that is busy with something else.
    for (String wait : List.of("0", "1", "2", "5", "")) {
      for (int i = 0; i < 3; i++) {
        waits.computeIfAbsent(wait, key -> new ArrayList<>()).add(waitFor(channel, wait));
      }
    }
    waits.forEach(
        (wait, took) -> {
          long asked = 1_000L * (wait.isEmpty() ? DEFAULT_WAIT_SECONDS : Integer.parseInt(wait));
          List<Long> millis = took.stream().map(one -> one.join().toMillis()).sorted().toList();
          String seen = "wait=" + wait + " took " + millis;
          assertAll(
              () -> assertTrue(millis.get(0) >= asked, seen),
              () -> assertTrue(millis.get(0) < asked + 500, seen));
        });
  }

  private CompletableFuture<Duration> waitFor(String channel, String wait) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(http.channel(channel, "?live=long-poll&offset=now"));
    if (!wait.isEmpty()) {
      request.header("Prefer", "wait=" + wait);
    }
    long start = System.nanoTime();
    return Http.CLIENT
        .sendAsync(request.build(), BodyHandlers.discarding())
        .thenApply(
            answer -> {
              assertEquals(204, answer.statusCode());
              return Duration.ofNanos(System.nanoTime() - start);
            });
  }
}
