package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.inject.Inject;
import jakarta.websocket.Session;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.channel.Connections;
import switchboard.channel.Pace;
import switchboard.channel.PendingBodies;
import switchboard.config.Settings;
import switchboard.time.Clocks;

/** What all WebSockets share. */
@Dependent
public class WebSockets {

  @Inject private Channels channels;
  @Inject private Connections connections;
  @Inject private PendingBodies bodies;
  @Inject private Pace pace;
  @Inject private Authorizer authorizer;
  @Inject private Settings settings;
  @Inject private Clocks clocks;
  @Inject private FrameWriters writers;

  /** Looks for those of this application, which takes the server a while. */
  static WebSockets find() {
    return CDI.current().select(WebSockets.class).get();
  }

  /** The connection over a WebSocket that the server has opened. */
  WebSocketConnection connection(Session session) {
    WebSocketConnection connection =
        new WebSocketConnection(
            session,
            WebSocketHandshake.visitor(session, authorizer),
            writers.of(session),
            connections,
            bodies,
            pace,
            settings,
            clocks);
    writers.watch(session, connection::keeps);
    return connection;
  }

  /** Begins what the client asks for, one channel or several. */
  void open(WebSocketConnection connection, boolean isForMany) {
    connection.open(channels, isForMany);
  }
}
