package switchboard.testing;

import java.net.http.HttpRequest.BodyPublishers;
import java.util.UUID;

/** A publisher that repeats what was not answered well, under the same producer and number. */
public final class Persistent {

  private static final int TRIES = 200;

  private final Http http;
  private final String channel;
  private final String id = UUID.randomUUID().toString();
  private volatile int repeated;

  public Persistent(Http http, String channel) {
    this.http = http;
    this.channel = channel;
  }

  /** Appends the numbers from 1 to {@code count}, one a request. */
  public void publish(int count) {
    for (int i = 0; i < count; i++) {
      append(i);
    }
  }

  private void append(int seq) {
    for (int i = 0; i < TRIES; i++) {
      int status = statusOf(seq);
      if (status == 200 || status == 204) {
        return;
      }
      if (status < 500) {
        throw new IllegalStateException("message " + seq + " – " + status);
      }
      repeated++;
    }
    throw new IllegalStateException("message " + seq + " was refused " + TRIES + " times");
  }

  private int statusOf(int seq) {
    try {
      return http.send(
              http.request("channels/" + channel)
                  .header("Content-Type", "application/json")
                  .header("Producer-Id", id)
                  .header("Producer-Epoch", "0")
                  .header("Producer-Seq", Integer.toString(seq))
                  .POST(BodyPublishers.ofString(Integer.toString(seq + 1))))
          .status();
    } catch (RuntimeException e) {
      return 599; // the connection broke: nobody knows
    }
  }

  /** How often something was sent again. */
  int repeated() {
    return repeated;
  }
}
