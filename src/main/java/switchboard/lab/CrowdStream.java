package switchboard.lab;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Sends one request and reads an event stream line by line. */
final class CrowdStream extends CrowdReader implements Flow.Subscriber<String> {

  private volatile Flow.@Nullable Subscription subscription;

  CrowdStream(CrowdClient client, CrowdPlan plan, CrowdTally tally) {
    super(client, plan, tally);
  }

  @Override
  void start() {
    HttpRequest request =
        request("offset=now&live=sse").header("Accept", "text/event-stream").build();
    sent(request);
    var unused =
        client
            .http()
            .sendAsync(request, this::body)
            .whenComplete(
                (response, failure) -> {
                  if (failure != null) {
                    failed(failure);
                  }
                });
  }

  private HttpResponse.BodySubscriber<Void> body(HttpResponse.ResponseInfo info) {
    if (info.statusCode() != 200) {
      failed(new IllegalStateException("status " + info.statusCode()));
      return HttpResponse.BodySubscribers.discarding();
    }
    tally.bytesDown.add(headBytes(info.headers()));
    return HttpResponse.BodySubscribers.fromLineSubscriber(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    if (isStopped()) {
      subscription.cancel();
    } else {
      subscription.request(Long.MAX_VALUE);
    }
  }

  @Override
  public void onNext(String line) {
    heard();
    tally.bytesDown.add(utf8Length(line) + 1L);
    if (line.equals("event: reset")) {
      tally.gaps.increment();
    } else {
      count(line);
    }
  }

  @Override
  public void onError(Throwable e) {
    failed(e);
  }

  @Override
  public void onComplete() {
    failed(new IllegalStateException("the server ended the stream"));
  }

  @Override
  void close() {
    Flow.Subscription open = subscription;
    if (open != null) {
      open.cancel(); // which closes the connection
    }
  }
}
