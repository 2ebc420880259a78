package switchboard.testing;

import jakarta.json.JsonObject;
import java.net.URI;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** Listens on one WebSocket, and can say something too; does not come again. */
public final class WebSocketReader extends Reader implements WebSocket.Listener {

  private final StringBuilder frame = new StringBuilder();
  private final List<JsonObject> answers = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Integer> closeCode = new CompletableFuture<>();
  private final WebSocket socket;
  private volatile String reason;

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
    socket = builder.buildAsync(uri, this).join();
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
    return closeCode;
  }

  public String reason() {
    return reason;
  }

  @Override
  public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean isLast) {
    frame.append(part);
    if (isLast) {
      JsonObject object = object(frame.toString());
      frame.setLength(0);
      hear(object);
    }
    webSocket.request(1);
    return null;
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
  public CompletionStage<?> onClose(WebSocket webSocket, int code, String why) {
    reason = why;
    closeCode.complete(code);
    if (code != 1000) {
      hearEnd(why);
    }
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

  @Override
  public void vanish() {
    socket.abort();
  }
}
