package switchboard.lab;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import switchboard.channel.Transport;

/**
 * One reader of the lab's channel over one transport, starting now.
 *
 * <p><b>Threads.</b> Its calls come one after another, from the client's threads; {@link #stop}
 * from any.
 */
abstract class CrowdReader {

  private static final String STAMP = "\"sent\":";

  final CrowdClient client;
  final CrowdPlan plan;
  final CrowdTally tally;
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final AtomicBoolean heard = new AtomicBoolean();

  CrowdReader(CrowdClient client, CrowdPlan plan, CrowdTally tally) {
    this.client = client;
    this.plan = plan;
    this.tally = tally;
  }

  static CrowdReader of(Transport transport, CrowdClient client, CrowdPlan plan, CrowdTally tally) {
    return switch (transport) {
      case POLL, LONG_POLL -> new CrowdPolls(transport, client, plan, tally);
      case EVENT_STREAM -> new CrowdStream(client, plan, tally);
      case WEBSOCKET -> new CrowdSocket(client, plan, tally);
    };
  }

  abstract void start();

  /** Closes the connection and stops counting. */
  final void stop() {
    if (stopped.compareAndSet(false, true)) {
      close();
    }
  }

  abstract void close();

  final boolean isStopped() {
    return stopped.get();
  }

  /** The server responded: this reader counts as connected. */
  final void heard() {
    if (heard.compareAndSet(false, true)) {
      tally.connected.incrementAndGet();
    }
  }

  final void failed(Throwable e) {
    if (!isStopped()) {
      tally.failed(e);
    }
  }

  final HttpRequest.Builder request(String query) {
    return HttpRequest.newBuilder(URI.create(plan.channel() + "?" + query));
  }

  final void sent(HttpRequest request) {
    tally.requests.increment();
    tally.bytesUp.add(sizeBytes(request));
  }

  // HttpClient sends the request line, Host, User-Agent and the headers that were set.
  private static int sizeBytes(HttpRequest request) {
    URI uri = request.uri();
    int line = "GET  HTTP/1.1\r\n".length() + uri.getPath().length() + 1 + uri.getQuery().length();
    int host = "Host: \r\n".length() + uri.getAuthority().length();
    int agent =
        ("User-Agent: Java-http-client/" + System.getProperty("java.version") + "\r\n").length();
    return line + host + agent + sizeBytes(request.headers());
  }

  /** The bytes of a response's head, as they are written in HTTP/1.1. */
  static int headBytes(HttpHeaders headers) {
    return "HTTP/1.1 200 OK\r\n".length() + sizeBytes(headers);
  }

  private static int sizeBytes(HttpHeaders headers) {
    int size = 2;
    for (var header : headers.map().entrySet()) {
      for (String value : header.getValue()) {
        size += header.getKey().length() + ": \r\n".length() + value.length();
      }
    }
    return size;
  }

  /** Counts the lab's messages in a text, by their stamps. */
  final void count(String text) {
    int found = 0;
    for (int at = text.indexOf(STAMP); at >= 0; at = text.indexOf(STAMP, at + STAMP.length())) {
      found++;
    }
    tally.messages.add(found);
  }

  static int utf8Length(CharSequence text) {
    return text.toString().getBytes(StandardCharsets.UTF_8).length;
  }
}
