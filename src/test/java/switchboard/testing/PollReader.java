package switchboard.testing;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Polls as fast as it is answered; a long poll is the same with a server that waits. */
public final class PollReader extends Reader {

  // Its own: cutting a request can take a connection with it that another one is just reusing.
  private final HttpClient client = Http.newClient();
  private final String live;
  private volatile boolean closed;
  private volatile CompletableFuture<HttpResponse<String>> pending;

  private PollReader(URI channel, String offset, String live) {
    super(channel, offset);
    this.live = live;
    start(this::read);
  }

  public static Reader poll(URI channel, String offset) {
    return new PollReader(channel, offset, "");
  }

  public static Reader longPoll(URI channel, String offset) {
    return new PollReader(channel, offset, "&live=long-poll");
  }

  private void read() {
    // A long poll that starts at "now" is held without a word: find out first where now is.
    if (!live.isEmpty() && offset().equals("now")) {
      moveTo(ask("").headers().firstValue("Stream-Next-Offset").orElseThrow());
    }
    while (!closed) {
      try {
        hear(ask(live));
      } catch (CompletionException | CancellationException e) {
        if (!closed) {
          hearEnd("failed: " + e.getCause());
        }
        return;
      }
    }
  }

  private HttpResponse<String> ask(String how) {
    HttpRequest request = HttpRequest.newBuilder(uri(how)).build();
    pending = client.sendAsync(request, BodyHandlers.ofString());
    return pending.join();
  }

  private void hear(HttpResponse<String> response) {
    String next = response.headers().firstValue("Stream-Next-Offset").orElse(null);
    switch (response.statusCode()) {
      case 200 -> hear(array(response.body()), next);
      case 204 -> moveTo(next);
      case 410 -> hearGap(object(response.body()).getJsonObject("reset"), next);
      default -> {
        hearRefusal(response.statusCode(), response.body());
        closed = true;
      }
    }
    if (response.headers().firstValue("Stream-Closed").isPresent()) {
      hearEnd("closed");
      closed = true;
    }
  }

  @Override
  public void close() {
    vanish(); // HTTP has no good-bye: the answer, if it still comes, is not read
  }

  @Override
  public void vanish() {
    closed = true;
    CompletableFuture<?> request = pending;
    if (request != null) {
      request.cancel(true);
    }
  }
}
