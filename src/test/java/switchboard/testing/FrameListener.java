package switchboard.testing;

import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Puts the parts of a WebSocket's text frames together, and remembers how it ended. */
final class FrameListener implements WebSocket.Listener {

  private final Consumer<String> told;
  private final StringBuilder frame = new StringBuilder();
  private final CompletableFuture<Integer> closeCode = new CompletableFuture<>();
  private volatile String reason;

  /** {@code told} of each whole frame. */
  FrameListener(Consumer<String> told) {
    this.told = told;
  }

  /** Completes when the server's close frame came, or with -1 when the connection broke. */
  CompletableFuture<Integer> closeCode() {
    return closeCode;
  }

  /** The reason in that frame. */
  String reason() {
    return reason;
  }

  @Override
  public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean isLast) {
    frame.append(part);
    if (isLast) {
      String whole = frame.toString();
      frame.setLength(0);
      told.accept(whole);
    }
    webSocket.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket webSocket, int code, String why) {
    reason = why;
    closeCode.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable error) {
    closeCode.complete(-1);
  }
}
