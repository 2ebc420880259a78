package switchboard.lab;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import switchboard.channel.Transport;

/** Polls repeatedly: after an interval, or at once for a long poll. */
final class CrowdPolls extends CrowdReader {

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
  private static final int NO_CONTENT = 204;
  private static final int GONE = 410;

  private final boolean isHeld;
  private String offset = "now";
  private volatile @Nullable CompletableFuture<?> asking;

  CrowdPolls(Transport transport, CrowdClient client, CrowdPlan plan, CrowdTally tally) {
    super(client, plan, tally);
    this.isHeld = transport == Transport.LONG_POLL;
  }

  @Override
  void start() {
    // Distributed over the interval, like clients that started at different times.
    long spreadMillis = isHeld ? 200 : plan.pollInterval().toMillis();
    askAfter(Duration.ofMillis(ThreadLocalRandom.current().nextLong(spreadMillis + 1)));
  }

  private void askAfter(Duration pause) {
    client.after(pause, this::ask);
  }

  private void ask() {
    if (isStopped()) {
      return;
    }
    HttpRequest request = request();
    sent(request);
    asking = client.http().sendAsync(request, HttpResponse.BodyHandlers.ofString());
    var unused =
        asking.whenComplete((response, failure) -> answered((HttpResponse<?>) response, failure));
  }

  private HttpRequest request() {
    if (!isHeld) {
      return request("offset=" + offset).build();
    }
    return request("offset=" + offset + "&live=long-poll")
        .header("Prefer", "wait=" + plan.longPollWait().toSeconds())
        .build();
  }

  private void answered(HttpResponse<?> response, Throwable failure) {
    if (isStopped()) {
      return;
    }
    String next =
        failure == null ? response.headers().firstValue("Stream-Next-Offset").orElse(null) : null;
    if (next == null) {
      failed(
          failure != null ? failure : new IllegalStateException("status " + response.statusCode()));
      offset = "now";
      askAfter(AFTER_FAILURE);
      return;
    }
    offset = next;
    heard();
    count(response);
    if (isHeld) {
      ask();
    } else {
      askAfter(plan.pollInterval());
    }
  }

  private void count(HttpResponse<?> response) {
    String body = response.body().toString();
    tally.bytesDown.add(headBytes(response.headers()) + utf8Length(body));
    if (response.statusCode() == GONE) {
      tally.gaps.increment();
    } else if (response.statusCode() == NO_CONTENT || body.equals("[]")) {
      tally.empty.increment();
    } else {
      count(body);
    }
  }

  @Override
  void close() {
    CompletableFuture<?> pending = asking;
    if (pending != null) {
      pending.cancel(true);
    }
  }
}
