package switchboard.testing;

import java.net.URI;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A WebSocket client that writes every frame down as it came. */
public final class RawFrames implements WebSocket.Listener, AutoCloseable {

  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Integer> closeCode = new CompletableFuture<>();
  private final StringBuilder frame = new StringBuilder();
  private WebSocket socket;

  public static RawFrames connect(URI http) {
    return connect(http, builder -> builder);
  }

  /** With headers or subprotocols of its own. */
  public static RawFrames connect(URI http, UnaryOperator<WebSocket.Builder> request) {
    RawFrames frames = new RawFrames();
    URI uri = URI.create(http.toString().replaceFirst("^http", "ws"));
    frames.socket = request.apply(Http.CLIENT.newWebSocketBuilder()).buildAsync(uri, frames).join();
    return frames;
  }

  public List<String> heard() {
    return List.copyOf(heard);
  }

  /** The server's close code; waits for it, with a bound. */
  public int closeCode() throws Exception {
    return closeCode.get(ServerTest.BOUND.toSeconds(), TimeUnit.SECONDS);
  }

  public boolean isClosed() {
    return closeCode.isDone();
  }

  public String subprotocol() {
    return socket.getSubprotocol();
  }

  public void send(String text) {
    socket.sendText(text, true).join();
  }

  @Override
  public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean isLast) {
    frame.append(part);
    if (isLast) {
      heard.add(frame.toString());
      frame.setLength(0);
    }
    webSocket.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket webSocket, int code, String why) {
    closeCode.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable error) {
    closeCode.complete(-1);
  }

  @Override
  public void close() {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").exceptionally(e -> null).join();
  }
}
