package switchboard.transport;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import switchboard.http.ResponseStream;

/** An answer that goes on, without a server: what its client gets. */
class MemoryStream implements ResponseStream {

  private final Map<String, String> headers;
  private final List<String> events = new ArrayList<>();
  private int takes = Integer.MAX_VALUE;
  private boolean isBroken;
  private Listener server;

  MemoryStream(Map<String, String> headers) {
    this.headers = headers;
  }

  Map<String, String> headers() {
    return headers;
  }

  /** What was written, flushed and ended. */
  List<String> events() {
    return events;
  }

  /** All that was written. */
  String text() {
    return String.join("", events.stream().filter(event -> event.contains("\n")).toList());
  }

  /** So many writes and flushes are accepted from now on. */
  void take(int writes) {
    takes = writes;
  }

  /** Its client is gone: what is written fails. */
  void breakOff() {
    isBroken = true;
  }

  /** Who is told that more is accepted; {@code null} before the start. */
  Listener server() {
    return server;
  }

  @Override
  public void start(Listener listener) {
    server = listener;
  }

  @Override
  public boolean isReady() {
    return takes > 0;
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    if (isBroken) {
      throw new IOException("broken pipe");
    }
    takes--;
    events.add(new String(bytes, UTF_8));
  }

  @Override
  public void flush() {
    events.add("flush");
  }

  @Override
  public void complete() {
    events.add("complete");
  }

  @Override
  public void disconnect() {
    events.add("disconnect");
  }
}
