package switchboard.journey;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import switchboard.testing.Http;

/** Appends 1, 2, 3 … to a channel. */
final class NumberPublisher {
  private final Http http;
  private final String channel;
  private final boolean repeats;
  private int number = 1;
  private int last;
  private int accepted;

  /**
   * Begins.
   *
   * @param repeats whether what was not accepted is sent again, under its number as a producer; the
   *     next number is sent otherwise
   */
  NumberPublisher(Http http, String channel, boolean repeats) {
    this.http = http;
    this.channel = channel;
    this.repeats = repeats;
  }

  synchronized boolean publish() {
    boolean isAccepted = isAccepted();
    if (isAccepted) {
      last = number;
      accepted++;
    }
    if (isAccepted || !repeats) {
      number++;
    }
    return isAccepted;
  }

  private boolean isAccepted() {
    HttpRequest.Builder request =
        http.request("channels/" + channel)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(Integer.toString(number)));
    if (repeats) {
      request
          .header("Producer-Id", channel)
          .header("Producer-Epoch", "0")
          .header("Producer-Seq", Integer.toString(number - 1));
    }
    try {
      int status = http.send(request).status();
      return status == 200 || status == 204;
    } catch (RuntimeException e) {
      return false;
    }
  }

  String channel() {
    return channel;
  }

  synchronized int last() {
    return last;
  }

  synchronized int accepted() {
    return accepted;
  }
}
