package switchboard.transport;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Subscription;
import switchboard.config.Action;
import switchboard.container.WebSocketFrame;
import switchboard.http.Problem;
import switchboard.http.WebSocketHandshake;
import switchboard.log.Batch;
import switchboard.log.Offset;

/** The conversation at {@code /channels}, for the channels that the client subscribes to. */
final class MultiChannelSession implements WebSocketSession {

  private static final String HELLO = "{\"hello\":\"" + WebSocketHandshake.SUBPROTOCOL + "\"}";
  private static final String HEARTBEAT = "{\"heartbeat\":true}";

  private final WebSocketConnection connection;
  private final Channels channels;
  private final int maxChannels;
  private final Map<ChannelName, Feed> feeds = new ConcurrentHashMap<>();
  private final Turns turns = new Turns();
  private volatile boolean isGone;

  MultiChannelSession(WebSocketConnection connection, Channels channels, int maxChannels) {
    this.connection = connection;
    this.channels = channels;
    this.maxChannels = maxChannels;
  }

  @Override
  public void open() {
    connection.send(HELLO);
  }

  @Override
  public void command(JsonValue id, JsonObject command) {
    if (command.containsKey("subscribe")) {
      subscribe(id, command);
    } else if (command.containsKey("unsubscribe")) {
      unsubscribe(id, command);
    } else if (command.containsKey("append")) {
      Channel channel =
          ReadPosition.find(
              channels,
              connection.guard(),
              Action.APPEND,
              CommandFrames.string(command, "channel"));
      connection.requirePace();
      connection.append(
          id, channel, command.get("append"), next -> answer(id, channel.name(), next, () -> {}));
    } else {
      throw new Problem(
          Ending.BAD_COMMAND,
          "unknown command in "
              + CommandFrames.shorten(command)
              + "; the commands are subscribe, unsubscribe and append");
    }
  }

  private void subscribe(JsonValue id, JsonObject command) {
    String offset = command.containsKey("offset") ? CommandFrames.string(command, "offset") : null;
    ReadPosition place =
        ReadPosition.parse(
            channels, connection.guard(), CommandFrames.string(command, "subscribe"), offset);
    ChannelName name = place.channel().name();
    if (feeds.size() >= maxChannels) {
      throw new Problem(
          Ending.TOO_MANY_SUBSCRIPTIONS,
          "channel \"%s\": %d channels are subscribed, the limit".formatted(name, maxChannels));
    }
    if (!place.channel().haveRoomFor(1)) {
      throw new Problem(
          Ending.TOO_MANY_CONNECTIONS,
          "channel \"%s\": all connections together have as many channels as they may"
              .formatted(name));
    }
    if (feeds.containsKey(name)) {
      throw new Problem(
          Ending.BAD_COMMAND, "channel \"%s\": it is already subscribed".formatted(name));
    }
    // Before the subscription is confirmed: the client may retry here or at another node.
    // → ClusterIT.aNodeThatIsCutOffSaysSoByEveryTransportAndItsReadersGoOnWhenItIsBack
    place.requireCurrentToWait();
    Feed feed = new Feed(place);
    feeds.put(name, feed);
    if (isGone) {
      feed.subscription.cancel(); // the connection was over before the feed was there
    }
    answer(id, name, place.from(), feed.subscription::start);
  }

  @Override
  public boolean mayAppend() {
    return connection.guard().maySomewhere(Action.APPEND);
  }

  @Override
  public void reconsider() {
    for (Feed feed : feeds.values()) {
      if (!connection.guard().permits(Action.READ, feed.name)) {
        feed.subscription.cancel();
        feed.end(Ending.FORBIDDEN);
      }
    }
  }

  private void unsubscribe(JsonValue id, JsonObject command) {
    String written = CommandFrames.string(command, "unsubscribe");
    ChannelName name = Problem.orElse(Ending.BAD_NAME, () -> new ChannelName(written));
    Feed feed = feeds.remove(name);
    if (feed == null) {
      throw new Problem(Ending.BAD_COMMAND, "channel \"%s\": it is not subscribed".formatted(name));
    }
    feed.subscription.cancel();
    answer(id, name, feed.subscription.next(), () -> {});
  }

  private void answer(JsonValue id, ChannelName channel, Offset next, Runnable done) {
    if (id == null) {
      done.run();
      return;
    }
    String frame =
        CommandFrames.answer(id)
            .add("channel", channel.value())
            .add("next", next.toString())
            .build()
            .toString();
    connection.queue().send(WebSocketFrame.of(frame), done);
  }

  @Override
  public String heartbeat() {
    return HEARTBEAT;
  }

  @Override
  public boolean hasHeardAll() {
    return feeds.values().stream().allMatch(feed -> feed.subscription.hasHeardAll());
  }

  @Override
  public void gone() {
    isGone = true;
    feeds.values().forEach(feed -> feed.subscription.cancel());
  }

  /** Writes the messages of one channel into the connection. */
  private final class Feed extends WebSocketSink {

    private final ReadPosition place;
    private final ChannelName name;
    private final Subscription subscription;

    private Feed(ReadPosition place) {
      super(MultiChannelSession.this.connection);
      this.place = place;
      this.name = place.channel().name();
      this.subscription = place.channel().subscription(place.from(), this);
    }

    @Override
    Wire.Frame form() {
      return new Wire.Frame(place.kind(), name);
    }

    @Override
    public boolean isFree(Subscription asking) {
      return turns.take(asking);
    }

    @Override
    public void write(Batch batch, Runnable done) {
      super.write(
          batch,
          () -> {
            turns.pass(); // first the others, who have waited
            done.run();
          });
    }

    @Override
    public void closed(Offset end) {
      feeds.remove(name, this);
      connection.send(Wire.closedFrame(name, end));
    }

    @Override
    public void end(Ending ending) {
      feeds.remove(name, this);
      Problem problem = new Problem(ending, "channel \"%s\"".formatted(name));
      connection.send(
          CommandFrames.answer(null)
              .add("channel", name.value())
              .add("error", problem.toJson())
              .build()
              .toString());
    }
  }

  @Override
  public String toString() {
    return feeds.size() + " channels";
  }
}
