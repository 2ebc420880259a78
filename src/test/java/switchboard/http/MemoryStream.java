package switchboard.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An answer that goes on, without a server: what its client gets. */
public class MemoryStream implements ResponseStream {

  private final Map<String, String> headers;
  private final List<String> events = new ArrayList<>();
  private int takes = Integer.MAX_VALUE;
  private boolean isBroken;
  private Listener server;

  public MemoryStream(Map<String, String> headers) {
    this.headers = headers;
  }

  public Map<String, String> headers() {
    return headers;
  }

  /** What was written, flushed and ended. */
  public List<String> events() {
    return events;
  }

  /** All that was written. */
  public String text() {
    return String.join("", events.stream().filter(event -> event.contains("\n")).toList());
  }

  /** So many writes and flushes are accepted from now on. */
  public void take(int writes) {
    takes = writes;
  }

  /** Its client is gone: what is written fails. */
  public void breakOff() {
    isBroken = true;
  }

  /** Who is told that more is accepted; {@code null} before the start. */
  public Listener server() {
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
