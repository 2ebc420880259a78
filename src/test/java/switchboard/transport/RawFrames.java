package switchboard.transport;

import java.net.URI;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** A WebSocket client that writes every frame down as it came. */
final class RawFrames implements WebSocket.Listener, AutoCloseable {

  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final StringBuilder frame = new StringBuilder();
  private WebSocket socket;

  static RawFrames connect(URI http) {
    RawFrames frames = new RawFrames();
    URI uri = URI.create(http.toString().replaceFirst("^http", "ws"));
    frames.socket = Http.CLIENT.newWebSocketBuilder().buildAsync(uri, frames).join();
    return frames;
  }

  List<String> heard() {
    return List.copyOf(heard);
  }

  void send(String text) {
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
  public void close() {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").exceptionally(e -> null).join();
  }
}
