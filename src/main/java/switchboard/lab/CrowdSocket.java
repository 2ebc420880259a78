package switchboard.lab;

import java.net.URI;
import java.net.http.WebSocket;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Connects once and reads frames. */
final class CrowdSocket extends CrowdReader implements WebSocket.Listener {

  /**
   * A handshake of HttpClient: request line, Host, the upgrade's five headers and the subprotocol.
   */
  private static final int HANDSHAKE_BYTES = 260;

  private static final int SHORT_FRAME = 126;
  private static final int MEDIUM_FRAME = 65_536;

  private volatile @Nullable WebSocket socket;

  CrowdSocket(CrowdClient client, CrowdPlan plan, CrowdTally tally) {
    super(client, plan, tally);
  }

  @Override
  void start() {
    tally.requests.increment();
    tally.bytesUp.add(HANDSHAKE_BYTES);
    URI uri = URI.create(plan.channel().replaceFirst("^http", "ws") + "?offset=now");
    var unused =
        client
            .http()
            .newWebSocketBuilder()
            .subprotocols("switchboard.v1")
            .buildAsync(uri, this)
            .whenComplete((open, failure) -> opened(open, failure));
  }

  private void opened(WebSocket open, Throwable failure) {
    if (failure != null) {
      failed(failure);
      return;
    }
    socket = open;
    if (isStopped()) {
      close();
    }
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    heard();
    int size = utf8Length(data);
    int head = size < SHORT_FRAME ? 2 : size < MEDIUM_FRAME ? 4 : 10;
    tally.bytesDown.add(size + head);
    count(data.toString());
    from.request(1);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable e) {
    failed(e);
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    failed(new IllegalStateException("the server closed: " + code + " " + reason));
    return null;
  }

  @Override
  void close() {
    WebSocket open = socket;
    if (open != null) {
      var unused =
          open.sendClose(WebSocket.NORMAL_CLOSURE, "")
              .whenComplete((done, failure) -> open.abort());
    }
  }
}
