package switchboard.transport;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Subscription;
import switchboard.channel.Transport;
import switchboard.config.Action;
import switchboard.container.WebSocketFrame;
import switchboard.http.Problem;
import switchboard.log.Offset;

/** The conversation at a channel's URL. Its frames do not contain the channel's name. */
final class SingleChannelSession extends WebSocketSink implements WebSocketSession {

  private final Channels channels;
  private final String name;
  private Channel channel;
  private volatile Subscription subscription;

  /**
   * Created when the WebSocket is opened.
   *
   * @param name as in the URL
   */
  SingleChannelSession(WebSocketConnection connection, Channels channels, String name) {
    super(connection);
    this.channels = channels;
    this.name = name;
  }

  // Nothing is sent before the client is identified.
  @Override
  public boolean needsToken() {
    return channel == null
        && connection.guard().isWithoutToken()
        && !connection.guard().permits(Action.READ, channelName());
  }

  private ChannelName channelName() {
    return Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(name));
  }

  @Override
  public void open() {
    ReadRequest request =
        ReadRequest.parse(
            channels,
            connection.guard(),
            name,
            Transport.WEBSOCKET,
            connection.query(),
            header -> null,
            1);
    connection.opened(request.label());
    ReadPosition place = request.place();
    channel = place.channel();
    subscription = channel.subscription(place.from(), this);
    connection.queue().send(WebSocketFrame.of(Wire.nextFrame(place.from())), subscription::start);
  }

  @Override
  public void command(JsonValue id, JsonObject command) {
    if (!command.containsKey("append")) {
      throw new Problem(
          Ending.BAD_COMMAND,
          "unknown command in " + CommandFrames.shorten(command) + "; the command is append");
    }
    connection.guard().require(Action.APPEND, channel.name());
    connection.requirePace();
    connection.append(
        id,
        channel,
        command.get("append"),
        next -> {
          if (id != null) {
            connection.send(
                CommandFrames.answer(id).add("next", next.toString()).build().toString());
          }
        });
  }

  @Override
  public boolean mayAppend() {
    return channel != null && connection.guard().permits(Action.APPEND, channel.name());
  }

  @Override
  public void reconsider() {
    if (channel != null && !connection.guard().permits(Action.READ, channel.name())) {
      end(Ending.FORBIDDEN);
    }
  }

  @Override
  Wire.Frame form() {
    return new Wire.Frame(channel.contentType().kind(), null);
  }

  @Override
  public void closed(Offset end) {
    connection.send(Wire.closedFrame(null, end));
    connection.close(Ending.CHANNEL_CLOSED);
  }

  @Override
  public void end(Ending ending) {
    connection.end(ending);
  }

  @Override
  public String heartbeat() {
    return subscription == null ? null : Wire.nextFrame(subscription.next());
  }

  @Override
  public boolean hasHeardAll() {
    return subscription == null || subscription.hasHeardAll();
  }

  @Override
  public void gone() {
    if (subscription != null) {
      subscription.cancel();
    }
  }

  @Override
  public String toString() {
    return "channel \"" + (channel == null ? "?" : channel.name()) + "\"";
  }
}
