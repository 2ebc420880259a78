package switchboard.transport;

import switchboard.channel.Sink;
import switchboard.channel.Transport;
import switchboard.container.WebSocketFrame;
import switchboard.log.Batch;
import switchboard.log.Gap;

/**
 * Writes the messages of one channel's subscription as frames into a WebSocket.
 *
 * <p><b>Threads.</b> As {@link Sink}.
 */
abstract class WebSocketSink implements Sink {

  final WebSocketConnection connection;

  WebSocketSink(WebSocketConnection connection) {
    this.connection = connection;
  }

  /** How the channel's messages are written. */
  abstract Wire.Frame form();

  @Override
  public final Transport transport() {
    return Transport.WEBSOCKET;
  }

  @Override
  public final String member() {
    return connection.member();
  }

  @Override
  public void write(Batch batch, Runnable done) {
    if (connection.isRevoked()) {
      return;
    }
    connection.counters().sent(Transport.WEBSOCKET, batch);
    connection.queue().sendBatch(batch.encoded(form()), done);
  }

  @Override
  public final void gap(Gap gap, Runnable done) {
    connection.counters().told(gap);
    connection.queue().send(WebSocketFrame.of(Wire.resetFrame(form().channel(), gap)), done);
  }
}
