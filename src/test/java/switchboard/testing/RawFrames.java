package switchboard.testing;

import java.net.URI;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A WebSocket client that writes every frame down as it came. */
public final class RawFrames implements AutoCloseable {

  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final FrameListener frames = new FrameListener(heard::add);
  private WebSocket socket;

  public static RawFrames connect(URI http) {
    return connect(http, builder -> builder);
  }

  /** With headers or subprotocols of its own. */
  public static RawFrames connect(URI http, UnaryOperator<WebSocket.Builder> request) {
    RawFrames raw = new RawFrames();
    URI uri = URI.create(http.toString().replaceFirst("^http", "ws"));
    raw.socket =
        request.apply(Http.CLIENT.newWebSocketBuilder()).buildAsync(uri, raw.frames).join();
    return raw;
  }

  public List<String> heard() {
    return List.copyOf(heard);
  }

  /** The server's close code; waits for it, with a bound. */
  public int closeCode() throws Exception {
    return frames.closeCode().get(ServerTest.BOUND.toSeconds(), TimeUnit.SECONDS);
  }

  public boolean isClosed() {
    return frames.closeCode().isDone();
  }

  public String subprotocol() {
    return socket.getSubprotocol();
  }

  public void send(String text) {
    socket.sendText(text, true).join();
  }

  @Override
  public void close() {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").exceptionally(e -> null).join();
  }
}
