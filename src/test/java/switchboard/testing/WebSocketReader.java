package switchboard.testing;

import jakarta.json.JsonObject;
import java.net.URI;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** Listens on one WebSocket, and can say something too; does not come again. */
public final class WebSocketReader extends Reader {

  private final List<JsonObject> answers = new CopyOnWriteArrayList<>();
  private final FrameListener frames = new FrameListener(frame -> hear(object(frame)));
  private final WebSocket socket;

  public WebSocketReader(URI channel, String offset) {
    this(channel, offset, "switchboard.v1");
  }

  public WebSocketReader(URI channel, String offset, String subprotocol) {
    super(channel, offset);
    WebSocket.Builder builder = Http.CLIENT.newWebSocketBuilder();
    if (subprotocol != null) {
      builder.subprotocols(subprotocol);
    }
    URI uri = URI.create(uri("").toString().replaceFirst("^http", "ws"));
    frames
        .closeCode()
        .thenAccept(
            code -> {
              if (code > 0 && code != 1000) {
                hearEnd(frames.reason());
              }
            });
    socket = builder.buildAsync(uri, frames).join();
  }

  public WebSocket socket() {
    return socket;
  }

  /** Frames that answer a command, and errors. */
  public List<JsonObject> answers() {
    return List.copyOf(answers);
  }

  /** Completes when the server's close frame came, or with -1 when the connection broke. */
  public CompletableFuture<Integer> closeCode() {
    return frames.closeCode();
  }

  public String reason() {
    return frames.reason();
  }

  private void hear(JsonObject frame) {
    if (frame.containsKey("id") || frame.containsKey("error")) {
      answers.add(frame);
      return;
    }
    String next = frame.getString("next");
    if (frame.containsKey("messages")) {
      hear(frame.getJsonArray("messages"), next);
    } else if (frame.containsKey("reset")) {
      hearGap(frame.getJsonObject("reset"), next);
    } else {
      moveTo(next);
      if (frame.containsKey("closed")) {
        hearEnd("closed");
      }
    }
  }

  @Override
  public void close() {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").exceptionally(e -> null).join();
  }

  @Override
  public void vanish() {
    socket.abort();
  }
}
