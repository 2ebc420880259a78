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

  /** Starts the session, for the channel of the URL or for several. */
  void open(WebSocketConnection connection) {
    connection.open(conversation(connection, channels, settings));
  }

  /** The conversation that the URL asks for. */
  static WebSocketSession conversation(
      WebSocketConnection connection, Channels channels, Settings settings) {
    String channel = connection.visitor().channel();
    return channel.isEmpty()
        ? new MultiChannelSession(
            connection, channels, settings.get(Settings.MAX_CHANNELS_PER_CONNECTION))
        : new SingleChannelSession(connection, channels, channel);
  }
}
