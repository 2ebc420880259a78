package switchboard.transport;

import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.inject.Inject;
import jakarta.websocket.Session;
import switchboard.access.Authorizer;
import switchboard.channel.Channels;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.container.FrameWriters;
import switchboard.http.WebSocketHandshake;
import switchboard.time.Clocks;

/** What all WebSockets share. */
@Dependent
public class WebSockets {

  @Inject private Channels channels;
  @Inject private Connections connections;
  @Inject private PendingBodies bodies;
  @Inject private RateLimiter pace;
  @Inject private Authorizer authorizer;
  @Inject private Settings settings;
  @Inject private Clocks clocks;
  @Inject private FrameWriters writers;

  /** Looks up the beans of this application, which is slow on some servers. */
  static WebSockets find() {
    return CDI.current().select(WebSockets.class).get();
  }

  /** The connection over a WebSocket that the server has opened. */
  WebSocketConnection connection(Session session) {
    WebSocketConnection connection =
        new WebSocketConnection(
            session,
            WebSocketHandshake.visitor(session, authorizer),
            writers.create(session),
            connections,
            bodies,
            pace,
            settings,
            clocks);
    writers.watch(session, connection::keeps);
    return connection;
  }

  /** Starts the session, for one channel or several. */
  void open(WebSocketConnection connection, Session session, boolean isForMany) {
    connection.open(conversation(connection, session, channels, settings, isForMany));
  }

  /** The conversation that the URL asks for. */
  static WebSocketSession conversation(
      WebSocketConnection connection,
      Session session,
      Channels channels,
      Settings settings,
      boolean isForMany) {
    if (isForMany) {
      int max = settings.get(Settings.MAX_CHANNELS_PER_CONNECTION);
      return new MultiChannelSession(connection, channels, max);
    }
    // Tyrus would let ?name=… replace the path parameter.
    String path = session.getRequestURI().getPath();
    return new SingleChannelSession(
        connection, channels, path.substring(path.lastIndexOf('/') + 1));
  }
}
