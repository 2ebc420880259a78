package switchboard.transport;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import switchboard.access.Authorizer;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels;
import switchboard.channel.ContentType;
import switchboard.channel.Counters;
import switchboard.channel.Dispatch;
import switchboard.channel.Lifetime;
import switchboard.channel.Limits;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Admission;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.connection.RateLimiter;
import switchboard.container.StandardFrameWriter;
import switchboard.http.ClientPrincipal;
import switchboard.http.Guard;
import switchboard.http.Prefer;
import switchboard.http.Problem;
import switchboard.http.Query;
import switchboard.log.Append;
import switchboard.log.Offset;
import switchboard.log.Page;
import switchboard.log.Retention;
import switchboard.publish.AppendRequest;
import switchboard.publish.ForkRequest;
import switchboard.publish.Messages;
import switchboard.testing.Reader;
import switchboard.time.Clocks;
import switchboard.time.MonotonicClock;

/**
 * What Jazzer calls with ever new input, one class for each kind: whatever comes in is understood
 * or refused with a documented answer. Anything else that is thrown is a finding; it becomes a test
 * in {@code FoundByFuzzingTest}.
 */
final class Fuzz {

  private Fuzz() {}

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private static Channels channels() {
    return new Channels(
        new Retention(100, 100_000, Duration.ZERO, 10),
        new Page(10, 1_000),
        new Limits(10 << 20, 100, 100, 10),
        name -> name.value().startsWith("auto-"),
        new Dispatch(Runnable::run, new Counters()),
        Clocks.system());
  }

  private static final Settings SETTINGS =
      new Settings(setting -> setting.equals(Settings.OPEN) ? "*" : null, List.of());

  private static Guard anybody() {
    Authorizer authorizer = new Authorizer(SETTINGS, Clocks.system(), name -> false);
    return new Guard(authorizer, authorizer.identify("", null, null));
  }

  private static Channel channel(Channels channels, ContentType type) {
    return channels.create(new ChannelName("c"), Channels.Request.empty(type)).channel();
  }

  /** Offsets: what is understood is written as it came, and sorts as its number does. */
  static final class Offsets {

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
      String written = data.consumeString(40);
      try {
        Offset offset = Offset.parse(written);
        require(offset.toString().equals(written), written + " became " + offset);
        Channel channel = channel(channels(), ContentType.JSON);
        channel.append(Append.of(List.of(new byte[] {'1'})));
        channel.readAfter(offset);
      } catch (IllegalArgumentException e) {
        require(e.getMessage().contains("offset"), "it does not say what is wrong");
      }
    }
  }

  /** Names of channels, content types and lifetimes. */
  static final class Names {

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
      String name = data.consumeString(200);
      refusable(() -> require(new ChannelName(name).value().equals(name), name));
      refusable(() -> new ContentType(name).matches(new ContentType(name)));
      refusable(() -> Lifetime.parse(name, null));
      refusable(() -> Lifetime.parse(null, name));
      refusable(() -> Prefer.waitSeconds(name));
      refusable(() -> Cursor.next(name, 1_000_000));
      String header = data.consumeRemainingAsString();
      refusable(() -> ForkRequest.parse(asked -> header, "/switchboard/channels/"));
      refusable(() -> AppendRequest.parse(asked -> header));
    }
  }

  private static void refusable(Runnable parse) {
    try {
      parse.run();
    } catch (Problem | IllegalArgumentException e) {
      require(e.getMessage() != null, "it does not say what is wrong");
    }
  }

  /** Bodies of appends: every message is one JSON value without a line break. */
  static final class JsonAppends {

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
      byte[] body = data.consumeRemainingAsBytes();
      List<byte[]> messages;
      try {
        messages = Messages.parse(ContentType.JSON, body);
      } catch (IllegalArgumentException e) {
        require(e.getMessage() != null, "it does not say what is wrong");
        return;
      }
      for (byte[] message : messages) {
        String text = new String(message, StandardCharsets.UTF_8);
        require(text.indexOf('\n') < 0 && text.indexOf('\r') < 0, "a line break in " + text);
        try (var reader = Json.createReader(new java.io.StringReader(text))) {
          reader.readValue();
        }
      }
      Channel channel = channel(channels(), ContentType.JSON);
      if (!messages.isEmpty()) {
        channel.append(Append.of(messages));
        String all =
            ((switchboard.log.Batch) channel.readAfter(channel.earliest()))
                .encoded(new Wire.Frame(ContentType.Kind.JSON, null))
                .text();
        Reader.object(all);
      }
    }
  }

  /** Queries of all transports. */
  static final class Queries {

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
      Channels channels = channels();
      channel(channels, ContentType.JSON);
      String name = data.consumeBoolean() ? "c" : "";
      String header = data.consumeBoolean() ? null : data.consumeString(60);
      String raw = data.consumeRemainingAsString();
      refusable(
          () -> {
            Query query = Query.parse(raw, 500);
            Transport transport = ReadRequest.transport(query, asked -> header);
            ReadRequest request =
                ReadRequest.parse(channels, anybody(), name, transport, query, asked -> header, 4);
            request.places().forEach(ReadPosition::read);
          });
    }
  }

  /** Frames of WebSocket clients, as text comes in: the connection answers or goes on. */
  static final class Commands {

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
      Counters counters = new Counters();
      Connections connections = new Connections(counters, 10, 0, Admission.open());
      Channels channels = channels();
      channel(channels, data.consumeBoolean() ? ContentType.JSON : ContentType.DEFAULT);
      String name = data.consumeBoolean() ? "c" : "";
      Session session = session();
      PendingBodies bodies = new PendingBodies(1 << 20);
      WebSocketConnection connection =
          new WebSocketConnection(
              session,
              new ClientPrincipal("", name, anybody(), null),
              new StandardFrameWriter(session),
              connections,
              bodies,
              new RateLimiter(0, MonotonicClock.system()),
              SETTINGS,
              Clocks.system());
      connection.open(WebSockets.conversation(connection, channels, SETTINGS));
      while (data.remainingBytes() > 0) {
        connection.received(data.consumeString(200), data.consumeBoolean());
      }
      connection.gone("the client left");
      require(connections.count() == 0, "the connection is still there");
      require(bodies.heldBytes() == 0, "parts of a frame are still held");
      for (Transport transport : Transport.values()) {
        require(counters.subscriptions(transport) == 0, "a subscription is still there");
      }
    }

    /** A client that takes every frame at once; each must be JSON. */
    private static Session session() {
      RemoteEndpoint.Async remote =
          as(
              RemoteEndpoint.Async.class,
              (name, arguments) -> {
                if (name.equals("sendText")) {
                  try (var reader =
                      Json.createReader(new java.io.StringReader((String) arguments[0]))) {
                    require(!(reader.readValue() instanceof JsonArray), "a frame is an object");
                  }
                  ((SendHandler) arguments[1]).onResult(new SendResult());
                }
                return null;
              });
      return as(
          Session.class,
          (name, arguments) ->
              switch (name) {
                case "getAsyncRemote" -> remote;
                case "getUserProperties" -> Map.of();
                default -> null;
              });
    }

    private interface Answers {
      Object answer(String method, Object[] arguments);
    }

    private static <T> T as(Class<T> type, Answers answers) {
      return type.cast(
          Proxy.newProxyInstance(
              type.getClassLoader(),
              new Class<?>[] {type},
              (proxy, method, arguments) -> answers.answer(method.getName(), arguments)));
    }
  }
}
